"""``naosu repair`` and ``naosu audit`` on a data folder, on a real store."""

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from naosu.cli.main import run
from naosu.domain.attempt import Attempt, AttemptState, Mode, Proposal, Step
from naosu.domain.repair import Check, FileEdit, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.wiring.build import open_store
from naosu.wiring.local import local_settings

NOW = datetime(2026, 11, 22, tzinfo=UTC)
S = AttemptState
PLAN = Plan(
    kind=PlanKind.CODE,
    summary="Keep the body\x1b[31m streaming",
    explanation="It was read whole.",
    risk=Risk.LOW,
    proof=Proof(text="GET / streams"),
    undo="git revert",
    edits=(FileEdit(path="app.py", before="a = 1\n", after="a = 2\n"),),
    sql=(SqlChange(database="postgresql://shop:hunter2@db/shop", statements=("CREATE INDEX i ON o (c)",)),),
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("NAOSU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NAOSU_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def naosu(capsys):
    def naosu(*arguments: str, exit_code: int = 0) -> str:
        capsys.readouterr()
        assert run(list(arguments)) == exit_code, capsys.readouterr().err
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return printed.out if exit_code == 0 else printed.out + printed.err

    return naosu


@pytest.fixture
def store(folder, naosu):
    naosu("project", "create", "Shop")
    with open_store(local_settings(None)) as store:
        yield store


@pytest.fixture
def propose(store):
    def propose(**given: Any) -> Attempt:
        values: dict[str, Any] = {
            "plan": PLAN,
            "action": "apply_fix",
            "fixer": "body",
            "target": "shop",
            "target_state": "v1",
            "fingerprint": "v1:a",
            "fault_seen_at": NOW,
            "project_id": 1,
            "mode": Mode.APPROVE,
        }
        return store.propose_attempt(Proposal(**values | given), by="watch-1", now=NOW)

    return propose


def walk(store, attempt: Attempt, *states: AttemptState) -> Attempt:
    lease = store.take_lease(attempt.target, "w", ttl=timedelta(minutes=1), now=NOW)
    for to in states:
        checks = (Check(name="replay", ok=False, detail="500"),) if to is S.WORSE else ()
        step = Step(since=attempt.state, to=to, fence=lease.token, checks=checks)
        attempt = store.step_attempt(attempt.id, step, by="watch-1", now=NOW)
    store.release_lease(lease, now=NOW)
    return attempt


def test_repairing_is_stopped_and_allowed_again_by_one_word_each(naosu, store):
    assert naosu("repair", "status").startswith("repairing is allowed")
    assert "by local: release" in naosu("repair", "stop", "--reason", "release")
    assert store.get_repair_stop().reason == "release"
    assert "repairing is stopped" in naosu("repair", "status", exit_code=1)
    assert naosu("repair", "go") == "repairing is allowed\n"
    assert store.get_repair_stop() is None


def test_what_waits_for_a_person_is_trouble(naosu, propose):
    propose()
    assert "Keep the body" in naosu("repair", "status", exit_code=1)
    told = json.loads(naosu("repair", "status", "--json", exit_code=1))
    assert [one["id"] for one in told["waiting"]] == [1]


def test_attempts_are_listed_with_what_they_do(naosu, store, propose):
    assert naosu("repair", "attempts") == "no attempts\n"
    walk(store, propose(), S.APPROVED)
    assert "approved" in naosu("repair", "attempts", "--state", "approved", "--project", "shop")
    assert naosu("repair", "attempts", "--state", "fixed") == "no attempts\n"
    assert json.loads(naosu("repair", "attempts", "--json"))["attempts"][0]["means"] == "apply_fix/body"


def test_an_attempt_is_shown_with_its_plan_its_checks_and_its_steps(naosu, store, propose):
    walk(store, propose(), S.APPROVED, S.RUNNING, S.VERIFYING, S.WORSE, S.ROLLED_BACK)
    shown = naosu("repair", "show", "1")
    for part in ("+a = 2", "CREATE INDEX i ON o (c)", "FAILED  replay  500", "attempt.rolled_back by watch-1", "worse"):
        assert part in shown
    assert "hunter2" not in shown
    assert "\x1b" not in shown
    assert naosu("repair", "show", "7", exit_code=1)


def test_a_plan_is_approved_by_the_key_that_was_seen(naosu, store, propose):
    key = propose().plan.key
    assert f"the plan of attempt 1 is {key[:12]}…" in naosu("repair", "approve", "1", "--plan", "0" * 12, exit_code=1)
    assert naosu("repair", "approve", "1", "--plan", key[:4], exit_code=2)
    assert store.get_attempt(1).state is S.PROPOSED
    assert naosu("repair", "approve", "1", "--plan", key[:12], "--comment", "right") == "approved\n"
    (said,) = store.list_approvals(1)
    assert (said.by, said.comment) == ("local", "right")


def test_without_a_key_nothing_is_approved_before_the_plan_was_shown_and_confirmed(naosu, store, propose, monkeypatch):
    propose()
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert "+a = 2" in naosu("repair", "approve", "1", exit_code=3)
    assert store.get_attempt(1).state is S.PROPOSED
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "y")
    assert naosu("repair", "approve", "1").endswith("approved\n")


def test_what_was_only_observed_is_not_approved(naosu, propose):
    key = propose(mode=Mode.OBSERVE).plan.key
    assert "only observed" in naosu("repair", "approve", "1", "--plan", key, exit_code=1)


def test_a_plan_is_rejected(naosu, store, propose):
    propose()
    assert naosu("repair", "reject", "1", "--comment", "no") == "withdrawn\n"
    assert naosu("repair", "reject", "1", exit_code=1)


def test_naosu_is_let_try_again_and_forgiven(naosu, store, propose):
    walk(store, propose(), S.APPROVED, S.RUNNING, S.VERIFYING, S.WORSE, S.ROLLED_BACK)
    assert "since" in naosu("repair", "status")
    assert naosu("repair", "forgive", "apply_fix/body", "--project", "shop") == "forgiven\n"
    assert store.list_action_records()[0].demoted_at is None
    assert naosu("repair", "retry", "1") == "it may try again\n"
    assert store.breaker_closed_at("v1:a") is not None


def test_the_audit_log_is_verified_and_a_change_is_found(naosu, store, propose, folder):
    assert naosu("audit", "list") == "no entries\n"
    walk(store, propose(), S.APPROVED)
    entries, head = naosu("audit", "verify").splitlines()
    assert entries == "3 entries, unbroken"
    noted = head.removeprefix("head ")
    naosu("repair", "stop")
    assert json.loads(naosu("audit", "verify", "--noted", noted, "--json"))["count"] == 4
    assert "attempt.approved  attempt:1" in naosu("audit", "list", "--after", "2", "--limit", "1")
    raw = sqlite3.connect(folder / "naosu.db")
    raw.execute("UPDATE audit_entry SET actor = 'nobody' WHERE number = 2")
    raw.commit()
    assert "broken at entry 2" in naosu("audit", "verify", exit_code=1)
    raw.execute("DELETE FROM audit_entry WHERE number >= 2")
    raw.commit()
    raw.close()
    assert "broken at entry 2: The chain ends at 1; its head is 4." in naosu("audit", "verify", exit_code=1)


def test_the_passwords_of_watched_databases_are_not_shown(naosu, tmp_path):
    config = tmp_path / "naosu.yaml"
    config.write_text("repair: {projects: [{project: shop, database: 'postgresql://shop:hunter2@db/shop'}]}")
    shown = naosu("config", "show", "--config", str(config)) + naosu(
        "config", "show", "--json", "--config", str(config)
    )
    assert "postgresql://shop:…@db/shop" in shown
    assert "hunter2" not in shown
