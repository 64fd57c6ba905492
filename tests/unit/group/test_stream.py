from collections.abc import Mapping
from typing import Any

from grouping_samples import event

from naosu.domain.event import Event
from naosu.group import group_events, group_file
from naosu.group.stream import payloads


def _raised(payload: Mapping[str, Any]) -> Event:
    return event(event_id=payload["id"], message=payload["text"])


def test_events_are_found_bare_labelled_and_in_envelopes() -> None:
    bare = {"event_id": "x"}
    assert list(payloads(bare)) == [bare]
    assert list(payloads({"event": bare, "label": "l"})) == [bare]
    assert list(payloads({"items": [{"type": "event", "payload": bare}, {"type": "session"}, 7]})) == [bare]
    assert list(payloads([1])) == []
    assert list(payloads(None)) == []


def test_answers_come_in_the_order_of_the_file() -> None:
    lines = [{"id": f"{n}", "text": text} for n, text in enumerate(("disk full", "quota exceeded", "disk full"))]
    answers = list(group_file(lines, to_event=_raised))
    assert [answer["event_id"] for answer in answers] == ["0", "1", "2"]
    assert answers[0]["fingerprint"] == answers[2]["fingerprint"] != answers[1]["fingerprint"]
    assert set(answers[0]) == {"event_id", "fingerprint", "title", "culprit", "caller", "parts", "explanation"}
    assert answers[0]["explanation"]


def test_early_events_get_what_late_ones_taught() -> None:
    words = ["apple", "pear", "plum", "fig", "kiwi", "lime"]
    events = [event(message=f"cannot pack {word} today") for word in words]
    assert len({grouping.fingerprint for grouping in group_events(events)}) == 1


def test_projects_learn_apart() -> None:
    events = [event(message="disk full", project_id=project) for project in (1, 2)]
    assert len(group_events(events)) == 2
