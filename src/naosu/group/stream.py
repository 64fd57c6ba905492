"""The grouping of a file of events: learn from all of it, then say each event's issue."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, GroupingRule, Site
from naosu.group.assign import group
from naosu.group.crash import locate
from naosu.group.texts import explain

ToEvent = Callable[[Mapping[str, Any]], Event]


def payloads(line: Any) -> Iterator[Mapping[str, Any]]:
    """The event payloads in one JSON value: bare, under ``event``, or the event items of a decoded envelope."""
    if not isinstance(line, Mapping):
        return
    if isinstance(line.get("event"), Mapping):
        yield line["event"]
    elif isinstance(line.get("items"), Sequence):
        for item in line["items"]:
            if isinstance(item, Mapping) and isinstance(item.get("payload", item.get("event")), Mapping):
                yield item.get("payload", item.get("event"))
    else:
        yield line


def group_events(events: Sequence[Event], *, rules: Sequence[GroupingRule] = ()) -> list[Grouping]:
    """Each event's grouping, after learning from all of them: early events get what late ones taught."""
    crashes = [locate(event) for event in events]
    sites: dict[tuple[int, str], Site | None] = {}
    for event, crash in zip(events, crashes, strict=True):
        if crash.site_key:
            at = (event.project_id, crash.site_key)
            sites[at] = group(event, crash, sites.get(at), rules=rules)[1]
    return [
        group(event, crash, sites.get((event.project_id, crash.site_key)), rules=rules)[0]
        for event, crash in zip(events, crashes, strict=True)
    ]


def group_file(
    lines: Iterable[Any], *, to_event: ToEvent, rules: Sequence[GroupingRule] = (), language: str = "en"
) -> Iterator[dict[str, Any]]:
    """One answer for each event of the file, in its order.

    Args:
        lines: JSON values; what holds no event is passed over.
        to_event: Makes an Event of a payload (the normalize stage's, given by the caller).
        rules: The project's own.
        language: Of the explanation.
    """
    events = [to_event(payload) for line in lines for payload in payloads(line)]
    for event, grouping in zip(events, group_events(events, rules=rules), strict=True):
        yield {
            "event_id": event.event_id,
            "fingerprint": grouping.fingerprint,
            "title": grouping.title,
            "culprit": grouping.culprit,
            "caller": grouping.caller,
            "parts": [
                {"name": part.name, "value": part.value, "note": part.note, "counted": part.counted}
                for part in grouping.parts
            ],
            "explanation": explain(grouping, language),
        }
