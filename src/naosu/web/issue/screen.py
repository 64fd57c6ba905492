"""The page of one issue: what happened, why these events are together, and what can be done."""

from datetime import timedelta

import msgspec
from fastapi import Response
from fastapi.responses import RedirectResponse

from naosu.api.lookups import event_id_of, find_issue
from naosu.domain.account import Role
from naosu.domain.errors import NotFoundError
from naosu.domain.fingerprint import GroupingPart
from naosu.domain.issue import FingerprintInfo, Issue, TagValue
from naosu.group.texts import name_in, note_in
from naosu.ports.store.issues import StoredEvent
from naosu.web.charts import bar_chart, coarser, hourly_series
from naosu.web.issue.actions import MUTE_HOURS, act
from naosu.web.issue.story import PAIRS_MAX, place_of, story_of
from naosu.web.issue.verdict_text import verdict_text
from naosu.web.shell import PAGE_HEADERS, Screen, Visit, local_path

CHART_HOURS = 14 * 24
CHART_STEP_HOURS = 3
EVENTS_MAX = 30
_FACETS_FIRST = ("release", "environment", "user")
_PARTS = msgspec.json.Decoder(tuple[GroupingPart, ...])


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """One fingerprint of the issue, and the reasons that made it, in the reader's language."""

    info: FingerprintInfo
    reasons: tuple[GroupingPart, ...]


class TagShare(msgspec.Struct, frozen=True, kw_only=True):
    """The most frequent values of one tag."""

    key: str
    shown: tuple[TagValue, ...]


def show(visit: Visit) -> Response:
    """Show an issue with its newest event, or with the oldest, or with the one that the path names."""
    store = visit.context.store
    issue = find_issue(store, visit.path("ref"))
    if issue.short_id != visit.path("ref"):
        return _to_own_address(visit, issue)
    stored = _event(visit, issue)
    series = hourly_series(
        store.hourly_counts([issue.id], since=visit.times.now - timedelta(hours=CHART_HOURS)).get(issue.id, []),
        now=visit.times.now,
        hours=CHART_HOURS,
    )
    steps = coarser(series, factor=CHART_STEP_HOURS)
    verdict = stored.classification if stored else issue.classification
    return visit.page(
        "issue/issue.html",
        section="issues",
        issue=issue,
        stored=stored,
        place_of=place_of,
        pairs_max=PAIRS_MAX,
        story=story_of(stored.event.payload) if stored else None,
        verdict=verdict,
        advice=verdict_text(verdict.rule_id, visit.language, stored=stored),
        series=steps,
        events_total=series.total,
        chart=bar_chart(steps, label=visit.text("Events over the last 14 days")),
        whys=_whys(visit, issue),
        tags=_tags(store.list_tags(issue.id, values_max=6)),
        callers=store.callers(issue.id, limit=8),
        page=store.list_events(issue_id=issue.id, limit=EVENTS_MAX),
        attachments=store.list_attachments(issue.project_id, stored.event.event_id) if stored else [],
        mute_hours=tuple(MUTE_HOURS),
        oldest_id=_oldest_id(visit, issue, stored),
    )


def _to_own_address(visit: Visit, issue: Issue) -> Response:
    """Lead from a number, another spelling, or the short id of what was merged into it, to the issue's own address."""
    event_id, query = visit.request.path_params.get("event_id", ""), visit.request.url.query
    path = f"/issues/{issue.short_id}" + (f"/events/{event_id_of(event_id)}" if event_id else "")
    return RedirectResponse(local_path(path + (f"?{query}" if query else "")), 302, PAGE_HEADERS)


def _event(visit: Visit, issue: Issue) -> StoredEvent | None:
    """Return the event to show. None: none is kept any more. Raises NotFoundError for one of another issue."""
    store, wanted = visit.context.store, visit.request.path_params.get("event_id", "")
    if wanted:
        stored = store.get_event(event_id_of(wanted), project_id=issue.project_id)
        if stored.issue_id != issue.id:
            raise NotFoundError(f"Event {wanted} belongs to another issue.")
        return stored
    try:
        return store.latest_event(issue.id)
    except NotFoundError:
        return None


def _oldest_id(visit: Visit, issue: Issue, stored: StoredEvent | None) -> str | None:
    if stored is None or stored.older_id is None:
        return None
    return visit.context.store.oldest_event(issue.id).event.event_id


def _whys(visit: Visit, issue: Issue) -> list[Why]:
    return [
        Why(
            info=info,
            reasons=tuple(
                GroupingPart(
                    name_in(part.name, visit.language), part.value, note_in(part.note, visit.language), part.counted
                )
                for part in _parts_of(info)
            ),
        )
        for info in visit.context.store.list_fingerprints(issue.id)
    ]


def _parts_of(info: FingerprintInfo) -> tuple[GroupingPart, ...]:
    """Return the stored reasons; those of a version that wrote them otherwise are not shown."""
    try:
        return _PARTS.decode(info.parts_json or b"[]")
    except msgspec.MsgspecError:
        return ()


def _tags(found: dict[str, list[TagValue]]) -> list[TagShare]:
    shares = [TagShare(key=key, shown=tuple(values)) for key, values in found.items() if values]
    return sorted(shares, key=lambda share: (share.key not in _FACETS_FIRST, share.key))


SCREENS = (
    Screen(path="/issues/{ref}", handler=show),
    Screen(path="/issues/{ref}/events/{event_id}", handler=show),
    Screen(method="POST", path="/issues/{ref}", handler=act, role=Role.OPERATOR),
)
