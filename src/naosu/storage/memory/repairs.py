"""Attempts, leases, records and the audit chain in memory."""

from datetime import datetime, timedelta

import msgspec

from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import NEEDS_LEASE, Approval, Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.audit import AuditEntry, AuditHead, sealed
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.lease import Lease, LeaseLostError
from naosu.domain.repair_stop import RepairStop, RepairStoppedError
from naosu.ports.store.repairs import AttemptQuery
from naosu.storage.attempt_rules import check_approval, check_step, held, new_attempt, step_detail
from naosu.storage.memory.shelves import OnShelves


class MemoryAudit(OnShelves):
    """The chain of entries."""

    def append_audit(
        self, what: str, *, actor: str, subject: str = "", detail: dict[str, str] | None = None, now: datetime
    ) -> AuditEntry:
        """Add an entry for something that is about to happen outside the store."""
        shelves = self._shelves
        with shelves.lock:
            entry = sealed(self.audit_head(), at=now, actor=actor, what=what, subject=subject, detail=detail)
            shelves.audit.append(entry)
            return entry

    def list_audit(self, *, after: int = 0, limit: int = 1_000) -> list[AuditEntry]:
        """Return entries after this number, in order."""
        with self._shelves.lock:
            return self._shelves.audit[after : after + limit]

    def audit_of(self, subject: str, *, limit: int = 1_000) -> list[AuditEntry]:
        """Return the entries on one subject, in order."""
        with self._shelves.lock:
            return [entry for entry in self._shelves.audit if entry.subject == subject][:limit]

    def audit_head(self) -> AuditHead:
        """Return what the chain must end in."""
        audit = self._shelves.audit
        return AuditHead(number=audit[-1].number, hash=audit[-1].hash) if audit else AuditHead()


