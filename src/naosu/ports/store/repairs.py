"""What repairs need to be safe: attempts, approvals, leases, records, the stop, and the audit chain.

Whatever changes something writes its entry into the audit chain in the same transaction: there is no change without an
entry. Only the renewal and the release of a lease have none.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import Approval, Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.audit import AuditEntry, AuditHead
from naosu.domain.lease import Lease
from naosu.domain.repair_stop import RepairStop


class AttemptQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which attempts: all that is given must be so.

    Attributes:
        target_or_fingerprint: On this target, or for this fault: what `permit` looks back on.
        started_after: Only those that began to run after this instant.
        before_id: Only older ones.
    """

    project_id: int | None = None
    states: Collection[AttemptState] = ()
    issue_id: int | None = None
    target_or_fingerprint: tuple[str, str] | None = None
    started_after: datetime | None = None
    before_id: int | None = None


class AttemptStore(Protocol):
    """Attempts, and what people said to them."""

    def propose_attempt(self, proposal: Proposal, *, by: str, now: datetime) -> Attempt:
        """Keep a plan as an attempt; while one with its idempotency key is open, that one is returned."""
        ...

    def get_attempt(self, attempt_id: int) -> Attempt:
        """Return one. Raises NotFoundError."""
        ...

    def list_attempts(self, query: AttemptQuery, *, limit: int = 100) -> list[Attempt]:
        """Return attempts, newest first."""
        ...

    def step_attempt(self, attempt_id: int, step: Step, *, by: str, now: datetime) -> Attempt:
        """Take an attempt one step further, and count its outcome in the record of its means.

        For every step but those to *approved*, *proposed* and *withdrawn*, `step.fence` must be the token of the lease
        that is in force on its target. At most one attempt on a target is ever under way.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is not in the state that the step begins in; or another on its target is under way.
            ImpossibleStepError: No attempt ever takes that step.
            LeaseLostError: The fence is not the lease's, or the lease has run out.
            RepairStoppedError: It would run, and repairing is stopped.
        """
        ...

    def hold_attempt(self, attempt_id: int, *, reason: str, mode: Mode, by: str, now: datetime) -> Attempt:
        """Remember why an attempt may not run yet, and the mode in force; the same as before changes nothing.

        Raises:
            NotFoundError: There is none.
            ConflictError: It has begun, or never will.
        """
        ...

    def mark_came_back(self, attempt_id: int, *, seen_at: datetime, by: str, now: datetime) -> Attempt:
        """Remember when the fault was first seen again after a verdict *fixed*. Raises NotFoundError."""
        ...

    def add_approval(self, approval: Approval) -> None:
        """Keep what a person said; a no withdraws the attempt if it has not begun.

        Raises:
            NotFoundError: There is no such attempt.
            ConflictError: It is no longer *proposed* or *approved*, or its plan or its target's state is another.
        """
        ...

    def list_approvals(self, attempt_id: int) -> list[Approval]:
        """Return what people said, oldest first."""
        ...


class LeaseStore(Protocol):
    """Who may act on a target."""

    def take_lease(self, target: str, owner: str, *, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease on a target, with a token higher than any before. None: it is held, be it by its owner."""
        ...

    def renew_lease(self, lease: Lease, *, ttl: timedelta, now: datetime) -> Lease:
        """Hold it for longer, with the same token. Raises LeaseLostError: it ran out, or another has it."""
        ...

    def release_lease(self, lease: Lease, *, now: datetime) -> None:
        """Let others in. One that was lost already changes nothing."""
        ...

    def get_lease(self, target: str) -> Lease | None:
        """Return the last lease on a target, held or not. None: there never was one."""
        ...


class RepairControlStore(Protocol):
    """What people switch, and what is counted."""

    def stop_repair(self, *, by: str, reason: str = "", now: datetime) -> RepairStop:
        """End all repairing; whoever stopped it first stays named."""
        ...

    def resume_repair(self, *, by: str, now: datetime) -> None:
        """Allow repairing again."""
        ...

    def get_repair_stop(self) -> RepairStop | None:
        """Return the stop. None: repairing is allowed."""
        ...

    def close_breaker(self, fingerprint: str, *, by: str, now: datetime) -> None:
        """Let Naosu try again at a fault that it gave up: a person had a look."""
        ...

    def breaker_closed_at(self, fingerprint: str) -> datetime | None:
        """Return when a person last did that. None: nobody did."""
        ...

    def get_action_record(self, means: str, *, project_id: int, environment: str) -> ActionRecord | None:
        """Return the record of one means of repair. None: it has no outcome yet."""
        ...

    def list_action_records(self) -> list[ActionRecord]:
        """Return all records, by means, project and environment."""
        ...

    def forgive_action(self, means: str, *, project_id: int, environment: str, by: str, now: datetime) -> ActionRecord:
        """Lift a demotion: a person vouches for it. Raises NotFoundError."""
        ...


class AuditStore(Protocol):
    """The chain of entries. There is no way to change or remove one."""

    def append_audit(
        self, what: str, *, actor: str, subject: str = "", detail: dict[str, str] | None = None, now: datetime
    ) -> AuditEntry:
        """Add an entry for something that is about to happen outside the store."""
        ...

    def list_audit(self, *, after: int = 0, limit: int = 1_000) -> list[AuditEntry]:
        """Return entries after this number, in order."""
        ...

    def audit_of(self, subject: str, *, limit: int = 1_000) -> Sequence[AuditEntry]:
        """Return the entries on one subject, in order."""
        ...

    def audit_head(self) -> AuditHead:
        """Return what the chain must end in, as it was noted beside it."""
        ...


class RepairStore(AttemptStore, LeaseStore, RepairControlStore, AuditStore, Protocol):
    """All that repairs keep."""
