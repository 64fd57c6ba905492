"""The verdict on a plan that was tried: pure measures of what was observed before and after."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Exchange, Observation
from naosu.domain.repair import Check, Expectation, Finding, Plan, Verdict
from naosu.repair.answers import did_stream
from naosu.repair.expected import answers_wrongly, expectation_of, shortcomings
from naosu.repair.healthy import check_healthy
from naosu.repair.signature import (
    described,
    due_to_made_up_input,
    is_cut_off,
    is_same,
    new_crashes,
    signature,
    signatures,
    still_there,
    written_by,
)
from naosu.repair.silencing import silencing
from naosu.repair.tracebacks import Chain

_BAD_REQUEST = 400
_SERVER_FAULT = 500
_SLOW_S = 0.35
_OF_STREAMS = re.compile(r"Streaming|body_iterator|Stream consumed|declared Content-Length|than Content-Length")
_BREAKS = frozenset({"healthy_requests", "headers", "streaming", "schema", "row_counts", "tests", "log_lines"})
"""What was well before: where one of these fails, the plan has made it worse."""
_NEEDED = frozenset({"proof", "healthy_requests"})
"""Where one of these could not be measured, nothing is proved."""
_DETAILS_MAX = 6


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that was tried, and what was observed before and after."""

    finding: Finding
    plan: Plan
    baselines: Sequence[Observation]
    after: Observation

    @property
    def booted_before(self) -> bool:
        """The application started, whenever it was tried."""
        return all(run.started for run in self.baselines)


def judge(
    finding: Finding, plan: Plan, *, baselines: Sequence[Observation], after: Observation
) -> tuple[Verdict, tuple[Check, ...]]:
    """Say whether a plan mended its fault and nothing else changed, and by which checks.

    *Fixed* takes all of it: the fault was seen in the application as it was (or the plan's own proof shows it), it is
    gone, the request that failed is answered rightly, and what worked works as before. *Worse*: something that was
    well is not any more. *Cannot tell*: nothing went wrong, but the fault was not seen to begin with, or a proof could
    not be had. *Not fixed*: the rest.

    Args:
        finding: What the plan is to mend.
        plan: What was tried.
        baselines: The application as it is, observed at least twice with the same requests: what differs between the
            first two varies by itself. Further ones may have sent the requests of the proof: there, too, the fault
            may be seen.
        after: With the plan in force: the same requests first, then those of its proof.
    """
    trial = Trial(finding=finding, plan=plan, baselines=baselines, after=after)
    checks = tuple(_checks(trial))
    return _verdict(trial, checks), checks


def _verdict(trial: Trial, checks: Sequence[Check]) -> Verdict:
    failed = {check.name for check in checks if check.ok is False}
    unbootable = trial.booted_before and failed & {"boot", "parse"}
    if failed & _BREAKS or unbootable:
        return Verdict.WORSE
    if failed:
        return Verdict.NOT_FIXED
    unproven = any(check.name in _NEEDED and check.ok is None for check in checks)
    return Verdict.CANNOT_TELL if unproven or not _was_seen(trial) else Verdict.FIXED


def _checks(trial: Trial) -> Iterator[Check]:
    yield from _parse(trial.plan)
    if hidden := list(silencing(trial.plan.edits, trial.finding.crashes)):
        yield _check("silencing", False, "the fault is mended, not hidden", hidden)
    yield _boot(trial)
    if not trial.after.started:
        return
    yield _signature(trial)
    yield from _new_crashes(trial)
    yield from _replay(trial)
    yield from _proof(trial)
    yield from _held_back(trial)
    yield from check_healthy(
        trial.plan, baselines=trial.baselines, after=trial.after, failing=frozenset(_failing(trial))
    )


def _parse(plan: Plan) -> Iterator[Check]:
    edits = [edit for edit in plan.edits if edit.path.endswith(".py") and edit.after is not None]
    if not edits:
        return
    wrong = [f"{edit.path}: {error}" for edit in edits if (error := _syntax_error(edit.after or ""))]
    yield _check("parse", not wrong, "every changed file parses", wrong)


