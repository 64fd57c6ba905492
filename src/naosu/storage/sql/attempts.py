"""Attempts at repair, and what people said to them."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import NEEDS_LEASE, Approval, Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.errors import ConflictError, NotFoundError
from naosu.domain.lease import Lease
from naosu.domain.repair_stop import RepairStoppedError
from naosu.ports.store.repairs import AttemptQuery
from naosu.storage.attempt_rules import check_approval, check_step, held, new_attempt, step_detail
from naosu.storage.sql.audit import SqlAudit, append
from naosu.storage.sql.repair_tables import action_record, repair_approval, repair_attempt, repair_lease, repair_stop

AnyRow = Row[*tuple[Any, ...]]


class SqlAttempts(SqlAudit):
    """Attempts, approvals and the records that follow from them."""

    def propose_attempt(self, proposal: Proposal, *, by: str, now: datetime) -> Attempt:
        """Keep a plan as an attempt; while one with its idempotency key is open, that one is returned."""
        column = repair_attempt.c
        with self._repairing() as connection:
            open_one = select(repair_attempt).where(column.open_key == proposal.idempotency_key)
            row = connection.execute(open_one).one_or_none()
            if row is not None:
                return _attempt(row)
            draft = new_attempt(proposal, attempt_id=0, now=now)
            made = insert(repair_attempt).values(**_columns(draft)).returning(column.id)
            attempt = msgspec.structs.replace(draft, id=connection.execute(made).scalar_one())
            _tell(connection, attempt, by=by, now=now)
            return attempt

    def get_attempt(self, attempt_id: int) -> Attempt:
        """Return one. Raises NotFoundError."""
        with self._reading() as connection:
            return _get(connection, attempt_id)

    def list_attempts(self, query: AttemptQuery, *, limit: int = 100) -> list[Attempt]:
        """Return attempts, newest first."""
        column = repair_attempt.c
        wanted = select(repair_attempt).order_by(column.id.desc()).limit(limit)
        if query.project_id is not None:
            wanted = wanted.where(column.project_id == query.project_id)
        if query.issue_id is not None:
            wanted = wanted.where(column.issue_id == query.issue_id)
        if query.states:
            wanted = wanted.where(column.state.in_([state.value for state in query.states]))
        if query.target_or_fingerprint is not None:
            target, fingerprint = query.target_or_fingerprint
            wanted = wanted.where(or_(column.target == target, column.fingerprint == fingerprint))
        if query.started_after is not None:
            wanted = wanted.where(column.started_at > query.started_after)
        if query.before_id is not None:
            wanted = wanted.where(column.id < query.before_id)
        with self._reading() as connection:
            return list(map(_attempt, connection.execute(wanted).all()))

    def step_attempt(self, attempt_id: int, step: Step, *, by: str, now: datetime) -> Attempt:
        """Take an attempt one step further, and count its outcome in the record of its means."""
        try:
            with self._repairing() as connection:
                return _step(connection, _get(connection, attempt_id), step, by=by, now=now)
        except IntegrityError as error:
            raise ConflictError("Another attempt on this target is under way.") from error

    def hold_attempt(self, attempt_id: int, *, reason: str, mode: Mode, by: str, now: datetime) -> Attempt:
        """Remember why an attempt may not run yet, and the mode in force; the same as before changes nothing."""
        attempt = self.get_attempt(attempt_id)
        if held(attempt, reason=reason, mode=mode) == attempt:
            return attempt
        with self._repairing() as connection:
            changed = held(_get(connection, attempt_id), reason=reason, mode=mode)
            _put(connection, changed)
            detail = {"reason": reason, "mode": mode.value}
            append(connection, "attempt.held", actor=by, subject=f"attempt:{attempt_id}", detail=detail, now=now)
            return changed

    def mark_came_back(self, attempt_id: int, *, seen_at: datetime, by: str, now: datetime) -> Attempt:
        """Remember when the fault was first seen again after a verdict *fixed*. Raises NotFoundError."""
        with self._repairing() as connection:
            attempt = _get(connection, attempt_id)
            if attempt.came_back_at is not None:
                return attempt
            changed = msgspec.structs.replace(attempt, came_back_at=seen_at)
            _put(connection, changed)
            append(connection, "attempt.came_back", actor=by, subject=f"attempt:{attempt_id}", now=now)
            return changed

    def add_approval(self, approval: Approval) -> None:
        """Keep what a person said; a no withdraws the attempt if it has not begun."""
        with self._repairing() as connection:
            attempt = _get(connection, approval.attempt_id)
            check_approval(attempt, approval)
            values = msgspec.structs.asdict(approval)
            values["given_by"] = values.pop("by")
            connection.execute(insert(repair_approval).values(**values))
            what = "approval.granted" if approval.granted else "approval.refused"
            subject, detail = f"attempt:{attempt.id}", {"plan": approval.plan_key, "comment": approval.comment}
            append(connection, what, actor=approval.by, subject=subject, detail=detail, now=approval.given_at)
            if not approval.granted:
                step = Step(since=attempt.state, to=AttemptState.WITHDRAWN, reason="rejected")
                _step(connection, attempt, step, by=approval.by, now=approval.given_at)

    def list_approvals(self, attempt_id: int) -> list[Approval]:
        """Return what people said, oldest first."""
        column = repair_approval.c
        wanted = select(repair_approval).where(column.attempt_id == attempt_id).order_by(column.id)
        with self._reading() as connection:
            return list(map(_approval, connection.execute(wanted).all()))


def _step(connection: Connection, attempt: Attempt, step: Step, *, by: str, now: datetime) -> Attempt:
    lease = find_lease(connection, attempt.target) if step.to in NEEDS_LEASE else None
    check_step(attempt, step, lease=lease, now=now)
    if step.to is AttemptState.RUNNING and connection.execute(select(repair_stop)).first() is not None:
        raise RepairStoppedError("Repairing is stopped.", mend="naosu repair go")
    changed = attempt.stepped(step, now=now)
    _put(connection, changed)
    _count(connection, changed, now=now)
    _tell(connection, changed, by=by, now=now)
    return changed


def _count(connection: Connection, attempt: Attempt, *, now: datetime) -> None:
    """Count an outcome in the record of the attempt's means."""
    empty = ActionRecord(means=attempt.means, project_id=attempt.project_id, environment=attempt.environment)
    before = find_record(connection, attempt.means, attempt.project_id, attempt.environment)
    after = (before or empty).counted(attempt.state, now=now)
    if before is None and after != empty:
        connection.execute(insert(action_record).values(**msgspec.structs.asdict(after)))
    elif before is not None and after != before:
        put_record(connection, after)