class MemoryAttempts(MemoryAudit):
    """Attempts, approvals and the records that follow from them."""

    def propose_attempt(self, proposal: Proposal, *, by: str, now: datetime) -> Attempt:
        """Keep a plan as an attempt; while one with its idempotency key is open, that one is returned."""
        shelves = self._shelves
        with shelves.lock:
            key = proposal.idempotency_key
            for one in shelves.attempts.values():
                if one.state.is_open and one.idempotency_key == key:
                    return one
            attempt = new_attempt(proposal, attempt_id=len(shelves.attempts) + 1, now=now)
            return self._keep_attempt(attempt, by=by, now=now)

    def get_attempt(self, attempt_id: int) -> Attempt:
        """Return one. Raises NotFoundError."""
        with self._shelves.lock:
            attempt = self._shelves.attempts.get(attempt_id)
        if attempt is None:
            raise NotFoundError(f"There is no attempt {attempt_id}.")
        return attempt

    def list_attempts(self, query: AttemptQuery, *, limit: int = 100) -> list[Attempt]:
        """Return attempts, newest first."""
        with self._shelves.lock:
            found = [one for one in reversed(self._shelves.attempts.values()) if _is_wanted(one, query)]
        return found[:limit]

    def step_attempt(self, attempt_id: int, step: Step, *, by: str, now: datetime) -> Attempt:
        """Take an attempt one step further, and count its outcome in the record of its means."""
        shelves = self._shelves
        with shelves.lock:
            attempt = self.get_attempt(attempt_id)
            lease = shelves.leases.get(attempt.target) if step.to in NEEDS_LEASE else None
            check_step(attempt, step, lease=lease, now=now)
            if step.to is AttemptState.RUNNING and shelves.repair_stop is not None:
                raise RepairStoppedError("Repairing is stopped.", mend="naosu repair go")
            changed = attempt.stepped(step, now=now)
            others = (one for one in shelves.attempts.values() if one.id != attempt_id and one.state.is_under_way)
            if changed.state.is_under_way and any(one.target == changed.target for one in others):
                raise ConflictError("Another attempt on this target is under way.")
            self._count_outcome(changed, now=now)
            return self._keep_attempt(changed, by=by, now=now)

    def hold_attempt(self, attempt_id: int, *, reason: str, mode: Mode, by: str, now: datetime) -> Attempt:
        """Remember why an attempt may not run yet, and the mode in force; the same as before changes nothing."""
        with self._shelves.lock:
            attempt = self.get_attempt(attempt_id)
            changed = held(attempt, reason=reason, mode=mode)
            if changed != attempt:
                self._shelves.attempts[attempt_id] = changed
                self._shelves.changes += 1
                detail = {"reason": reason, "mode": mode.value}
                self.append_audit("attempt.held", actor=by, subject=f"attempt:{attempt_id}", detail=detail, now=now)
            return changed

    def mark_came_back(self, attempt_id: int, *, seen_at: datetime, by: str, now: datetime) -> Attempt:
        """Remember when the fault was first seen again after a verdict *fixed*. Raises NotFoundError."""
        shelves = self._shelves
        with shelves.lock:
            attempt = self.get_attempt(attempt_id)
            if attempt.came_back_at is not None:
                return attempt
            changed = msgspec.structs.replace(attempt, came_back_at=seen_at)
            shelves.attempts[attempt_id] = changed
            shelves.changes += 1
            self.append_audit("attempt.came_back", actor=by, subject=f"attempt:{attempt_id}", now=now)
            return changed

    def add_approval(self, approval: Approval) -> None:
        """Keep what a person said; a no withdraws the attempt if it has not begun."""
        shelves = self._shelves
        with shelves.lock:
            attempt = self.get_attempt(approval.attempt_id)
            check_approval(attempt, approval)
            shelves.approvals.append(approval)
            shelves.changes += 1
            what = "approval.granted" if approval.granted else "approval.refused"
            subject, detail = f"attempt:{attempt.id}", {"plan": approval.plan_key, "comment": approval.comment}
            self.append_audit(what, actor=approval.by, subject=subject, detail=detail, now=approval.given_at)
            if not approval.granted:
                step = Step(since=attempt.state, to=AttemptState.WITHDRAWN, reason="rejected")
                self.step_attempt(attempt.id, step, by=approval.by, now=approval.given_at)

    def list_approvals(self, attempt_id: int) -> list[Approval]:
        """Return what people said, oldest first."""
        with self._shelves.lock:
            return [one for one in self._shelves.approvals if one.attempt_id == attempt_id]

    def _keep_attempt(self, attempt: Attempt, *, by: str, now: datetime) -> Attempt:
        subject, what = f"attempt:{attempt.id}", f"attempt.{attempt.state}"
        self.append_audit(what, actor=by, subject=subject, detail=step_detail(attempt), now=now)
        self._shelves.attempts[attempt.id] = attempt
        self._shelves.changes += 1
        return attempt

    def _count_outcome(self, attempt: Attempt, *, now: datetime) -> None:
        key = (attempt.means, attempt.project_id, attempt.environment)
        empty = ActionRecord(means=attempt.means, project_id=attempt.project_id, environment=attempt.environment)
        counted = self._shelves.action_records.get(key, empty).counted(attempt.state, now=now)
        if counted != empty:
            self._shelves.action_records[key] = counted


