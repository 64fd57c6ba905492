"""``Object of type Decimal is not JSON serializable``: what is answered is made plain first."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.call_next import assigned
from naosu.fixers.code.response_decimal_not_serializable.calls import (
    JsonCall,
    json_call,
    with_django_encoder,
    with_encoder,
    with_own_default,
)
from naosu.fixers.editing import nodes_of, replace_nodes
from naosu.fixers.places import code_of, frame_places
from naosu.fixers.signs import answered, crashes_with, failed_requests, told
from naosu.fixers.web_apps import names_in
from naosu.ports.fixer import Workplace

SIGN = r"Object of type '?([\w.]+)'? is not JSON serializable|Type is not JSON serializable: ([\w.]+)"
_PLAIN_ONLY = frozenset({"Decimal", "datetime", "date", "time", "timedelta", "UUID", "set", "frozenset", "Path"})
_BY_FASTAPI = "FastAPI's encoder makes plain values of what is answered, as it does for what routes return."
_SECRET = re.compile(r"(?i)passw|secret|token|api_?key|hash")


class NotSerializable:
    """Recognises JSON made of decimals, dates, UUIDs, sets, rows and models, past the framework's own encoder."""

    name = "response_decimal_not_serializable"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for each call that made such JSON."""
        seen: set[tuple[str, int]] = set()
        for crash in crashes_with(work, SIGN, "TypeError", "JSONEncodeError"):
            kind = _kind_of(crash)
            if not kind or _is_error(work, kind):
                continue
            for place, frame in frame_places(work.source, crash.own_frames):
                found = json_call(place, frame.line, names_in(work.source, place))
                if found is not None:
                    if (place.path, frame.line) not in seen:
                        seen.add((place.path, frame.line))
                        yield _finding(self, work, crash, kind, found)
                    break


def _kind_of(crash: Crash) -> str:
    match = re.search(SIGN, crash.last.message)
    return (match[1] or match[2]).rpartition(".")[2] if match else ""


def _is_error(work: Workplace, kind: str) -> bool:
    """Tell whether the value was an exception: what to say of one is another question."""
    if kind.endswith(("Error", "Exception", "Warning")):
        return True
    own = _own_class(work, kind)
    return any("Exception" in code_of(base.value) for base in own.bases) if own is not None else False


def _own_class(work: Workplace, name: str) -> cst.ClassDef | None:
    for _, module in work.source.modules(f"class {name}"):
        for definition in nodes_of(module, cst.ClassDef):
            if definition.name.value == name:
                return definition
    return None


def _holds_secrets(work: Workplace, kind: str) -> str:
    """Return the name of a field of an own class that nobody may see."""
    own = _own_class(work, kind)
    names = [code_of(target) for line in own.body.body if (target := assigned(line)[0]) is not None] if own else []
    return next((name for name in names if _SECRET.search(name)), "")


def _finding(fixer: NotSerializable, work: Workplace, crash: Crash, kind: str, found: JsonCall) -> Finding:
    secret = _holds_secrets(work, kind)
    plans = [] if secret else list(_plans(work, found, kind))
    return Finding(
        diagnosis=Diagnosis(
            fixer=fixer.name,
            category=fixer.category,
            confidence=0.95 if found.kind != "dumps" else 0.85,
            evidence=(*told(crash), f"becomes JSON here: {found.place.line_of(found.call)}"),
            cause=f"JSON knows no {kind}, and this call does not use the framework's encoder, which does.",
            risk=Risk.LOW,
            options=_options(kind, secret) if not plans else (),
        ),
        plans=tuple(plans),
        crashes=tuple(
            one for one in crashes_with(work, SIGN, "TypeError") if one.own_frames[-1:] == crash.own_frames[-1:]
        ),
    )


def _options(kind: str, secret: str) -> tuple[str, ...]:
    if secret:
        return (f"Answer a schema made of what may be seen: {kind} has {secret}, so it must not be sent as it is.",)
    return ("Turn the value into plain ones before it becomes JSON.",)


def _plans(work: Workplace, found: JsonCall, kind: str) -> Iterator[Plan]:
    has_fastapi = any(True for _ in work.source.modules("fastapi"))
    has_django = any(True for _ in work.source.modules("django"))
    if has_fastapi and not has_django:
        module = with_encoder(found)
        yield _plan(work, found, _with_mappings(found, module) if kind == "Row" else module, _BY_FASTAPI)
    if has_django and found.kind == "dumps":
        yield _plan(work, found, with_django_encoder(found), "Django's encoder knows decimals, dates and UUIDs.")
    if (not has_fastapi or has_django) and (kind in _PLAIN_ONLY):
        own = with_own_default(found)
        if own is not None:
            yield _plan(work, found, own, "A function says what stands for values that JSON does not know.")


def _with_mappings(found: JsonCall, module: cst.Module) -> cst.Module:
    """Let ``execute(…).all()`` give mappings, in the function that answers rows."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    function = found.place.within(found.call, cst.FunctionDef)
    for owner in nodes_of(module, cst.FunctionDef):
        if function is None or owner.name.value != function.name.value:
            continue
        for call in nodes_of(owner.body, cst.Call):
            func = call.func
            if not isinstance(func, cst.Attribute) or func.attr.value not in ("all", "fetchall", "first", "one"):
                continue
            inner = func.value.func if isinstance(func.value, cst.Call) else None
            if isinstance(inner, cst.Attribute) and inner.attr.value == "execute":
                mapped = cst.Call(cst.Attribute(func.value, cst.Name("mappings")))
                changes[call] = call.with_changes(func=func.with_changes(value=mapped))
    return replace_nodes(module, changes)


def _plan(work: Workplace, found: JsonCall, module: cst.Module, text: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Make plain values of what becomes JSON",
        explanation=text,
        risk=Risk.LOW,
        proof=Proof(
            text="The failing requests are answered; headers and status are those that the code sets.",
            gone=("is not JSON serializable",),
            expect=answered(failed_requests(work)),
        ),
        undo="Revert the commit.",
        edits=(FileEdit(path=found.place.path, before=found.place.module.code, after=module.code),),
    )
