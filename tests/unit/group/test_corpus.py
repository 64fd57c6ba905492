"""Every labelled event is in its own true issue, in whatever order events come."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from grouping_samples import CORPUS, corpus_reader, online

from naosu.domain.fingerprint import Grouping
from naosu.group import group_events

READER = corpus_reader()
FILES = [*sorted(CORPUS.glob("*.jsonl")), READER.SHARED / "grouping" / "cases.jsonl"]
ORDERS = range(4)


def _cases(path: Any) -> tuple[list[str], list[Any]]:
    if not path.exists():
        pytest.skip(f"{path.name} is not here: it comes with the shared data")
    cases = READER.read_cases(path)
    return [case["label"] for case in cases], [READER.to_event(case["event"]) for case in cases]


def _wrong(labels: Sequence[str], groupings: Sequence[Grouping]) -> list[str]:
    true, found = defaultdict(set), defaultdict(set)
    for number, (label, grouping) in enumerate(zip(labels, groupings, strict=True)):
        true[label].add(number)
        found[grouping.fingerprint].add(number)
    right = {frozenset(numbers) for numbers in found.values()}
    return [label for label, numbers in true.items() if frozenset(numbers) not in right]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_partition_of_a_file_is_exact(path: Any) -> None:
    labels, events = _cases(path)
    assert _wrong(labels, group_events(events)) == []


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_partition_is_exact_in_any_order(path: Any, order: int) -> None:
    labels, events = _cases(path)
    numbers = list(range(len(events)))
    random.Random(order).shuffle(numbers)
    assert _wrong([labels[n] for n in numbers], group_events([events[n] for n in numbers])) == []


@pytest.mark.parametrize("order", [None, *ORDERS])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_pass_gives_the_same_but_for_what_is_learnt_late(path: Any, order: int | None) -> None:
    labels, events = _cases(path)
    numbers = list(range(len(events)))
    if order is not None:
        random.Random(order).shuffle(numbers)
    wrong = _wrong([labels[n] for n in numbers], online([events[n] for n in numbers]))
    assert [label for label in wrong if not label.startswith("late:")] == []


@pytest.mark.parametrize("label", ["late:subject", "late:start"])
def test_what_is_learnt_late_names_the_issues_it_joins(label: str) -> None:
    labels, events = _cases(CORPUS / "python.jsonl")
    late = online([event for one, event in zip(labels, events, strict=True) if one == label])
    assert len({grouping.fingerprint for grouping in late}) > 1
    assert {grouping.fingerprint for grouping in late} <= {late[-1].fingerprint, *late[-1].absorbed}


def test_the_corpus_is_large_and_of_many_platforms() -> None:
    labels, platforms = set(), set()
    count = 0
    for path in CORPUS.glob("*.jsonl"):
        for case in READER.read_cases(path):
            labels.add(f"{path.stem} {case['label']}")
            platforms.add(case["event"].get("platform"))
            count += 1
    assert count >= 300
    assert len(labels) >= 80
    assert len(platforms - {None, "other"}) >= 6


def test_each_fault_of_the_recorded_application_is_one_issue() -> None:
    paths = sorted(READER.SHARED.glob("envelopes/**/*.envelope"))
    if not paths:
        pytest.skip("the recorded envelopes are not here: they come with the shared data")
    payloads = [payload for path in paths for payload in READER.envelope_events(path)]
    labels = [one.get("transaction") or one["logentry"]["message"] for one in payloads]
    assert _wrong(labels, online([READER.to_event(one) for one in payloads])) == []
