"""Attempts and what stands around them, with everything that a test does not care about filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from naosu.domain.attempt import APPROVAL_HOLDS, Approval, Attempt, AttemptState, Mode
from naosu.domain.repair import Plan, PlanKind, Proof, Risk, Verdict
from naosu.domain.repair_policy import RepairLimits
from naosu.repair.permit import Situation

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = RepairLimits()
OVER = {AttemptState.FIXED, AttemptState.NOT_FIXED, AttemptState.WORSE, AttemptState.CANNOT_TELL}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def a_plan(summary: str = "Index orders by customer", *, risk: Risk = Risk.LOW) -> Plan:
    return Plan(kind=PlanKind.CODE, summary=summary, explanation="", risk=risk, proof=Proof(text=""), undo="git revert")


def an_attempt(number: int = 1, **given: Any) -> Attempt:
    values: dict[str, Any] = {
        "id": number,
        "plan": a_plan(f"plan {number}"),
        "action": "restart",
        "target": "shop/production",
        "target_state": "v1",
        "fingerprint": "v1:a",
        "fault_seen_at": NOW,
        "proposed_at": NOW,
        "mode": Mode.AUTO,
    }
    return Attempt(**values | given)


def ran(number: int, *, ago_s: float, state: AttemptState = AttemptState.FIXED, **given: Any) -> Attempt:
    """An attempt that began so long ago, and was over a second later unless it still runs."""
    began = NOW - seconds(ago_s)
    is_over = not state.is_under_way
    verdict = state.value if state in OVER else ("worse" if state is AttemptState.ROLLED_BACK else None)
    return an_attempt(
        number,
        **{
            "state": state,
            "started_at": began,
            "proposed_at": began,
            "fault_seen_at": began,
            "ended_at": began + seconds(1) if is_over else None,
            "rolled_back_at": began + seconds(1) if state is AttemptState.ROLLED_BACK else None,
            "verdict": Verdict(verdict) if verdict else None,
            "fence": number,
        }
        | given,
    )


def approval_of(attempt: Attempt, by: str = "ada", **given: Any) -> Approval:
    values: dict[str, Any] = {
        "attempt_id": attempt.id,
        "plan_key": attempt.plan.key,
        "target_state": attempt.target_state,
        "by": by,
        "granted": True,
        "given_at": NOW,
        "expires_at": NOW + APPROVAL_HOLDS,
    }
    return Approval(**values | given)


def a_situation(**given: Any) -> Situation:
    values: dict[str, Any] = {"now": NOW, "mode": Mode.AUTO, "target_state": "v1", "owner": "me"}
    return Situation(**values | given)
