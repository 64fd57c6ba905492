"""A playbook: for which faults Naosu does what, in which order, and what it does when nothing helps."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from naosu.domain.attempt import Mode
from naosu.domain.classification import Category
from naosu.domain.repair import Risk

_Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
_Text = Annotated[str, Meta(min_length=1, max_length=2_000)]
_Short = Annotated[str, Meta(min_length=1, max_length=200)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people write: a name that is not known is a slip of theirs."""


class Retry(_Strict, frozen=True, kw_only=True):
    """How often a step is tried.

    Attributes:
        max_attempts: Tries in all.
        backoff_ms: Longest wait after the first failure; it doubles with each, and the actual wait is a random part.
        backoff_max_ms: No wait is longer.
    """

    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 1
    backoff_ms: Annotated[int, Meta(ge=0, le=600_000)] = 500
    backoff_max_ms: Annotated[int, Meta(ge=0, le=600_000)] = 60_000


class Rate(_Strict, frozen=True, kw_only=True):
    """At least so many events of the issue within this time."""

    events_min: Annotated[int, Meta(ge=1)]
    window_s: Annotated[int, Meta(ge=1, le=86_400)] = 60


class Match(_Strict, frozen=True, kw_only=True):
    """When a playbook is right: all that is given must fit, each by any of its values.

    Attributes:
        category: Of the issue.
        issue: Short ids, as ``SHOP-12``.
        alert: Names of alert rules.
        monitor: Slugs of monitors.
        labels: Each with the value that it must have.
        project, environment: By slug, and as events say it.
    """

    category: tuple[Category, ...] = ()
    issue: tuple[_Short, ...] = ()
    alert: tuple[_Short, ...] = ()
    monitor: tuple[_Short, ...] = ()
    project: tuple[_Short, ...] = ()
    environment: tuple[_Short, ...] = ()
    labels: dict[_Short, str] = {}
    rate: Rate | None = None

    def __post_init__(self) -> None:
        """Refuse a match that would fit everything by oversight."""
        if not any(getattr(self, name) for name in self.__struct_fields__):
            raise ValueError(f"expected at least one of {', '.join(self.__struct_fields__)}, found none")


class Act(_Strict, frozen=True, kw_only=True, tag_field="do", tag="act"):
    """Run an action by its name, such as ``apply_fix`` or ``clear_cache``.

    Attributes:
        arguments: The action's own.
        timeout_s: The action is ended after this time.
    """

    action: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    arguments: dict[str, str] = {}
    retry: Retry = Retry()
    timeout_s: Annotated[float, Meta(gt=0, le=3_600)] = 60.0


class ReloadConfig(_Strict, frozen=True, kw_only=True, tag_field="do", tag="reload_config"):
    """Let the application read its configuration again, if the new one is valid."""

    retry: Retry = Retry()
    timeout_s: Annotated[float, Meta(gt=0, le=3_600)] = 30.0


class RestartProgram(_Strict, frozen=True, kw_only=True, tag_field="do", tag="restart_program"):
    """Start the application anew, as its entry in naosu.yaml says."""

    retry: Retry = Retry()
    timeout_s: Annotated[float, Meta(gt=0, le=3_600)] = 120.0


class PartialContinue(_Strict, frozen=True, kw_only=True, tag_field="do", tag="partial_continue"):
    """Go on without some parts of the application: what follows is tried although the step before it did not help.

    Attributes:
        without: The parts that are given up meanwhile.
    """

    without: tuple[_Short, ...] = ()


class Fallback(_Strict, frozen=True, kw_only=True, tag_field="do", tag="fallback"):
    """What is done in the place of the step before it, when that failed."""

    steps: Annotated[tuple["PlaybookStep", ...], Meta(min_length=1, max_length=20)]


class EmergencyShutdown(_Strict, frozen=True, kw_only=True, tag_field="do", tag="emergency_shutdown"):
    """Stop the application, so that it does no more harm. Two people must approve, whatever the mode.

    Attributes:
        because: Told to people.
    """

    because: _Text


class SafeMode(_Strict, frozen=True, kw_only=True, tag_field="do", tag="safe_mode"):
    """Leave only part of the application working.

    Attributes:
        limited_functionality: What is switched off, by the names that the application knows.
    """

    limited_functionality: Annotated[tuple[_Short, ...], Meta(min_length=1)]


class NotifyAdmin(_Strict, frozen=True, kw_only=True, tag_field="do", tag="notify_admin"):
    """Tell a person, with all that was tried.

    Attributes:
        channels: By name. None: those of the incident.
    """

    channels: tuple[_Short, ...] = ()
    text: str = ""


PlaybookStep = Act | ReloadConfig | RestartProgram | PartialContinue | Fallback
FatalStep = EmergencyShutdown | SafeMode | NotifyAdmin


class Title(_Strict, frozen=True, kw_only=True):
    """What a playbook does, for people."""

    en: _Short
    ja: _Short = ""
    fr: _Short = ""


class Playbook(_Strict, frozen=True, kw_only=True):
    """For which faults Naosu does what.

    Attributes:
        mode: It never goes further than this, whatever is written for its actions.
        when: Conditions in CEL on live metrics; all must hold.
        steps: In order, until one has mended the fault.
        fatal: In order, all of them, when no step did.
        priority: Of several that match, the highest is first.
        is_shipped: It came with Naosu; whoever loads it says so, whatever its file says. The user's come first.
    """

    name: _Name
    title: Title
    match: Match
    steps: Annotated[tuple[PlaybookStep, ...], Meta(min_length=1, max_length=20)]
    mode: Mode = Mode.AUTO
    when: tuple[_Text, ...] = ()
    fatal: tuple[FatalStep, ...] = (NotifyAdmin(),)
    priority: Annotated[int, Meta(ge=-1_000, le=1_000)] = 0
    is_shipped: bool = False


class PlaybookFile(_Strict, frozen=True, kw_only=True):
    """One file of playbooks."""

    version: Literal[1]
    playbooks: Annotated[tuple[Playbook, ...], Meta(min_length=1)]


STAKES: dict[type, tuple[Risk, bool]] = {
    ReloadConfig: (Risk.MEDIUM, True),
    RestartProgram: (Risk.MEDIUM, False),
    EmergencyShutdown: (Risk.HIGH, False),
    SafeMode: (Risk.MEDIUM, True),
    NotifyAdmin: (Risk.LOW, False),
}
"""What each kind of step puts at stake, and whether it can be undone. An `Act` has its action's own."""