class MemoryRepairs(MemoryAttempts):
    """All that repairs keep."""

    def take_lease(self, target: str, owner: str, *, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease on a target, with a token higher than any before. None: it is held."""
        shelves = self._shelves
        with shelves.lock:
            last = shelves.leases.get(target)
            if last is not None and last.is_held(now=now):
                return None
            lease = Lease(target=target, owner=owner, token=(last.token if last else 0) + 1, expires_at=now + ttl)
            shelves.leases[target] = lease
            detail = {"token": str(lease.token)}
            self.append_audit("lease.taken", actor=owner, subject=f"target:{target}", detail=detail, now=now)
            return lease

    def renew_lease(self, lease: Lease, *, ttl: timedelta, now: datetime) -> Lease:
        """Hold it for longer, with the same token. Raises LeaseLostError: it ran out, or another has it."""
        with self._shelves.lock:
            if not self._is_mine(lease) or not self._shelves.leases[lease.target].is_held(now=now):
                raise LeaseLostError(f"The lease on {lease.target} with token {lease.token} is lost.")
            renewed = msgspec.structs.replace(lease, expires_at=now + ttl)
            self._shelves.leases[lease.target] = renewed
            return renewed

    def release_lease(self, lease: Lease, *, now: datetime) -> None:
        """Let others in. One that was lost already changes nothing."""
        with self._shelves.lock:
            if self._is_mine(lease):
                self._shelves.leases[lease.target] = msgspec.structs.replace(lease, owner="", expires_at=now)

    def get_lease(self, target: str) -> Lease | None:
        """Return the last lease on a target, held or not. None: there never was one."""
        with self._shelves.lock:
            return self._shelves.leases.get(target)

    def _is_mine(self, lease: Lease) -> bool:
        last = self._shelves.leases.get(lease.target)
        return last is not None and (last.owner, last.token) == (lease.owner, lease.token)

    def stop_repair(self, *, by: str, reason: str = "", now: datetime) -> RepairStop:
        """End all repairing; whoever stopped it first stays named."""
        shelves = self._shelves
        with shelves.lock:
            if shelves.repair_stop is None:
                shelves.repair_stop = RepairStop(stopped_at=now, by=by, reason=reason)
                shelves.changes += 1
                self.append_audit("repair.stopped", actor=by, detail={"reason": reason}, now=now)
            return shelves.repair_stop

    def resume_repair(self, *, by: str, now: datetime) -> None:
        """Allow repairing again."""
        with self._shelves.lock:
            if self._shelves.repair_stop is not None:
                self._shelves.repair_stop = None
                self._shelves.changes += 1
                self.append_audit("repair.resumed", actor=by, now=now)

    def get_repair_stop(self) -> RepairStop | None:
        """Return the stop. None: repairing is allowed."""
        return self._shelves.repair_stop

    def close_breaker(self, fingerprint: str, *, by: str, now: datetime) -> None:
        """Let Naosu try again at a fault that it gave up: a person had a look."""
        with self._shelves.lock:
            self._shelves.breakers[fingerprint] = now
            self._shelves.changes += 1
            self.append_audit("breaker.closed", actor=by, subject=f"fingerprint:{fingerprint}", now=now)

    def breaker_closed_at(self, fingerprint: str) -> datetime | None:
        """Return when a person last did that. None: nobody did."""
        return self._shelves.breakers.get(fingerprint)

    def get_action_record(self, means: str, *, project_id: int, environment: str) -> ActionRecord | None:
        """Return the record of one means of repair. None: it has no outcome yet."""
        return self._shelves.action_records.get((means, project_id, environment))

    def list_action_records(self) -> list[ActionRecord]:
        """Return all records, by means, project and environment."""
        with self._shelves.lock:
            return [record for _, record in sorted(self._shelves.action_records.items())]

    def forgive_action(self, means: str, *, project_id: int, environment: str, by: str, now: datetime) -> ActionRecord:
        """Lift a demotion: a person vouches for it. Raises NotFoundError."""
        with self._shelves.lock:
            record = self.get_action_record(means, project_id=project_id, environment=environment)
            if record is None:
                raise NotFoundError(f"{means} has no record there.")
            forgiven = msgspec.structs.replace(record, demoted_at=None)
            self._shelves.action_records[means, project_id, environment] = forgiven
            self._shelves.changes += 1
            detail = {"project_id": str(project_id), "environment": environment}
            self.append_audit("action.forgiven", actor=by, subject=f"action:{means}", detail=detail, now=now)
            return forgiven


def _is_wanted(attempt: Attempt, query: AttemptQuery) -> bool:
    pair = query.target_or_fingerprint
    return all(
        (
            query.project_id in {None, attempt.project_id},
            query.issue_id is None or query.issue_id == attempt.issue_id,
            not query.states or attempt.state in query.states,
            pair is None or attempt.target == pair[0] or attempt.fingerprint == pair[1],
            query.started_after is None
            or (attempt.started_at is not None and attempt.started_at > query.started_after),
            query.before_id is None or attempt.id < query.before_id,
        )
    )
