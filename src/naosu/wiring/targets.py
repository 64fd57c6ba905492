"""Targets as naosu.yaml names them: a checkout, a way to restart, and a URL that answers while all is well."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from naosu.actions.apply_fix import Applied, Commit, apply_plan, undo_plan
from naosu.actions.apply_fix.state import state_of
from naosu.actions.errors import ActionFailedError
from naosu.actions.restart.action import Restart, RestartParameters
from naosu.domain.repair import Check, Plan, Verdict
from naosu.domain.repair_policy import Ground
from naosu.fixers import load_fixers
from naosu.pipeline.mend import Mender
from naosu.ports.action import Scene
from naosu.ports.target import InForce, Trial
from naosu.repair.judge import judge
from naosu.repair.reading import read_event
from naosu.scratch.laboratory import ScratchLaboratory
from naosu.scratch.tree import DirectoryTree

_HEALTHY_WITHIN_S = 30.0
_ASK_EVERY_S = 0.5


class PlanInForce:
    """A plan in force in a checkout."""

    def __init__(self, applied: Applied) -> None:
        self._applied = applied

    def keep(self) -> None:
        """Say that it stays."""
        self._applied.keep()

    def roll_back(self) -> tuple[str, ...]:
        """Make everything what it was."""
        return self._applied.roll_back().left


class GroundTarget:
    """Satisfies `naosu.ports.target.Target` for an application on this machine."""

    def __init__(self, ground: Ground, *, backup_dir: Path) -> None:
        self.ground = ground
        self._source = Path(ground.source)
        self._backup_dir = backup_dir

    def examine(self, payload: bytes) -> Sequence[Trial]:
        """Diagnose an event's fault, and try what would mend it."""
        with self._mender() as mender:
            diagnosed = mender.diagnose(read_event(payload, mender.source))
            return [
                Trial(finding=finding, tried=tried, baselines=diagnosed.baselines)
                for finding in diagnosed.findings
                for tried in list(mender.try_out(diagnosed, finding))[-1:]
            ]

    def state(self, plan: Plan) -> str:
        """Return a hash over the files and databases of a plan; other commits do not change it."""
        state = state_of(self._source, plan)
        return hashlib.sha256(msgspec.json.encode((state.files, state.databases), order="deterministic")).hexdigest()

    def apply(self, plan: Plan) -> InForce:
        """Commit it where there is git, and restart."""
        applied = apply_plan(self._source, plan, mode=Commit(), backup_dir=self._backup_dir)
        if said := self.restart():
            left = applied.roll_back().left
            self.restart()
            raise ActionFailedError("; ".join((said, *left)))
        return PlanInForce(applied)

    def measure(self, trial: Trial) -> tuple[Verdict, tuple[Check, ...]]:
        """Run what the checkout holds now in a scratch copy, as before; then ask the real one how it is."""
        healthy = self._healthy()
        with self._mender() as mender:
            requests = [exchange.request for exchange in trial.baselines[0].exchanges]
            after = mender.observe_in_force(requests, trial.tried.plan)
        verdict, checks = judge(trial.finding, trial.tried.plan, baselines=trial.baselines, after=after)
        if healthy is None:
            return verdict, checks
        return (verdict if healthy.ok else Verdict.WORSE), (*checks, healthy)

    def restart(self) -> str:
        """Start the application anew, where naosu.yaml says how."""
        action, parameters = Restart(), RestartParameters()
        if self.ground.restart is None:
            return ""
        scene = Scene(key=self.ground.name, ground=self.ground, backup_dir=self._backup_dir, is_operators=True)
        try:
            if said := action.why_not(parameters, scene):
                return said
            action.apply(parameters, scene)
        except ActionFailedError as error:
            return str(error)
        return ""

    def recover(self, plan: Plan) -> tuple[str, ...]:
        """Undo what of a plan a process that died has put in force."""
        return undo_plan(self._backup_dir, plan.key)

    def _healthy(self) -> Check | None:
        """Ask the health URL until it answers 2xx."""
        url = self.ground.health_url
        if not url:
            return None
        deadline = time.monotonic() + _HEALTHY_WITHIN_S
        said = "no answer"
        while time.monotonic() < deadline:
            try:
                answer = httpx.get(url, timeout=5)
            except httpx.HTTPError as error:
                said = str(error)
            else:
                if answer.is_success:
                    return Check(name="health", ok=True, detail=f"{url} answers {answer.status_code}")
                said = f"it answers {answer.status_code}"
            time.sleep(_ASK_EVERY_S)
        return Check(name="health", ok=False, detail=f"expected: {url} answers 2xx; {said}")

    @contextmanager
    def _mender(self) -> Iterator[Mender]:
        ground = self.ground
        databases = [ground.database] if ground.database else []
        laboratory = ScratchLaboratory(
            self._source, start=ground.start or None, databases=databases, tests=ground.tests or None
        )
        try:
            yield Mender(
                source=DirectoryTree(self._source), laboratory=laboratory, fixers=load_fixers(), databases=databases
            )
        finally:
            laboratory.close()
