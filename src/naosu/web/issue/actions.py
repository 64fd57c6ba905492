"""What a person can do to one issue."""

from datetime import timedelta

from fastapi import Response

from naosu.api.lookups import find_issue
from naosu.domain.errors import InvalidInputError, NotFoundError
from naosu.domain.issue import Issue
from naosu.web.shell import Visit, redirect, whole_number

MUTE_HOURS = {"1": 1, "24": 24, "168": 168, "720": 720}
MUTE_EVENTS_MAX = 1_000_000_000
MERGE_MAX = 50


def act(visit: Visit) -> Response:
    """Do what the pressed button says, and return to the issue."""
    issue = find_issue(visit.context.store, visit.path("ref"))
    action = _ACTIONS.get(visit.field("action"))
    if action is None:
        raise NotFoundError("There is no such action.")
    changed, done = action(visit, issue)
    return redirect(f"/issues/{changed.short_id}", flash=done)


def _resolve(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    return visit.context.store.resolve_issue(issue.id, now=visit.times.now), "resolved"


def _resolve_next(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    return visit.context.store.resolve_issue(issue.id, now=visit.times.now, in_next=True), "resolved_next"


def _open(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    return visit.context.store.open_issue(issue.id), "opened"


def _mute(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    """Mute for a time, until so many more events, or until opened by hand."""
    hours = MUTE_HOURS.get(visit.field("hours"))
    until = visit.times.now + timedelta(hours=hours) if hours else None
    return visit.context.store.mute_issue(issue.id, until=until, more_events=None), "muted"


def _mute_events(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    more_events = whole_number(visit.field("more_events"))
    if not 1 <= more_events <= MUTE_EVENTS_MAX:
        raise InvalidInputError(f"A number from 1 to {MUTE_EVENTS_MAX} is needed.")
    return visit.context.store.mute_issue(issue.id, until=None, more_events=more_events), "muted"


def _merge(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    """Merge the named issues into this one."""
    names = visit.field("sources").replace(",", " ").split()[:MERGE_MAX]
    if not names:
        return issue, "nothing_picked"
    sources = [find_issue(visit.context.store, name).id for name in names]
    return visit.context.store.merge_issues(issue.id, sources), "merged"


def _split(visit: Visit, issue: Issue) -> tuple[Issue, str]:
    """Move the picked fingerprints to an issue of their own."""
    fingerprints = visit.field_list("fingerprint")
    if not fingerprints:
        return issue, "nothing_picked"
    return visit.context.store.split_issue(issue.id, fingerprints, now=visit.times.now), "split"


_ACTIONS = {
    "resolve": _resolve,
    "resolve_next": _resolve_next,
    "open": _open,
    "mute": _mute,
    "mute_events": _mute_events,
    "merge": _merge,
    "split": _split,
}
