"""The pipeline `mend`: evidence in; diagnoses, tried plans and verdicts out. Nothing here touches the real tree."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from naosu.domain.evidence import Crash, FaultEvidence, WebRequest
from naosu.domain.observation import Observation
from naosu.domain.repair import Check, Finding, Plan, Tried, Verdict
from naosu.ports.fixer import Fixer, SourceTree
from naosu.ports.laboratory import Laboratory
from naosu.repair.judge import judge
from naosu.repair.reading import join_evidence, read_log
from naosu.repair.requests import REQUESTS_MAX, choose_requests
from naosu.repair.signature import Signature, signature, signatures, written_by

_LOG = structlog.get_logger(__name__)
_LAST_RESORT = 0.5
"""A confidence up to here belongs to what is worth doing only where nothing else is wrong."""
_PLANS_MAX = 4
"""Of one finding: what the first few do not mend, the next will hardly."""

_SURE = 0.7

DESCRIBE = """
import importlib, json, sys
argument = json.loads(sys.argv[1])
import importlib.metadata as metadata
print(json.dumps({"versions": {one.metadata["Name"].lower(): one.version for one in metadata.distributions()
                               if one.metadata["Name"]}}))
"""


class Workbench:
    """What fixers may look at: satisfies `naosu.ports.fixer.Workplace`."""

    def __init__(
        self,
        *,
        source: SourceTree,
        laboratory: Laboratory,
        evidence: FaultEvidence,
        given: FaultEvidence,
        baseline: Observation,
        databases: Sequence[str],
    ) -> None:
        self.source = source
        self.evidence = evidence
        self.given = given
        self.baseline = baseline
        self._laboratory = laboratory
        self._databases = tuple(databases)
        self._versions: Mapping[str, str] | None = None

    @property
    def databases(self) -> tuple[str, ...]:
        """SQLAlchemy URLs of the application's databases: what was given, else what it says itself."""
        return self._databases

    def version(self, distribution: str) -> tuple[int, ...] | None:
        """Return the version that is installed in the application's own environment. None: it is not there."""
        if self._versions is None:
            self._versions = self.ask(DESCRIBE).get("versions") or {}
        text = self._versions.get(distribution.lower())
        if text is None:
            return None
        numbers = [part for part in text.replace("+", ".").split(".") if part[:1].isdigit()]
        return tuple(int("".join(char for char in part if char.isdigit())) for part in numbers)

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> Mapping[str, Any]:
        """Run a program of ours with the application's interpreter in a scratch copy."""
        return self._laboratory.ask(script, argument, timeout_s=timeout_s)