def _syntax_error(text: str) -> str:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        return str(error)
    return ""


def _boot(trial: Trial) -> Check:
    if trial.after.started:
        came = "it did" if trial.booted_before else "it did, which it did not before"
        return Check(name="boot", ok=True, detail=f"expected: it starts; {came}")
    why = described(trial.after.crashes[-1]) if trial.after.crashes else _last_line(trial.after.log)
    return Check(name="boot", ok=False, detail=f"expected: it starts; but: {why}")


def _signature(trial: Trial) -> Check:
    there = still_there(trial.finding.crashes, trial.after, trial.baselines)
    left = [*map(described, there)]
    left += [f"the log still says {found!r}" for found in _found(trial.plan.proof.gone, trial.after.log)]
    wanted = [str(kind) for kind in signatures(trial.finding.crashes)] or list(trial.plan.proof.gone)
    if not wanted:
        return Check(name="signature", ok=None, detail="the fault leaves no trace in the log by which to know it")
    return _check("signature", not left, f"gone from the log: {'; '.join(sorted(wanted))}", left)


def _new_crashes(trial: Trial) -> Iterator[Check]:
    excused = list(_uncovered(trial))
    fresh = [
        described(crash)
        for crash in new_crashes(trial.after, trial.baselines, trial.finding.crashes)
        if not any(is_same(chain, crash) for chain in excused)
    ]
    yield _check("new_crashes", not fresh, "no crash that was not there before", fresh)


def _uncovered(trial: Trial) -> Iterator[Chain]:
    """Yield tracebacks of made-up requests that failed before: a fault behind this one."""
    for place, now in enumerate(trial.after.exchanges):
        if now.request.is_made_up and place < len(trial.baselines[0].exchanges):
            was = trial.baselines[0].exchanges[place].status
            if not 0 < was < _SERVER_FAULT:
                yield from written_by(now)


def _replay(trial: Trial) -> Iterator[Check]:
    """Check the answers that the proof expects, and those to the requests that failed by this fault."""
    wrong: list[str] = []
    right: list[str] = []
    for expected in trial.plan.proof.expect:
        exchange = _last(trial.after.exchanges, expected.request)
        said = shortcomings(expected, exchange)
        (wrong if said else right).append(said or f"{expected.request.line} is answered {_status(exchange)}")
    for exchange, said in _answers(trial):
        if expectation_of(trial.plan.proof, exchange.request) is None:
            (wrong if said else right).append(said or f"{exchange.request.line} is answered {exchange.status}")
    if not (wrong or right):
        yield Check(name="replay", ok=None, detail="no request of the evidence failed by this fault")
    else:
        told = f"right answers where it failed: {'; '.join(right[:_DETAILS_MAX]) or 'none came'}"
        yield _check("replay", not wrong, told, wrong)


def _answers(trial: Trial) -> Iterator[tuple[Exchange, str]]:
    """Yield the answers now to what failed by this fault, and what is wrong with each.

    Of an application that did not start, everything failed, and whatever answer comes is right if it is no failure.
    What only misses a network, or what a made-up request asked for in vain, does not count.
    """
    excused = due_to_made_up_input(trial.after)
    names = {raised.name for crash in trial.finding.crashes for raised in crash.chain}
    failing = _failing(trial) if trial.booted_before else range(len(trial.after.exchanges))
    for place in failing:
        now = trial.after.exchanges[place]
        is_broken = not now.status or now.status >= _SERVER_FAULT
        written = {signature(chain) for chain in written_by(now)} if is_broken else set()
        if written and all(is_cut_off(kind) or kind in excused for kind in written):
            continue
        is_kept = not is_broken and (
            not trial.booted_before or now.status == trial.baselines[0].exchanges[place].status
        )
        yield now, "" if is_kept else answers_wrongly(now, names)


