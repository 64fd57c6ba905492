"""What Naosu may touch, how far it may go by itself, and how often."""

import shlex
from typing import Annotated

import msgspec
from msgspec import Meta

from naosu.domain.attempt import Mode

ANY = "default"
"""In `modes`: every action that is not named."""

ATTEMPTS_PER_DAY_MAX = 200
"""No budget is larger."""

_Count = Annotated[int, Meta(ge=0)]
_Some = Annotated[int, Meta(ge=1)]
_Few = Annotated[int, Meta(ge=1, le=100)]
_Seconds = Annotated[float, Meta(ge=0)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_Url = Annotated[str, Meta(pattern=r"^(https?://\S+)?$")]
_Command = Annotated[str, Meta(min_length=1)]


class RepairLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often and how widely Naosu may act by itself.

    Attributes:
        cooldown_s: Least time between the end of one attempt on a target and the next.
        cooldown_factor: By how much the cooldown grows with each attempt in a row that did not mend.
        attempts_per_day_max: Most attempts on one target in any 24 hours.
        instances_share_max: Largest share of a target's instances that is worked on at once; one instance always may.
        storm_unhealthy_share: With a larger share of all targets unhealthy, nothing is repaired: it is no single fault.
        storm_incidents_per_minute_max: With more new incidents a minute than this, nothing is repaired.
        boot_grace_s: After Naosu or the target started, nothing is repaired for so long: counters begin anew.
        watch_s: A fault that is back within this time after a verdict *fixed* counts against the repair.
        escalate_after: Ineffective repairs in a row by one means, after which it must be another one.
        stop_after: Ineffective repairs in a row by any means, after which Naosu gives up and calls a person.
        lease_s: A process that acts on a target renews its lease within this time, or another may take over.
    """

    cooldown_s: _Seconds = 600.0
    cooldown_factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    attempts_per_day_max: Annotated[int, Meta(ge=0, le=ATTEMPTS_PER_DAY_MAX)] = 3
    instances_share_max: _Share = 0.2
    storm_unhealthy_share: _Share = 0.3
    storm_incidents_per_minute_max: _Some = 20
    boot_grace_s: _Seconds = 60.0
    watch_s: _Seconds = 300.0
    escalate_after: _Few = 2
    stop_after: _Few = 3
    lease_s: Annotated[float, Meta(ge=3)] = 60.0


class Runner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an application is started anew: exactly one of these.

    Attributes:
        command: A program and its arguments. Quoted as for a shell, but no shell runs it.
        systemd: A unit.
        docker: A container.
        kubectl: A workload: `deployment/shop`, or with its namespace `web/deployment/shop`.
    """

    command: _Command | None = None
    systemd: Annotated[str, Meta(pattern=r"^[\w@:.\\-]+$")] | None = None
    docker: Annotated[str, Meta(pattern=r"^[\w][\w.-]*$")] | None = None
    kubectl: Annotated[str, Meta(pattern=r"^([\w.-]+/)?[a-z]+/[\w.-]+$")] | None = None

    def __post_init__(self) -> None:
        """Refuse none, and several."""
        named = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"expected exactly one of {', '.join(self.__struct_fields__)}, found {named or 'none'}")
        _refuse_broken(self.command or "")


class Ground(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Naosu may touch of one project in one environment. What is not named here is never touched.

    Attributes:
        project: Its slug.
        environment: As its events say it. Empty: every environment that has no entry of its own.
        source: Folder of the checkout that runs.
        start: Command that starts the application in a scratch copy, with `{port}`. Empty: it is guessed.
        restart: How the real one is started anew. None: Naosu never does that.
        health_url: Answers 2xx while the application works.
        database: SQLAlchemy URL of its database.
        tests: Command that runs the project's own tests, in a scratch copy. Empty: there are none.
        log_files: What the application writes; a pattern may stand for several.
        instances: How many run.
        modes: By action (`restart`), or action and fixer (`apply_fix/missing_index`); `default` for the rest.
        limits: Other ones than for all.
    """

    project: _Name
    environment: str = ""
    source: str = ""
    start: str = ""
    restart: Runner | None = None
    health_url: _Url = ""
    database: str = ""
    tests: str = ""
    log_files: tuple[str, ...] = ()
    instances: _Some = 1
    modes: dict[str, Mode] = {}
    limits: RepairLimits | None = None

    def __post_init__(self) -> None:
        """Refuse commands whose quotes do not close."""
        for command in (self.start, self.tests):
            _refuse_broken(command)

    @property
    def name(self) -> str:
        """For people, and in targets: `shop/production`."""
        return f"{self.project}/{self.environment}" if self.environment else self.project

    def mode_of(self, means: str) -> Mode:
        """Return the mode for an action, with or without a fixer: the nearest that is named, else *observe*."""
        action = means.partition("/")[0]
        return next((self.modes[name] for name in (means, action, ANY) if name in self.modes), Mode.OBSERVE)


class RepairPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about repair that whoever runs the server decides. Read again as soon as the file changes.

    Attributes:
        playbooks: Folder of own playbooks, beside the shipped ones. Empty: none.
        promote_after: Verified repairs in a row, after which an action in mode *approve* goes over to *auto*. 0: never.
        limits: For every project that sets no other.
        projects: What Naosu may touch, an entry for each project and environment.
    """

    playbooks: str = ""
    promote_after: _Count = 0
    limits: RepairLimits = RepairLimits()
    projects: tuple[Ground, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two entries for one project and environment."""
        names = [ground.name for ground in self.projects]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"expected one entry for each project and environment, found two for {twice}")

    def ground_of(self, project: str, environment: str) -> Ground | None:
        """Return what may be touched there. None: nothing."""
        mine = {ground.environment: ground for ground in self.projects if ground.project == project}
        return mine.get(environment) or mine.get("")

    def limits_of(self, ground: Ground) -> RepairLimits:
        """Return the limits that hold there."""
        return ground.limits or self.limits


def _refuse_broken(command: str) -> None:
    try:
        shlex.split(command)
    except ValueError as error:
        raise ValueError(f"expected a command, found {command!r}: {error}") from error