class Diagnosed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and against what its repair will be judged.

    Attributes:
        findings: The surest first.
        advice: What could be better, but nobody complained of and nothing failed by: never acted upon.
        baselines: The application as it is, observed twice, so that what varies by itself is known; and once more by
            the requests of proofs, where the fault was not seen before.
    """

    evidence: FaultEvidence
    requests: tuple[WebRequest, ...]
    baselines: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    advice: tuple[Finding, ...] = ()


class Mender:
    """Diagnoses one application, and tries what would mend it, in scratch copies only."""

    def __init__(
        self,
        *,
        source: SourceTree,
        laboratory: Laboratory,
        fixers: Sequence[Fixer],
        databases: Sequence[str] = (),
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Join the parts. `tell` hears what is being done, in a few words."""
        self.source = source
        self._laboratory = laboratory
        self._fixers = fixers
        self._databases = databases
        self._tell = tell

    def diagnose(
        self, given: FaultEvidence, requests: Sequence[WebRequest] = (), *, anything: bool = False
    ) -> Diagnosed:
        """Run the application as it is, and ask every fixer what is wrong with it.

        Args:
            given: What somebody met.
            requests: To send beside those in the evidence.
            anything: Whatever goes wrong in its runs counts as a fault that somebody met.
        """
        self._tell("reading the application's routes")
        described = self._laboratory.describe()
        chosen = choose_requests(given, given=requests, described=described, source=self.source)
        self._tell(f"running it as it is, with {len(chosen)} requests, twice")
        first = self.observe(chosen)
        second = self.observe(chosen)
        evidence = join_evidence(given, read_log(first.log, self.source), read_log(second.log, self.source))
        work = Workbench(
            source=self.source,
            laboratory=self._laboratory,
            evidence=evidence,
            given=given,
            baseline=first,
            databases=self._databases or described.databases,
        )
        self._tell("diagnosing")
        ranked = tuple(_ranked(self._findings(work)))
        told = _told_of(given, (first, second), anything=anything)
        findings = tuple(finding for finding in ranked if not _is_advice(finding, told))
        asked = _asked_by_proofs(findings, (first, second))
        return Diagnosed(
            evidence=evidence,
            requests=chosen,
            baselines=(first, second, self.observe(asked)) if asked else (first, second),
            findings=findings,
            advice=tuple(finding for finding in ranked if _is_advice(finding, told)),
        )

    def observe(self, requests: Sequence[WebRequest], plan: Plan | None = None) -> Observation:
        """Observe a scratch copy, and read the tracebacks in its log."""
        observation = self._laboratory.observe(requests, plan)
        return msgspec.structs.replace(observation, crashes=read_log(observation.log, self.source).crashes)

    def observe_in_force(self, requests: Sequence[WebRequest], plan: Plan) -> Observation:
        """Observe the tree with the plan already applied to it, by the plan's own proof."""
        return self.observe(requests, msgspec.structs.replace(plan, edits=(), sql=()))

    def try_out(self, diagnosed: Diagnosed, finding: Finding) -> Iterator[Tried]:
        """Try the plans of a finding, each in a copy of its own, until one verifies."""
        for plan in finding.plans[:_PLANS_MAX]:
            self._tell(f"trying in a scratch copy: {plan.summary}")
            tried = self._try_one(diagnosed, finding, plan)
            yield tried
            if tried.verdict is Verdict.FIXED:
                return

    def _try_one(self, diagnosed: Diagnosed, finding: Finding, plan: Plan) -> Tried:
        after = self.observe(diagnosed.requests, plan)
        verdict, checks = judge(finding, plan, baselines=diagnosed.baselines, after=after)
        return Tried(
            fixer=finding.diagnosis.fixer,
            plan=plan,
            verdict=verdict,
            checks=(*checks, *(Check(name="sandbox", ok=None, detail=line) for line in after.isolation)),
            where="scratch",
            seconds=after.seconds,
        )

    def _findings(self, work: Workbench) -> Iterator[Finding]:
        for fixer in self._fixers:
            try:
                yield from fixer.find(work)
            except Exception:  # noqa: BLE001 # why: the plugin boundary: a fixer that fails must not hide what the others find
                _LOG.exception("fixer.failed", fixer=fixer.name)


def _asked_by_proofs(findings: Sequence[Finding], runs: Sequence[Observation]) -> list[WebRequest]:
    """Return the requests by which the plans of faults that no run has shown will be judged."""
    shown = signatures(crash for run in runs for crash in run.crashes)
    return [
        expected.request
        for finding in findings
        if shown.isdisjoint(signatures(finding.crashes))
        for plan in finding.plans[:_PLANS_MAX]
        for expected in plan.proof.expect
    ][:REQUESTS_MAX]


def _ranked(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield the surest first; of two that would do the same, or explain the same crash less surely, only one."""
    seen_plans: set[str] = set()
    explained: set[Crash] = set()
    ordered = sorted(findings, key=lambda one: -one.diagnosis.confidence)
    if ordered and ordered[0].diagnosis.confidence > _LAST_RESORT:
        ordered = [finding for finding in ordered if finding.diagnosis.confidence > _LAST_RESORT]
    for finding in ordered:
        plans = tuple(plan for plan in finding.plans if _effect(plan) not in seen_plans)
        if (finding.plans and not plans) or (finding.crashes and explained.issuperset(finding.crashes)):
            continue
        seen_plans.update(map(_effect, plans))
        if plans:
            explained.update(finding.crashes)
        yield msgspec.structs.replace(finding, plans=plans)


def _told_of(given: FaultEvidence, baselines: Sequence[Observation], *, anything: bool) -> frozenset[Signature]:
    """Return the signatures of the crashes that somebody met: in what was given, or by a request not made up."""
    written = (
        chain
        for run in baselines
        for exchange in run.exchanges
        if not exchange.request.is_made_up
        for chain in written_by(exchange)
    )
    seen = signatures(crash for run in baselines if anything or not run.started for crash in run.crashes)
    return signatures(given.crashes) | seen | {signature(chain) for chain in written}


def _is_advice(finding: Finding, told: frozenset[Signature]) -> bool:
    """Say whether a finding is no fault that anybody met: nothing failed by it, or only what we made up to send."""
    if finding.crashes:
        return told.isdisjoint(signatures(finding.crashes))
    return finding.diagnosis.confidence < _SURE


def _effect(plan: Plan) -> str:
    return json.dumps([plan.diff(), [list(sql.statements) for sql in plan.sql], plan.action, plan.arguments])
