"""`naosu fix` joined: a laboratory, the fixers, the pipeline, and the hand that applies what was proved."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from naosu.actions.apply_fix import Branch, Commit, Mode, PatchFile, apply_plan
from naosu.actions.apply_fix.resume import Ending, forget, reopen, resume
from naosu.domain.errors import InvalidInputError, NaosuError
from naosu.domain.evidence import Crash, FaultEvidence, WebRequest
from naosu.domain.repair import Check, Diagnosis, Finding, Risk, Tried, Verdict
from naosu.fixers import load_fixers
from naosu.pipeline.mend import Diagnosed, Mender
from naosu.repair.judge import judge
from naosu.repair.reading import join_evidence, read_event, read_log
from naosu.repair.requests import parse_request as read_request
from naosu.scratch.laboratory import ScratchLaboratory
from naosu.scratch.tree import DirectoryTree

ROUNDS_MAX = 5
"""A repaired fault may uncover another; more than these want a person."""

_SURE = 0.9
_BACKUPS_KEPT_S = 30 * 24 * 3600.0


class FixReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found and did.

    Attributes:
        findings: Each once, in the order in which they were found.
        outcomes: The verdict on each finding, in the same order.
        tried: Every plan that was tried, in order.
        notes: What a person should know beside that.
        advice: What could be better, though nothing failed by it.
    """

    findings: tuple[Finding, ...]
    outcomes: tuple[Verdict, ...]
    tried: tuple[Tried, ...]
    notes: tuple[str, ...] = ()
    advice: tuple[Diagnosis, ...] = ()

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What was found."""
        return tuple(finding.diagnosis for finding in self.findings)


class Fixing:
    """One run of `naosu fix`, as a context manager that leaves no scratch copy behind."""

    def __init__(
        self,
        *,
        source: Path,
        start: str = "",
        python: Path | None = None,
        requests: Sequence[str] = (),
        databases: Sequence[str] = (),
        tests: str = "",
        applies: bool = False,
        branch: str | None = None,
        patch: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
        **_: Any,
    ) -> None:
        self._source = source
        self._requests = [_request(line) for line in requests]
        self._tell = tell
        self._mode = _mode(applies=applies, branch=branch, patch=patch)
        self._databases = tuple(databases)
        self._new_laboratory = partial(
            ScratchLaboratory, source, python=python, start=start or None, databases=databases, tests=tests or None
        )
        self._stack = ExitStack()
        self._notes: list[str] = []
        self._advice: dict[str, Diagnosis] = {}
        self._findings: list[Finding] = []
        self._outcomes: list[Verdict] = []
        self._tried: list[Tried] = []

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _begin(self) -> None:
        """Look at the tree as it is now."""
        self._stack.close()
        self._tell("copying the application")
        laboratory = self._new_laboratory()
        self._stack.callback(laboratory.close)
        self._tree = DirectoryTree(self._source)
        self._mender = Mender(
            source=self._tree,
            laboratory=laboratory,
            fixers=load_fixers(),
            databases=self._databases,
            tell=self._tell,
        )

    def read_log(self, text: str) -> FaultEvidence:
        """Read what a server printed."""
        return read_log(text, self._tree)

    def read_event(self, payload: dict[str, Any]) -> FaultEvidence:
        """Read a stored event's payload."""
        return read_event(payload, self._tree)

    def run(self, evidence: Iterable[FaultEvidence]) -> FixReport:
        """Diagnose, try and, where asked for, apply; again while that uncovers more."""
        if isinstance(self._mode, Commit):
            self._end_interrupted()
            self._begin()
        given = join_evidence(*evidence)
        anything = not (given.log.strip() or given.crashes)
        for _ in range(ROUNDS_MAX if isinstance(self._mode, Commit) else 1):
            diagnosed = self._mender.diagnose(given, self._requests, anything=anything)
            self._advice = {one.diagnosis.fixer: one.diagnosis for one in diagnosed.advice}
            mended = self._mend_first(diagnosed)
            if mended is None:
                break
            given = _without(given, mended.crashes)
        return FixReport(
            findings=tuple(self._findings),
            outcomes=tuple(self._outcomes),
            tried=tuple(self._tried),
            notes=tuple(self._notes),
            advice=tuple(self._advice.values()),
        )

    def _mend_first(self, diagnosed: Diagnosed) -> Finding | None:
        """Work through the findings until the real tree has changed, and return the finding that changed it."""
        for finding in diagnosed.findings:
            if any(finding.diagnosis == known.diagnosis for known in self._findings):
                continue
            tried = list(self._mender.try_out(diagnosed, finding))
            self._tried += tried
            best = _best(tried)
            self._findings.append(finding)
            self._outcomes.append(best.verdict if best else Verdict.NOT_FIXED)
            if best is None or self._mode is None or not _may_apply(finding, best):
                continue
            done = self._apply(diagnosed, finding, best, self._mode)
            self._tried.append(done)
            self._outcomes[-1] = done.verdict
            if isinstance(self._mode, Commit) and not done.rolled_back and not done.left:
                return finding
        return None

    def _apply(self, diagnosed: Diagnosed, finding: Finding, best: Tried, mode: Mode) -> Tried:
        """Do it for real, measure again, and undo it when it does not do what it did in the scratch copy."""
        self._tell(f"applying: {best.plan.summary}")
        try:
            applied = apply_plan(self._source, best.plan, mode=mode, backup_dir=_backup_dir())
        except NaosuError as error:
            refused = Check(name="apply", ok=False, detail=f"{error} {error.mend}".strip())
            left = tuple(getattr(error, "left", ()))
            return _real(best, Verdict.NOT_FIXED, (refused,), rolled_back=True, left=left)
        self._notes += applied.notes
        if not isinstance(mode, Commit):
            applied.keep()
            return _real(best, best.verdict, best.checks)
        try:
            verdict, checks = self._measure(diagnosed, finding, best)
        except BaseException:  # why: an interrupt too must leave nothing in force that was not measured; it goes on
            applied.roll_back()
            raise
        if verdict is Verdict.FIXED or (verdict is Verdict.CANNOT_TELL and best.verdict is Verdict.CANNOT_TELL):
            applied.keep()
            return _real(best, verdict, checks)
        undone = applied.roll_back()
        self._begin()
        proof = Check(name="rolled_back", ok=not undone.left, detail="; ".join(undone.left) or "all as it was, by hash")
        return _real(best, verdict, (*checks, proof), rolled_back=True, left=undone.left)

    def _measure(self, diagnosed: Diagnosed, finding: Finding, best: Tried) -> tuple[Verdict, tuple[Check, ...]]:
        self._begin()
        self._tell("measuring again")
        after = self._mender.observe_in_force(diagnosed.requests, best.plan)
        return judge(finding, best.plan, baselines=diagnosed.baselines, after=after)

    def _end_interrupted(self) -> None:
        """Undo what an earlier run put in force here and never measured, because it was killed."""
        backups = _backup_dir()
        for ended in resume(backups):
            if ended.ending is Ending.ROLLED_BACK:
                self._notes += ("An interrupted repair was undone.", *ended.left)
            applied = reopen(ended.folder) if ended.ending is Ending.IN_FORCE else None
            if applied is None:
                continue
            if applied.source.resolve() == self._source.resolve():
                left = applied.roll_back().left
                self._notes.append(f"An interrupted repair was undone: {applied.plan.summary}")
                self._notes += left
            else:
                applied.release()
        forget(backups, older_than_s=_BACKUPS_KEPT_S, now_s=time.time())


