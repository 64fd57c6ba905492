"""The screens of repairs: what waits, what was done, and a click that approves exactly what was seen."""

import pytest
from web_world import NOW, World

from naosu.domain.account import Role
from naosu.domain.attempt import Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk

PLAN = Plan(
    kind=PlanKind.CODE,
    summary="Read the body where it is",
    explanation="Streams have none.",
    risk=Risk.LOW,
    proof=Proof(text="The failing request is answered."),
    undo="Revert the commit.",
    edits=(FileEdit(path="audit.py", before="size = len(response.body)\n", after="size = <count>\n"),),
)


def propose(world: World, mode: Mode = Mode.APPROVE) -> Attempt:
    proposal = Proposal(
        plan=PLAN,
        action="apply_fix",
        fixer="response_streaming_body",
        target="shop/source",
        target_state="as it was",
        fingerprint="issue:1",
        fault_seen_at=NOW,
        mode=mode,
    )
    return world.store.propose_attempt(proposal, by="mend", now=NOW)


def test_what_waits_stands_apart_and_leads_to_its_plan():
    world = World()
    attempt = propose(world)
    page = world.browser().get("/repairs").text
    assert page.index("Waiting for a person") < page.index(PLAN.summary) < page.index("What Naosu did")
    assert f'href="/repairs/{attempt.id}"' in page


def test_what_is_only_observed_does_not_wait():
    world = World()
    propose(world, Mode.OBSERVE)
    page = world.browser().get("/repairs").text
    assert "Nothing waits." in page
    assert PLAN.summary in page


def test_an_attempt_shows_its_diff_risk_proof_and_way_back_and_escapes_them():
    world = World()
    page = world.browser().get(f"/repairs/{propose(world).id}").text
    for text in (PLAN.proof.text, PLAN.undo, PLAN.explanation, "-size = len(response.body)", "+size = &lt;count&gt;"):
        assert text in page


def test_an_operator_approves_exactly_what_was_seen():
    world = World()
    attempt = propose(world)
    browser = world.browser(Role.OPERATOR)
    browser.get(f"/repairs/{attempt.id}")
    browser.send(f"/repairs/{attempt.id}/approve", plan_key=PLAN.key)
    assert world.store.get_attempt(attempt.id).state is AttemptState.APPROVED


def test_a_plan_that_is_not_the_one_seen_is_not_approved():
    world = World()
    attempt = propose(world)
    answer = world.browser(Role.OPERATOR).send(f"/repairs/{attempt.id}/approve", plan_key="0" * 64)
    assert answer.status_code == 409
    assert world.store.get_attempt(attempt.id).state is AttemptState.PROPOSED


def test_a_viewer_sees_no_button_and_cannot_send_one():
    world = World()
    attempt = propose(world)
    browser = world.browser(Role.VIEWER)
    assert "Approve exactly this plan" not in browser.get(f"/repairs/{attempt.id}").text
    assert browser.send(f"/repairs/{attempt.id}/approve", plan_key=PLAN.key).status_code == 403
    assert browser.send("/repairs/all/stop").status_code == 403


def test_rejecting_withdraws_it():
    world = World()
    attempt = propose(world)
    world.browser(Role.OPERATOR).send(f"/repairs/{attempt.id}/reject", comment="we migrate tonight")
    assert world.store.get_attempt(attempt.id).state is AttemptState.WITHDRAWN


def test_all_repairing_is_stopped_and_goes_on_by_one_click_each():
    world = World()
    browser = world.browser(Role.OPERATOR)
    browser.send("/repairs/all/stop", reason="sale today")
    assert "sale today" in browser.get("/repairs").text
    browser.send("/repairs/all/go")
    assert world.store.get_repair_stop() is None


@pytest.mark.parametrize("language", ["ja", "fr"])
def test_the_screens_speak_japanese_and_french(language: str):
    world = World()
    attempt = propose(world)
    page = world.browser(language=language).get(f"/repairs/{attempt.id}").text
    assert f'<html lang="{language}">' in page
    assert "Approve exactly this plan" not in page


def test_what_is_not_as_before_is_said_first():
    world = World()
    attempt = propose(world)
    world.store.step_attempt(
        attempt.id, Step(since=AttemptState.PROPOSED, to=AttemptState.WITHDRAWN, left=("orders.db",)), by="x", now=NOW
    )
    page = world.browser().get(f"/repairs/{attempt.id}").text
    assert page.index("orders.db") < page.index(PLAN.explanation)
