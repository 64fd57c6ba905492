"""An action: one thing that a repair may do to the real world."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from naosu.domain.repair import Plan, Risk
from naosu.domain.repair_policy import Ground


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an action did. It is stored with the attempt, so that another process can undo it.

    Attributes:
        detail: For people, in a sentence, without secrets.
        undo: What `roll_back` has to know.
        notes: What a person should know beside that.
    """

    detail: str
    undo: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class Notifier(Protocol):
    """Tells people."""

    def tell(self, text: str, *, channels: Sequence[str], key: str) -> None:
        """Tell them once for each key, through these channels; without any, through those of the incident."""
        ...


class Throttler(Protocol):
    """Holds back traffic; what it does ends by itself."""

    def limit(self, target: str, *, per_second: float, ttl_s: float) -> None:
        """Let no more than so many requests a second through to a target, for so long."""
        ...

    def limit_of(self, target: str) -> float | None:
        """Return the limit in force, requests a second. None: there is none."""
        ...

    def lift(self, target: str) -> None:
        """Let everything through again."""
        ...


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Where an action acts, and what it has at hand there.

    Attributes:
        key: The attempt's idempotency key; the same again means: the same attempt.
        ground: What may be touched.
        backup_dir: For backups and journals; readable by Naosu's user only.
        timeout_s: The action must be done by then.
        plan: What `apply_fix` puts in force.
        is_operators: The arguments were written by whoever runs the server, not by a fixer or an assistant.
        private_hosts: Hosts that may be called although their addresses are not public.
        notifier, throttler: None: there is none in this installation.
    """

    key: str
    ground: Ground
    backup_dir: Path
    timeout_s: float = 60.0
    plan: Plan | None = None
    is_operators: bool = False
    private_hosts: frozenset[str] = frozenset()
    notifier: Notifier | None = None
    throttler: Throttler | None = None


class Action(Protocol):
    """One kind of thing to do. An instance has no state; it is made without arguments.

    Attributes:
        name: As playbooks and plans call it.
        reversible: `roll_back` makes everything what it was, or says what it could not.
        parameters: What its arguments are decoded into.
    """

    name: str
    risk: Risk
    reversible: bool
    parameters: type[msgspec.Struct]

    def why_not(self, parameters: Any, scene: Scene) -> str:
        """Say why it cannot be done here and now. Empty: it can."""
        ...

    def is_applied(self, parameters: Any, scene: Scene) -> bool | None:
        """Ask the world whether it is done already, after a crash. None: that cannot be told."""
        ...

    def apply(self, parameters: Any, scene: Scene) -> Done:
        """Do it.

        Raises:
            ActionFailedError: It was not done, or not wholly, and the message says which.
        """
        ...

    def roll_back(self, parameters: Any, scene: Scene, done: Done) -> tuple[str, ...]:
        """Undo it, and return what is not as it was before, a line each."""
        ...