def _failing(trial: Trial) -> Iterator[int]:
    """Yield the places of the requests that failed by this fault before: in the first run, or in the second."""
    runs = [run.exchanges for run in trial.baselines[:2]]
    for place in range(min(len(trial.after.exchanges), *map(len, runs))):
        if any(_failed_by(run[place], trial) for run in runs):
            yield place


def _failed_by(exchange: Exchange, trial: Trial) -> bool:
    written = written_by(exchange)
    if any(is_same(chain, crash) for chain in written for crash in trial.finding.crashes):
        return True
    if written or 0 < exchange.status < _SERVER_FAULT:
        return False
    every = signatures(crash for run in trial.baselines for crash in run.crashes)
    return bool(every) and every <= signatures(trial.finding.crashes)  # nothing else was wrong, so it was this


def _held_back(trial: Trial) -> Iterator[Check]:
    """Check, where the fault was with streams, that slow answers come bit by bit: before, there was none to compare."""
    told = " ".join(raised.message for crash in trial.finding.crashes for raised in crash.chain)
    if not trial.booted_before or not _OF_STREAMS.search(told):
        return
    slow = [one for one in (trial.after.exchanges[place] for place in _failing(trial)) if one.total_s >= _SLOW_S]
    held = [
        f"{one.request.line} took {one.total_s:.2f} s, all of it before its first byte"
        for one in slow
        if one.status < _BAD_REQUEST and not did_stream(one)
    ]
    if slow:
        yield _check("replay", not held, "what takes long to come is streamed", held)


def _proof(trial: Trial) -> Iterator[Check]:
    if not trial.plan.proof.script:
        return
    said = trial.after.proof_detail or {None: "it could not run", True: "yes", False: "no"}[trial.after.proof_ok]
    yield Check(name="proof", ok=trial.after.proof_ok, detail=f"expected: {trial.plan.proof.text}; it says: {said}")


def _was_seen(trial: Trial) -> bool:
    """Tell whether the fault showed itself in the application as it was, or the proof tells it from the repaired."""
    proof = trial.plan.proof
    kinds = signatures(trial.finding.crashes)
    for run in trial.baselines:
        if kinds & signatures(run.crashes) or any(_found(proof.gone, run.log)):
            return True
        if any(_violated(run.exchanges, proof.expect)):
            return True
    proven_before = any(run.proof_ok for run in trial.baselines)
    return bool(proof.script) and trial.after.proof_ok is True and not proven_before


def _violated(exchanges: Sequence[Exchange], expected: Iterable[Expectation]) -> Iterator[bool]:
    for one in expected:
        exchange = _last(exchanges, one.request)
        if exchange is not None and shortcomings(one, exchange):
            yield True


def _last(exchanges: Sequence[Exchange], request: WebRequest) -> Exchange | None:
    """Return the last answer to a request: those of the proof are sent last."""
    return next((one for one in reversed(exchanges) if same_request(one.request, request)), None)


def same_request(one: WebRequest, other: WebRequest) -> bool:
    """Tell whether two requests are sent alike."""
    return (one.method, one.path, one.body, _headers(one)) == (other.method, other.path, other.body, _headers(other))


def _headers(request: WebRequest) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in request.headers)


def _found(patterns: Iterable[str], log: str) -> Iterator[str]:
    yield from (found[0] for pattern in patterns if (found := re.search(pattern, log)))


def _status(exchange: Exchange | None) -> str:
    return str(exchange.status) if exchange else "nothing"


def _last_line(log: str) -> str:
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "it wrote nothing")


def _check(name: str, ok: bool, expected: str, wrong: Sequence[str]) -> Check:
    came = "; ".join(wrong[:_DETAILS_MAX]) + ("; …" if len(wrong) > _DETAILS_MAX else "")
    return Check(name=name, ok=ok, detail=f"expected: {expected}" + (f"; but: {came}" if wrong else ""))
