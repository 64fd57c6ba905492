"""How an issue lives: what an event does to it, and what a person does."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from naosu.domain.issue import ChangeKind, Issue, IssueStatus

FirstSeen = Callable[[str], datetime | None]
"""Tells when a release was first heard of. None: never."""

_VERSION = re.compile(
    r"v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,3})"
    r"(?:[-.]?(?P<stage>dev|alpha|a|beta|b|rc|c|pre|preview)[-.]?(?P<stage_number>\d{0,9})|-(?P<pre>[0-9a-z.-]+))?"
    r"(?:\+(?P<build>[0-9a-z.-]+))?",
    re.IGNORECASE,
)
_NUMBERS_MAX = 4
_STAGE_NAMES = {"a": "alpha", "b": "beta", "c": "rc", "pre": "rc", "preview": "rc"}

_Identifier = tuple[int, int, str]
_Precedence = tuple[tuple[int, ...], int, tuple[_Identifier, ...]]


class _Version(msgspec.Struct, frozen=True):
    precedence: _Precedence
    build: str


class IssueState(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an issue that events and people change; fields as in `Issue`."""

    status: IssueStatus = IssueStatus.OPEN
    resolved_at: datetime | None = None
    resolved_in_release: str = ""
    resolved_in_next: bool = False
    muted_until: datetime | None = None
    mute_events_left: int | None = None
    regressed_at: datetime | None = None


def state_of(issue: Issue) -> IssueState:
    """Return the part of an issue that events and people change."""
    return IssueState(**{name: getattr(issue, name) for name in IssueState.__struct_fields__})


def opened(state: IssueState) -> IssueState:
    """It is neither resolved nor muted any more; that it once regressed stays known."""
    return IssueState(regressed_at=state.regressed_at)


def resolved(state: IssueState, *, now: datetime, in_release: str = "", in_next: bool = False) -> IssueState:
    """It counts as fixed: now, from a release on, or in the next one. A named release wins over "next"."""
    return IssueState(
        status=IssueStatus.RESOLVED,
        resolved_at=now,
        resolved_in_release=in_release,
        resolved_in_next=in_next and not in_release,
        regressed_at=state.regressed_at,
    )


def muted(state: IssueState, *, until: datetime | None, more_events: int | None) -> IssueState:
    """Nobody is told of it until then, or until that many more events came: whichever is first."""
    return IssueState(
        status=IssueStatus.MUTED,
        muted_until=until,
        mute_events_left=more_events,
        regressed_at=state.regressed_at,
    )


def joined_by(state: IssueState, others: Sequence[IssueState]) -> IssueState:
    """Return what an issue is once others turned out to be it: not resolved while one of them is open."""
    if state.status is IssueStatus.RESOLVED and any(other.status is IssueStatus.OPEN for other in others):
        return opened(state)
    return state


def after_events(
    state: IssueState, *, received_at: datetime, release: str, first_seen: FirstSeen, quantity: int = 1
) -> tuple[IssueState, ChangeKind | None]:
    """Return what is now, and what a person should hear about it, after events of one release.

    Args:
        state: What was before them.
        received_at: When the latest of them came, by our clock: the sender's may be wrong, or the event a replay.
        release: Their release. Empty: they have none.
        first_seen: Tells when a release was first heard of, this one included.
        quantity: How many there were.
    """
    if state.status is IssueStatus.RESOLVED and _should_hold_fix(state, received_at, release, first_seen):
        return msgspec.structs.replace(opened(state), regressed_at=received_at), ChangeKind.REGRESSION
    if state.status is IssueStatus.MUTED:
        return _after_events_while_muted(state, received_at, quantity)
    return state, None


def _after_events_while_muted(
    state: IssueState, received_at: datetime, quantity: int
) -> tuple[IssueState, ChangeKind | None]:
    if state.muted_until is not None and received_at >= state.muted_until:
        return opened(state), ChangeKind.UNMUTED
    if state.mute_events_left is None:
        return state, None
    left = state.mute_events_left - quantity
    if left <= 0:
        return opened(state), ChangeKind.UNMUTED
    return msgspec.structs.replace(state, mute_events_left=left), None


def _should_hold_fix(state: IssueState, received_at: datetime, release: str, first_seen: FirstSeen) -> bool:
    """Say whether the fix should have been in what sent the event.

    An event without a release cannot be told to be old, so that it counts: silence is never mistaken for health.
    """
    if state.resolved_at is None:
        return True
    if received_at <= state.resolved_at:
        return False
    if not release:
        return True
    if state.resolved_in_release:
        return not is_older(release, state.resolved_in_release, first_seen)
    if state.resolved_in_next:
        seen_at = first_seen(release)
        return seen_at is None or seen_at > state.resolved_at
    return True


def is_older(release: str, than: str, first_seen: FirstSeen) -> bool:
    """Say whether one release came before another.

    By version where both have one of the same package (``shop@1.4.2``), as SemVer orders them (semver.org, §11; builds
    by number); otherwise by when they were first heard of. A release not heard of yet is the newest there is.
    """
    if release == than:
        return False
    package, version = _split(release)
    than_package, than_version = _split(than)
    comparable = package == than_package or not package or not than_package
    if comparable and version is not None and than_version is not None:
        if version.precedence != than_version.precedence:
            return version.precedence < than_version.precedence
        if version.build == than_version.build:
            return False
        if version.build.isdigit() and than_version.build.isdigit():
            return int(version.build) < int(than_version.build)
    seen_at, than_seen_at = first_seen(release), first_seen(than)
    if than_seen_at is None:
        return seen_at is not None
    return seen_at is not None and seen_at < than_seen_at


@lru_cache(maxsize=4096)
def _split(release: str) -> tuple[str, _Version | None]:
    package, _, version = release.rpartition("@")
    match = _VERSION.fullmatch(version)
    if match is None:
        return package, None
    numbers = [int(number) for number in match["numbers"].split(".")]
    numbers += [0] * (_NUMBERS_MAX - len(numbers))
    before = _before_release(match)
    return package, _Version((tuple(numbers), 0 if before else 1, before), match["build"] or "")


def _before_release(match: re.Match[str]) -> tuple[_Identifier, ...]:
    if stage := (match["stage"] or "").lower():
        # "rc1" (PEP 440) and "-rc.1" (SemVer) are the same stage.
        return (_identifier(_STAGE_NAMES.get(stage, stage)), _identifier(match["stage_number"] or "0"))
    if match["pre"]:
        return tuple(_identifier(part) for part in match["pre"].lower().split("."))
    return ()


def _identifier(part: str) -> _Identifier:
    """Numbers sort before words, and by value (SemVer §11.4)."""
    if part.isdigit():
        return (0, int(part), "")
    # "dev" precedes "alpha" in PEP 440, and SemVer says nothing of it.
    return (1, 0, "" if part == "dev" else part)
