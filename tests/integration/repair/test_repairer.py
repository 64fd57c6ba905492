"""Repair by itself, on a real application: an event comes in, and its fault is mended, measured, and undone if not."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from naosu.domain.attempt import Approval, AttemptState, Mode
from naosu.domain.issue_query import IssueQuery
from naosu.domain.repair import Verdict
from naosu.domain.repair_policy import Ground, RepairLimits, RepairPolicy
from naosu.domain.report import Delivery, Report, ReportKind
from naosu.pipeline.digest import Digester
from naosu.pipeline.repairing import Repairer, Rules
from naosu.ports.store.repairs import AttemptQuery
from naosu.queue.memory import MemoryInbox
from naosu.storage.memory import MemoryStore
from naosu.wiring.repair_rules import shipped_playbooks
from naosu.wiring.targets import GroundTarget
from naosu_sdk.classify import Matcher

FAULTS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "faults"
PYTHON = os.environ.get("NAOSU_FAULT_PYTHON", "")
MATCHER = Matcher.load()

pytestmark = [
    pytest.mark.skipif(not FAULTS.exists(), reason="faulty applications (../shared/data/faults) are absent"),
    pytest.mark.skipif(not PYTHON, reason="NAOSU_FAULT_PYTHON names no environment for faulty applications"),
]


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


class World:
    """A store with one issue, and the application that caused it."""

    def __init__(self, folder: Path, mode: Mode, target_of=GroundTarget) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.project, key = self.store.create_project(name="Orders", slug="orders", now=self.clock.now())
        self.source = folder / "app"
        shutil.copytree(FAULTS / "response_streaming_body", self.source)
        for path in (self.source, *self.source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.broken = (self.source / "middleware" / "audit.py").read_text()
        start = f"{PYTHON} -m uvicorn app:app --port {{port}}"
        self.ground = Ground(project="orders", source=str(self.source), start=start, modes={"default": mode})
        limits = RepairLimits(boot_grace_s=0, cooldown_s=0)
        rules = Rules(policy=RepairPolicy(limits=limits, projects=(self.ground,)), playbooks=shipped_playbooks())
        self.backups = folder / "repairs"
        self.backups.mkdir()
        self.repairer = Repairer(
            self.store,
            self.clock,
            rules=lambda: rules,
            open_target=lambda ground: target_of(ground, backup_dir=self.backups),
            owner="test",
        )
        self.key_id = key.id
        self.report()

    def report(self) -> None:
        """Let the application report its fault, as an SDK does."""
        event = {
            "event_id": os.urandom(16).hex(),
            "platform": "python",
            "request": {"method": "GET", "url": "http://orders.example/orders/7"},
            "exception": {
                "values": [
                    {
                        "type": "AttributeError",
                        "value": "'_StreamingResponse' object has no attribute 'body'",
                        "stacktrace": {
                            "frames": [
                                {
                                    "filename": "middleware/audit.py",
                                    "abs_path": "/srv/orders/middleware/audit.py",
                                    "module": "middleware.audit",
                                    "function": "dispatch",
                                    "lineno": 13,
                                    "context_line": "        body = response.body",
                                    "in_app": True,
                                }
                            ]
                        },
                    }
                ]
            },
        }
        inbox = MemoryInbox()
        digester = Digester(inbox=inbox, store=self.store, clock=self.clock, matcher=MATCHER, pseudonym_key=b"k" * 32)
        report = Report(
            project_id=self.project.id,
            key_id=self.key_id,
            kind=ReportKind.STORE,
            received_at=self.clock.now(),
            body=json.dumps(event).encode(),
        )
        digester.digest([Delivery(delivery_id=f"t/1-1/{os.urandom(4).hex()}", redelivered=False, content=report)])

    def attempt(self):
        [attempt] = self.store.list_attempts(AttemptQuery())
        return attempt

    def audited(self) -> list[str]:
        return [entry.what for entry in self.store.list_audit()]

    def content(self) -> str:
        return (self.source / "middleware" / "audit.py").read_text()


def test_in_mode_auto_a_fault_is_mended_measured_and_its_issue_resolved(tmp_path: Path):
    world = World(tmp_path, Mode.AUTO)
    world.repairer.step()
    attempt = world.attempt()
    assert (attempt.state, attempt.verdict) == (AttemptState.FIXED, Verdict.FIXED), attempt.checks
    assert attempt.fixer == "response_streaming_body"
    assert world.content() != world.broken
    issues = world.store.find_issues(IssueQuery(), now=world.clock.now()).issues
    assert [issue.status.value for issue in issues] == ["resolved"]
    assert world.audited()[-1].startswith("attempt.") or "lease" in world.audited()[-1]


def test_by_default_only_what_would_have_been_done_is_stored(tmp_path: Path):
    world = World(tmp_path, Mode.OBSERVE)
    world.repairer.step()
    world.repairer.step()
    assert world.attempt().state is AttemptState.PROPOSED
    assert world.content() == world.broken


def test_in_mode_approve_nothing_runs_before_a_person_said_yes(tmp_path: Path):
    world = World(tmp_path, Mode.APPROVE)
    world.repairer.step()
    attempt = world.attempt()
    assert (attempt.state, world.content()) == (AttemptState.PROPOSED, world.broken)
    now = world.clock.now()
    world.store.add_approval(
        Approval(
            attempt_id=attempt.id,
            plan_key=attempt.plan.key,
            target_state=attempt.target_state,
            by="ann@example.org",
            granted=True,
            given_at=now,
            expires_at=now + timedelta(minutes=15),
        )
    )
    world.repairer.step()
    assert world.attempt().state is AttemptState.FIXED


def test_a_checkout_that_changed_since_voids_the_plan(tmp_path: Path):
    world = World(tmp_path, Mode.APPROVE)
    world.repairer.step()
    (world.source / "middleware" / "audit.py").write_text(world.broken + "\n# somebody works here\n")
    attempt = world.attempt()
    now = world.clock.now()
    approval = Approval(
        attempt_id=attempt.id,
        plan_key=attempt.plan.key,
        target_state=attempt.target_state,
        by="ann@example.org",
        granted=True,
        given_at=now,
        expires_at=now + timedelta(minutes=15),
    )
    world.store.add_approval(approval)
    world.repairer.step()
    assert [one.state for one in world.store.list_attempts(AttemptQuery())][-1] is AttemptState.WITHDRAWN


class SurvivesNothing(GroundTarget):
    """Measures worse than it was, whatever is done to it."""

    def measure(self, trial):
        _, checks = super().measure(trial)
        return Verdict.WORSE, checks


def test_what_turns_out_worse_is_undone_and_the_record_says_so(tmp_path: Path):
    world = World(tmp_path, Mode.AUTO, SurvivesNothing)
    world.repairer.step()
    attempt = world.attempt()
    assert (attempt.state, attempt.verdict, attempt.left) == (AttemptState.ROLLED_BACK, Verdict.WORSE, ())
    assert world.content() == world.broken


class DiesWhileMeasuring(GroundTarget):
    """Ends as a killed process does: in the middle, without a word."""

    def measure(self, trial):
        raise KeyboardInterrupt


def test_an_attempt_whose_process_died_is_brought_back_by_the_next_one(tmp_path: Path):
    world = World(tmp_path, Mode.AUTO, DiesWhileMeasuring)
    with pytest.raises(KeyboardInterrupt):
        world.repairer.step()
    assert world.attempt().state is AttemptState.VERIFYING
    assert world.content() != world.broken
    world.clock.time += timedelta(minutes=5)
    world.repairer.step()
    attempt = next(one for one in world.store.list_attempts(AttemptQuery()) if one.reason == "interrupted")
    assert (attempt.state, attempt.verdict, attempt.left) == (AttemptState.ROLLED_BACK, Verdict.CANNOT_TELL, ())


def test_a_stop_holds_up_everything(tmp_path: Path):
    world = World(tmp_path, Mode.AUTO)
    world.store.stop_repair(by="ann@example.org", now=world.clock.now())
    world.repairer.step()
    assert world.store.list_attempts(AttemptQuery()) == []
    assert world.content() == world.broken


def test_a_source_that_is_gone_is_passed_over(tmp_path: Path):
    world = World(tmp_path, Mode.AUTO)
    shutil.rmtree(world.source)
    world.repairer.step()
    assert world.store.list_attempts(AttemptQuery()) == []
