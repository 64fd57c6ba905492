"""Leases, the stop, the breaker and the records of actions."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, insert, select, update

from naosu.domain.action_record import ActionRecord
from naosu.domain.errors import NotFoundError
from naosu.domain.lease import Lease, LeaseLostError
from naosu.domain.repair_stop import RepairStop
from naosu.storage.sql.attempts import SqlAttempts, find_lease, find_record, put_record
from naosu.storage.sql.audit import append
from naosu.storage.sql.repair_tables import action_record, repair_breaker, repair_lease, repair_stop


class SqlRepairs(SqlAttempts):
    """All that repairs keep."""

    def take_lease(self, target: str, owner: str, *, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease on a target, with a token higher than any before. None: it is held."""
        with self._repairing(visible=False) as connection:
            last = find_lease(connection, target)
            if last is not None and last.is_held(now=now):
                return None
            lease = Lease(target=target, owner=owner, token=(last.token if last else 0) + 1, expires_at=now + ttl)
            values = msgspec.structs.asdict(lease)
            if last is None:
                connection.execute(insert(repair_lease).values(**values))
            else:
                connection.execute(update(repair_lease).where(repair_lease.c.target == target).values(**values))
            detail = {"token": str(lease.token)}
            append(connection, "lease.taken", actor=owner, subject=f"target:{target}", detail=detail, now=now)
            return lease

    def renew_lease(self, lease: Lease, *, ttl: timedelta, now: datetime) -> Lease:
        """Hold it for longer, with the same token. Raises LeaseLostError: it ran out, or another has it."""
        column = repair_lease.c
        mine = (column.target == lease.target, column.owner == lease.owner, column.token == lease.token)
        renewed = msgspec.structs.replace(lease, expires_at=now + ttl)
        with self._writing(visible=False) as connection:
            held = update(repair_lease).where(*mine, column.expires_at > now)
            if not connection.execute(held.values(expires_at=renewed.expires_at)).rowcount:
                raise LeaseLostError(f"The lease on {lease.target} with token {lease.token} is lost.")
        return renewed

    def release_lease(self, lease: Lease, *, now: datetime) -> None:
        """Let others in. One that was lost already changes nothing."""
        column = repair_lease.c
        mine = (column.target == lease.target, column.owner == lease.owner, column.token == lease.token)
        with self._writing(visible=False) as connection:
            connection.execute(update(repair_lease).where(*mine).values(owner="", expires_at=now))

    def get_lease(self, target: str) -> Lease | None:
        """Return the last lease on a target, held or not. None: there never was one."""
        with self._reading() as connection:
            return find_lease(connection, target)

    def stop_repair(self, *, by: str, reason: str = "", now: datetime) -> RepairStop:
        """End all repairing; whoever stopped it first stays named."""
        with self._repairing() as connection:
            row = connection.execute(select(repair_stop)).one_or_none()
            if row is not None:
                return RepairStop(stopped_at=row.stopped_at, by=row.stopped_by, reason=row.reason)
            connection.execute(insert(repair_stop).values(id=1, stopped_at=now, stopped_by=by, reason=reason))
            append(connection, "repair.stopped", actor=by, detail={"reason": reason}, now=now)
            return RepairStop(stopped_at=now, by=by, reason=reason)

    def resume_repair(self, *, by: str, now: datetime) -> None:
        """Allow repairing again."""
        with self._repairing() as connection:
            if connection.execute(delete(repair_stop)).rowcount:
                append(connection, "repair.resumed", actor=by, now=now)

    def get_repair_stop(self) -> RepairStop | None:
        """Return the stop. None: repairing is allowed."""
        with self._reading() as connection:
            row = connection.execute(select(repair_stop)).one_or_none()
        return RepairStop(stopped_at=row.stopped_at, by=row.stopped_by, reason=row.reason) if row is not None else None

    def close_breaker(self, fingerprint: str, *, by: str, now: datetime) -> None:
        """Let Naosu try again at a fault that it gave up: a person had a look."""
        mine = repair_breaker.c.fingerprint == fingerprint
        with self._repairing() as connection:
            if not connection.execute(update(repair_breaker).where(mine).values(closed_at=now)).rowcount:
                connection.execute(insert(repair_breaker).values(fingerprint=fingerprint, closed_at=now))
            append(connection, "breaker.closed", actor=by, subject=f"fingerprint:{fingerprint}", now=now)

    def breaker_closed_at(self, fingerprint: str) -> datetime | None:
        """Return when a person last did that. None: nobody did."""
        wanted = select(repair_breaker.c.closed_at).where(repair_breaker.c.fingerprint == fingerprint)
        with self._reading() as connection:
            return connection.scalar(wanted)

    def get_action_record(self, means: str, *, project_id: int, environment: str) -> ActionRecord | None:
        """Return the record of one means of repair. None: it has no outcome yet."""
        with self._reading() as connection:
            return find_record(connection, means, project_id, environment)

    def list_action_records(self) -> list[ActionRecord]:
        """Return all records, by means, project and environment."""
        with self._reading() as connection:
            records = [ActionRecord(**row._asdict()) for row in connection.execute(select(action_record)).all()]
        return sorted(records, key=lambda one: (one.means, one.project_id, one.environment))

    def forgive_action(self, means: str, *, project_id: int, environment: str, by: str, now: datetime) -> ActionRecord:
        """Lift a demotion: a person vouches for it. Raises NotFoundError."""
        with self._repairing() as connection:
            record = find_record(connection, means, project_id, environment)
            if record is None:
                raise NotFoundError(f"{means} has no record there.")
            forgiven = msgspec.structs.replace(record, demoted_at=None)
            put_record(connection, forgiven)
            detail = {"project_id": str(project_id), "environment": environment}
            append(connection, "action.forgiven", actor=by, subject=f"action:{means}", detail=detail, now=now)
            return forgiven