def _request(line: str) -> WebRequest:
    if request := read_request(line):
        return request
    raise InvalidInputError(f"{line!r} is no request.", mend='Write it as "GET /orders/7" or "POST /orders {…}".')


def _mode(*, applies: bool, branch: str | None, patch: Path | None) -> Mode | None:
    if branch:
        return Branch(branch)
    if patch:
        return PatchFile(str(patch))
    return Commit() if applies else None


def _backup_dir() -> Path:
    """Return where backups are kept, for people who want to undo a repair later."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    folder = Path(state).expanduser() / "naosu" / "repairs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _real(
    best: Tried, verdict: Verdict, checks: tuple[Check, ...], *, rolled_back: bool = False, left: tuple[str, ...] = ()
) -> Tried:
    return msgspec.structs.replace(
        best, verdict=verdict, checks=checks, where="real", rolled_back=rolled_back, left=left
    )


def _best(tried: Sequence[Tried]) -> Tried | None:
    order = (Verdict.FIXED, Verdict.CANNOT_TELL, Verdict.NOT_FIXED, Verdict.WORSE)
    return min(tried, key=lambda one: order.index(one.verdict), default=None)


def _may_apply(finding: Finding, best: Tried) -> bool:
    """Say whether a plan may reach the real tree: proved, or too sure to leave out though nobody could provoke it."""
    if best.verdict is Verdict.FIXED:
        return True
    is_sure = finding.diagnosis.confidence >= _SURE and best.plan.risk is Risk.LOW and bool(finding.crashes)
    return best.verdict is Verdict.CANNOT_TELL and is_sure and all(check.ok is not False for check in best.checks)


def _without(evidence: FaultEvidence, crashes: Sequence[Crash]) -> FaultEvidence:
    """Return the evidence without what has been dealt with, however often that was seen."""
    dealt_with = {crash.chain for crash in crashes}
    left = tuple(crash for crash in evidence.crashes if crash.chain not in dealt_with)
    return msgspec.structs.replace(evidence, crashes=left, log="")
