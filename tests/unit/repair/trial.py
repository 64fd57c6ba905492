"""Observations, findings and plans for tests of the judge, with as little written out as can be."""

from typing import Any

import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import CodeFrame, Crash, Raised, WebRequest
from naosu.domain.observation import Exchange, Observation
from naosu.domain.repair import Check, Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk, Verdict
from naosu.repair.judge import judge

JSON = (("content-type", "application/json"), ("content-length", "9"))
GET_ITEM = WebRequest(method="GET", path="/items/1")
GET_LIST = WebRequest(method="GET", path="/items")
POST_ITEM = WebRequest(method="POST", path="/items", body=b"{}")


def crash(kind: str = "AttributeError", message: str = "no body", file: str = "app.py", function: str = "f") -> Crash:
    frame = CodeFrame(path=f"/srv/{file}", source_path=file, line=3, function=function, code="x")
    return Crash(chain=(Raised(type=kind, message=message, frames=(frame,)),))


def printed(one: Crash) -> str:
    lines = ["Traceback (most recent call last):"]
    for frame in one.last.frames:
        lines += [f'  File "{frame.path}", line {frame.line}, in {frame.function}', f"    {frame.code}"]
    return "\n".join([*lines, f"{one.last.type}: {one.last.message}", ""])


FAULT = crash()


def answer(request: WebRequest = GET_LIST, status: int = 200, body: bytes = b'{"a": 1}', **other: Any) -> Exchange:
    values = {"headers": JSON, "first_byte_s": 0.01, "total_s": 0.011, **other}
    return Exchange(request=request, status=status, body=body, **values)


def failure(request: WebRequest = GET_ITEM, fault: Crash = FAULT) -> Exchange:
    return answer(request, 500, b"Internal Server Error", log=printed(fault))


def run(*exchanges: Exchange, crashes: tuple[Crash, ...] = (), **other: Any) -> Observation:
    log = "\n".join(exchange.log for exchange in exchanges if exchange.log)
    values = {"started": True, "log": log, **other}
    return Observation(exchanges=exchanges, crashes=crashes, **values)


FAULTY = run(answer(), failure(), crashes=(FAULT,))
MENDED = run(answer(), answer(GET_ITEM))


def finding(*crashes: Crash) -> Finding:
    diagnosis = Diagnosis(
        fixer="tested", category=Category.RESPONSE, confidence=0.9, evidence=(), cause="c", risk=Risk.LOW
    )
    return Finding(diagnosis=diagnosis, crashes=crashes)


def plan(**proof: Any) -> Plan:
    edit = FileEdit(path="app.py", before="x = 1\n", after=proof.pop("after", "x = 2\n"))
    return Plan(
        kind=PlanKind.CODE, summary="s", explanation="e", risk=Risk.LOW, undo="u", edits=(edit,),
        proof=Proof(text="it works", **proof),
    )  # fmt: skip


def judged(
    after: Observation,
    *,
    before: Observation = FAULTY,
    again: Observation | None = None,
    fault: Finding | None = None,
    tried: Plan | None = None,
    also: tuple[Observation, ...] = (),
) -> tuple[Verdict, dict[str, Check]]:
    verdict, checks = judge(
        finding(FAULT) if fault is None else fault,
        plan() if tried is None else tried,
        baselines=(before, before if again is None else again, *also),
        after=after,
    )
    return verdict, {check.name: check for check in checks}


def with_healthy(**changes: Any) -> Observation:
    """Return a mended run whose healthy answer differs in these things."""
    return run(msgspec.structs.replace(answer(), **changes), answer(GET_ITEM))
