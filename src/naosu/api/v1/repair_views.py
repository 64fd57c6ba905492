"""Attempts, approvals and records as scripts see them: nothing secret of a plan is in them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from naosu.domain.attempt import Approval, Attempt, AttemptState, Mode
from naosu.domain.audit import AuditEntry, AuditFault, AuditHead
from naosu.domain.repair import Check, Risk, SqlChange, Verdict
from naosu.domain.repair_stop import RepairStop

_PASSWORD = re.compile(r"(://[^:/@]*:)[^/]*@")


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one plan on one target.

    Attributes:
        project_id: 0: none.
        means: What is promoted and demoted by its record: the action, and the fixer that planned it.
        plan_key: What an approval binds.
        approvals_missing: How many people have still to approve; 0 once it has begun.
    """

    id: int
    project_id: int
    environment: str
    issue_id: int | None
    state: AttemptState
    verdict: Verdict | None
    reason: str
    means: str
    action: str
    fixer: str
    playbook: str
    target: str
    mode: Mode
    risk: Risk
    reversible: bool
    summary: str
    plan_key: str
    approvals_missing: int
    left: tuple[str, ...]
    proposed_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rolled_back_at: datetime | None
    came_back_at: datetime | None


class SqlView(msgspec.Struct, frozen=True, kw_only=True):
    """Statements for one database, whose password is left out."""

    database: str
    statements: tuple[str, ...]
    undo: tuple[str, ...]


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said."""

    by: str
    granted: bool
    given_at: datetime
    expires_at: datetime
    comment: str


class AuditEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit chain."""

    number: int
    at: datetime
    actor: str
    what: str
    subject: str
    detail: dict[str, str]
    previous_hash: str
    hash: str


class AttemptDetail(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with its plan, what was measured, what people said, and every step.

    Attributes:
        diff: Its changes to files; what is in secret ones is left out.
        proof: By what it is judged, fixed before it is tried.
        undo: How it is undone.
    """

    attempt: AttemptView
    explanation: str
    diff: str
    sql: tuple[SqlView, ...]
    arguments: dict[str, str]
    proof: str
    undo: str
    checks: tuple[Check, ...]
    approvals: tuple[ApprovalView, ...]
    steps: tuple[AuditEntryView, ...]


class AttemptPage(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts, newest first; `next_before_id` begins the next page. None: this is the last."""

    attempts: tuple[AttemptView, ...]
    next_before_id: int | None


class StopView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether all repairing is stopped, by whom and why."""

    stopped: bool
    stopped_at: datetime | None = None
    by: str = ""
    reason: str = ""


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of the audit chain, in order, and what the chain ends in."""

    entries: tuple[AuditEntryView, ...]
    head: str


class AuditCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the audit chain is whole.

    Attributes:
        count: Entries.
        head: What it ends in, as NUMBER:HASH: note it where nobody who can write to the store can.
        broken_at: The first entry that is not right. None: all are.
        fault: What is wrong there.
    """

    whole: bool
    count: int
    head: str
    broken_at: int | None
    fault: str


def view_attempt(attempt: Attempt, *, approvals_missing: int) -> AttemptView:
    """Show an attempt in a list."""
    made: dict[str, Any] = {
        "summary": attempt.plan.summary,
        "plan_key": attempt.plan.key,
        "approvals_missing": approvals_missing,
    }
    own = {name: getattr(attempt, name) for name in AttemptView.__struct_fields__ if name not in made}
    return AttemptView(**own, **made)


def view_detail(
    view: AttemptView, attempt: Attempt, said: Sequence[Approval], steps: Sequence[AuditEntry]
) -> AttemptDetail:
    """Show one attempt whole."""
    return AttemptDetail(
        attempt=view,
        explanation=attempt.plan.explanation,
        diff=attempt.plan.diff(),
        sql=tuple(map(_view_sql, attempt.plan.sql)),
        arguments=attempt.plan.arguments,
        proof=attempt.plan.proof.text,
        undo=attempt.plan.undo,
        checks=attempt.checks,
        approvals=tuple(map(_view_approval, said)),
        steps=tuple(map(view_entry, steps)),
    )


def view_entry(entry: AuditEntry) -> AuditEntryView:
    """Show an entry of the audit chain."""
    return AuditEntryView(**msgspec.structs.asdict(entry))


def view_stop(stop: RepairStop | None) -> StopView:
    """Show the stop."""
    if stop is None:
        return StopView(stopped=False)
    return StopView(stopped=True, stopped_at=stop.stopped_at, by=stop.by, reason=stop.reason)


def view_audit_check(fault: AuditFault | None, head: AuditHead) -> AuditCheck:
    """Show what following the chain said."""
    return AuditCheck(
        whole=fault is None,
        count=head.number,
        head=str(head),
        broken_at=fault.number if fault else None,
        fault=fault.text if fault else "",
    )


def _view_sql(change: SqlChange) -> SqlView:
    database = _PASSWORD.sub(r"\1…@", change.database)
    return SqlView(database=database, statements=change.statements, undo=change.undo)


def _view_approval(approval: Approval) -> ApprovalView:
    return ApprovalView(**{name: getattr(approval, name) for name in ApprovalView.__struct_fields__})


ATTEMPT_EXAMPLE = {
    "id": 7,
    "project_id": 1,
    "environment": "production",
    "issue_id": 12,
    "state": "proposed",
    "verdict": None,
    "reason": "",
    "means": "apply_fix/missing_index",
    "action": "apply_fix",
    "fixer": "missing_index",
    "playbook": "mend-speed",
    "target": "shop/production/database",
    "mode": "approve",
    "risk": "low",
    "reversible": True,
    "summary": "Index orders by customer",
    "plan_key": "8c1f…",
    "approvals_missing": 1,
    "left": [],
    "proposed_at": "2026-11-22T10:30:00Z",
    "started_at": None,
    "ended_at": None,
    "rolled_back_at": None,
    "came_back_at": None,
}
ENTRY_EXAMPLE = {
    "number": 41,
    "at": "2026-11-22T10:30:00Z",
    "actor": "watch-1",
    "what": "attempt.proposed",
    "subject": "attempt:7",
    "detail": {"means": "apply_fix/missing_index", "plan": "8c1f…"},
    "previous_hash": "77ab…",
    "hash": "02de…",
}
DETAIL_EXAMPLE = {
    "attempt": ATTEMPT_EXAMPLE,
    "explanation": "Every call of GET /orders read the whole table.",
    "diff": "",
    "sql": [
        {
            "database": "postgresql://shop:…@db/shop",
            "statements": ["CREATE INDEX CONCURRENTLY ix_orders_customer ON orders (customer_id)"],
            "undo": ["DROP INDEX CONCURRENTLY ix_orders_customer"],
        }
    ],
    "arguments": {},
    "proof": "The plan of the query uses the index, and it is faster.",
    "undo": "The index is dropped.",
    "checks": [],
    "approvals": [],
    "steps": [ENTRY_EXAMPLE],
}
STOP_EXAMPLE = {"stopped": True, "stopped_at": "2026-11-22T10:30:00Z", "by": "ada@example.com", "reason": "release"}
CHECK_EXAMPLE = {"whole": True, "count": 41, "head": "41:02de…", "broken_at": None, "fault": ""}
RECORD_EXAMPLE = {
    "means": "apply_fix/missing_index",
    "project_id": 1,
    "environment": "production",
    "fixed_count": 6,
    "failed_count": 1,
    "rolled_back_count": 0,
    "streak_count": 4,
    "demoted_at": None,
}