def find_record(connection: Connection, means: str, project_id: int, environment: str) -> ActionRecord | None:
    """Return the record of a means. None: it has none yet."""
    column = action_record.c
    mine = (column.means == means, column.project_id == project_id, column.environment == environment)
    row = connection.execute(select(action_record).where(*mine)).one_or_none()
    return ActionRecord(**row._asdict()) if row is not None else None


def put_record(connection: Connection, record: ActionRecord) -> None:
    """Write a record that there is."""
    column = action_record.c
    mine = (
        column.means == record.means,
        column.project_id == record.project_id,
        column.environment == record.environment,
    )
    connection.execute(update(action_record).where(*mine).values(**msgspec.structs.asdict(record)))


def find_lease(connection: Connection, target: str) -> Lease | None:
    """Return the last lease on a target."""
    row = connection.execute(select(repair_lease).where(repair_lease.c.target == target)).one_or_none()
    return Lease(**row._asdict()) if row is not None else None


def _tell(connection: Connection, attempt: Attempt, *, by: str, now: datetime) -> None:
    subject, what = f"attempt:{attempt.id}", f"attempt.{attempt.state}"
    append(connection, what, actor=by, subject=subject, detail=step_detail(attempt), now=now)


def _get(connection: Connection, attempt_id: int) -> Attempt:
    row = connection.execute(select(repair_attempt).where(repair_attempt.c.id == attempt_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no attempt {attempt_id}.")
    return _attempt(row)


def _put(connection: Connection, attempt: Attempt) -> None:
    connection.execute(update(repair_attempt).where(repair_attempt.c.id == attempt.id).values(**_columns(attempt)))


def _columns(attempt: Attempt) -> dict[str, Any]:
    return {
        "project_id": attempt.project_id,
        "issue_id": attempt.issue_id,
        "state": attempt.state.value,
        "target": attempt.target,
        "fingerprint": attempt.fingerprint,
        "open_key": attempt.idempotency_key if attempt.state.is_open else None,
        "acting_on": attempt.target if attempt.state.is_under_way else None,
        "started_at": attempt.started_at,
        "body": msgspec.msgpack.encode(attempt),
    }


def _attempt(row: AnyRow) -> Attempt:
    return msgspec.structs.replace(msgspec.msgpack.decode(row.body, type=Attempt), id=row.id)


def _approval(row: AnyRow) -> Approval:
    values = row._asdict()
    del values["id"]
    return Approval(by=values.pop("given_by"), **values)
