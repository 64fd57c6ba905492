"""Proposals and steps for the store's tests."""

from datetime import timedelta
from typing import Any

from naosu.domain.attempt import APPROVAL_HOLDS, Approval, Attempt, AttemptState, Proposal, Step
from naosu.domain.repair import Check, FileEdit, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.ports.store import Store

from .builders import NOW

TTL = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def a_plan(summary: str = "Index orders by customer") -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation="…",
        risk=Risk.LOW,
        proof=Proof(text="GET /orders answers 200"),
        undo="git revert",
        edits=(FileEdit(path="app.py", before="a\n", after="b\n"),),
        sql=(SqlChange(database="sqlite:///shop.db", statements=("CREATE INDEX i ON o (c)",)),),
    )


def a_proposal(summary: str = "Index orders by customer", **given: Any) -> Proposal:
    values: dict[str, Any] = {
        "plan": a_plan(summary),
        "action": "apply_fix",
        "fixer": "missing_index",
        "target": "shop/production",
        "target_state": "v1",
        "fingerprint": "v1:a",
        "fault_seen_at": NOW,
        "project_id": 1,
        "environment": "production",
    }
    return Proposal(**values | given)


def propose(store: Store, summary: str = "Index orders by customer", **given: Any) -> Attempt:
    return store.propose_attempt(a_proposal(summary, **given), by="watch-1", now=NOW)


def walk(store: Store, attempt: Attempt, *states: AttemptState, fence: int = 0) -> Attempt:
    """Take an attempt through these states, a second apart, under a lease of its own unless a fence is given."""
    now = NOW
    lease = None
    if not fence:
        lease = store.take_lease(attempt.target, "walker", ttl=TTL, now=NOW)
        assert lease is not None
        fence = lease.token
    for to in states:
        now += SECOND
        step = Step(since=attempt.state, to=to, fence=fence, checks=(Check(name=to.value, ok=True),), reason="because")
        attempt = store.step_attempt(attempt.id, step, by="watch-1", now=now)
    if lease is not None:
        store.release_lease(lease, now=now)
    return attempt


def approval_of(attempt: Attempt, **given: Any) -> Approval:
    values: dict[str, Any] = {
        "attempt_id": attempt.id,
        "plan_key": attempt.plan.key,
        "target_state": attempt.target_state,
        "by": "ada@example.com",
        "granted": True,
        "given_at": NOW,
        "expires_at": NOW + APPROVAL_HOLDS,
        "comment": "looks right",
    }
    return Approval(**values | given)
