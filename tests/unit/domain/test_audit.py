from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.audit import START, AuditEntry, AuditHead, first_fault, sealed

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_chain(count: int = 5) -> tuple[list[AuditEntry], AuditHead]:
    head, entries = AuditHead(), []
    for number in range(count):
        entries.append(sealed(head, at=NOW, actor="ada", what="attempt.running", detail={"n": str(number)}))
        head = AuditHead(number=entries[-1].number, hash=entries[-1].hash)
    return entries, head


def test_a_chain_that_nobody_touched_is_whole():
    entries, head = a_chain()
    assert first_fault(entries, head=head) is None
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous_hash == START


def test_an_empty_chain_is_whole():
    assert first_fault([], head=AuditHead()) is None


CHANGES = {
    "number": 9,
    "at": datetime(2026, 11, 22, 12, 1, tzinfo=UTC),
    "actor": "bob",
    "what": "attempt.fixed",
    "subject": "attempt:2",
    "detail": {"n": "7"},
    "previous_hash": "1" * 64,
    "hash": "1" * 64,
}


def test_every_field_of_an_entry_is_tried():
    assert set(CHANGES) == set(AuditEntry.__struct_fields__)


@pytest.mark.parametrize("field", CHANGES)
def test_whatever_is_changed_in_an_entry_breaks_the_chain_there(field):
    entries, head = a_chain()
    entries[2] = msgspec.structs.replace(entries[2], **{field: CHANGES[field]})
    assert first_fault(entries, head=head).number == 3


def test_an_entry_that_is_sealed_anew_breaks_the_chain_at_the_next():
    entries, head = a_chain()
    forged = msgspec.structs.replace(entries[2], actor="bob")
    entries[2] = msgspec.structs.replace(forged, hash=forged.own_hash())
    assert first_fault(entries, head=head).number == 4


@given(gone=st.integers(0, 4))
def test_whichever_entry_is_missing_the_chain_breaks_there(gone: int):
    entries, head = a_chain()
    del entries[gone]
    assert first_fault(entries, head=head).number == gone + 1


def test_entries_in_another_order_break_the_chain():
    entries, head = a_chain()
    entries[1], entries[2] = entries[2], entries[1]
    assert first_fault(entries, head=head).number == 2


def test_entries_that_follow_on_the_head_break_the_chain():
    entries, _ = a_chain()
    assert first_fault(entries, head=AuditHead(number=4, hash=entries[3].hash)).number == 6


def test_a_chain_can_be_followed_from_a_head_that_was_noted():
    entries, head = a_chain()
    noted = AuditHead(number=2, hash=entries[1].hash)
    assert first_fault(entries[2:], head=head, after=noted) is None
    assert first_fault(entries[2:], head=head, after=AuditHead(number=2, hash="0" * 64)).number == 3
