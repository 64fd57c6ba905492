import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.texts import edited


def test_an_edit_keeps_windows_line_endings_even_when_the_plan_was_made_without_them():
    assert (
        edited(b"a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n", "a = 1\nc = 0\nb = 3\n", "m.py")
        == b"a = 1\r\nc = 0\r\nb = 3\r\n"
    )


def test_an_edit_keeps_windows_line_endings_when_the_plan_has_them():
    assert edited(b"a = 1\r\n", "a = 1\r\n", "a = 2\r\n", "m.py") == b"a = 2\r\n"


def test_an_edit_leaves_mixed_line_endings_where_they_are():
    content = b"a\r\nb\nc\r\nd\r\n"
    assert edited(content, "a\nb\nc\nd\n", "a\nb\nX\nd\n", "m.txt") == b"a\r\nb\nX\r\nd\r\n"


def test_an_edit_keeps_a_missing_end_of_the_last_line():
    assert edited(b"a\r\nb", "a\nb", "a\nc", "m.txt") == b"a\r\nc"


def test_an_edit_keeps_the_byte_order_mark():
    assert edited(codecs.BOM_UTF8 + b"a = 1\n", "a = 1\n", "a = 2\n", "m.py") == codecs.BOM_UTF8 + b"a = 2\n"


def test_an_edit_keeps_the_encoding_that_a_python_file_declares():
    head = "# -*- coding: latin-1 -*-\n"
    content = f"{head}name = 'é'\n".encode("latin-1")
    assert edited(content, f"{head}name = 'é'\n", f"{head}name = 'è'\n", "m.py") == f"{head}name = 'è'\n".encode(
        "latin-1"
    )


def test_a_character_that_the_file_cannot_hold_is_refused():
    head = "# -*- coding: latin-1 -*-\n"
    with pytest.raises(PlanRefusedError, match="cannot hold"):
        edited(head.encode(), head, f"{head}name = '直'\n", "m.py")


@pytest.mark.parametrize("content", [b"a = 2\n", b"a = 1\n\n", b"", b"\xff\xfe\x00"])
def test_a_file_that_is_not_what_the_plan_was_made_for_is_not_edited(content: bytes):
    assert edited(content, "a = 1\n", "a = 3\n", "m.py") is None


@given(st.text(), st.text())
def test_what_a_plan_saw_exactly_becomes_what_it_says_exactly(before: str, after: str):
    try:
        content = before.encode()
        after.encode()
    except UnicodeEncodeError:
        return
    result = edited(content, before, after, "notes.txt")
    assert result is not None
    assert result.decode().removeprefix("\ufeff") == after.removeprefix("\ufeff")
