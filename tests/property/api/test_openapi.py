"""Whatever fits, or just fails to fit, the OpenAPI document: never a 5xx, never an answer that it does not name."""

import warnings
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from naosu.api.app import create_app
from naosu.api.auth.secrets import sha256_of
from naosu.api.context import ApiContext
from naosu.domain.account import Role
from naosu.domain.attempt import Mode, Proposal
from naosu.domain.repair import Plan, PlanKind, Proof, Risk
from naosu.ports.inbox import InboxDepth
from naosu.storage.memory import MemoryStore

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
TOKEN = "naosu_property"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def make_app():
    store = MemoryStore()
    clock = SystemClock()
    store.create_token(name="t", role=Role.ADMIN, token_sha256=sha256_of(TOKEN), now=clock.now())
    store.create_project(name="Shop", slug="shop", now=clock.now())
    proof = Proof(text="")
    plan = Plan(kind=PlanKind.CODE, summary="Mend it", explanation="", risk=Risk.LOW, proof=proof, undo="")
    for number in range(3):
        proposal = Proposal(
            plan=plan,
            action="restart",
            target=f"shop/{number}",
            target_state="v1",
            fingerprint="v1:a",
            fault_seen_at=clock.now(),
            mode=Mode.APPROVE,
        )
        store.propose_attempt(proposal, by="watch", now=clock.now())
    context = ApiContext(
        store=store,
        clock=clock,
        inbox_depth=lambda: InboxDepth(report_count=0, stored_bytes=0),
        redrive=lambda _report: None,
        processes=list,
        public_url="http://127.0.0.1:8790",
        version="0.1.0",
    )
    return create_app(context)


schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", make_app())
# The coverage phase alone makes thousands of cases for the 90 operations; hypothesis' own find the same faults.
schema.config.phases.coverage.enabled = False


@pytest.mark.filterwarnings("ignore")
@schema.parametrize()
@settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented_and_none_is_a_server_error(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)
