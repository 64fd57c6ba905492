"""A value that must be unique came twice, and the answer is a 500 instead of a 409."""

import re
from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import CodeFrame, Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.blocks import change_block, define_after, parsed
from naosu.fixers.database.engines import edits_of
from naosu.fixers.database.places import function_of, is_awaited, statement_at
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.fixers.database.symbols import names_in
from naosu.fixers.database.web import WebApplication, web_applications
from naosu.fixers.editing import ancestors, dotted_name, nodes_of, parents_of, with_import
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = ("UNIQUE constraint failed", "duplicate key value violates unique constraint", "Duplicate entry")
_COLUMN = (
    re.compile(r"UNIQUE constraint failed: (?:\w+\.)?(\w+)"),
    re.compile(r"Key \((\w+)\)=", re.IGNORECASE),
    re.compile(r"for key '(?:\w+\.)?(\w+)'"),
)
_WRITES = {"commit", "flush", "execute", "merge", "bulk_save_objects", "scalar", "scalars", "exec"}
_RAISERS = {"sqlalchemy.exc.IntegrityError": "sqlalchemy.exc", "django.db.utils.IntegrityError": "django.db"}
_ATOMIC = {"django": (("django.db", "transaction"),)}


class IntegrityErrorUncaught:
    """Answers 409 where a unique value came twice."""

    name = "database_integrity_error_uncaught"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield one finding for each place that writes and does not expect a conflict."""
        crashes = [one for one in crashes_with(work.evidence, (), _PHRASES) if one.last.name == "IntegrityError"]
        places = {(one.own_frames[-1].source_path, one.own_frames[-1].line): one for one in crashes if one.own_frames}
        for crash in places.values():
            frame = crash.own_frames[-1]
            alike = tuple(one for one in crashes if one.own_frames and one.own_frames[-1].line == frame.line)
            plans = [plan for plan in (_around(work, frame, crash), _for_all(work, crash)) if plan is not None]
            if plans:
                yield Finding(diagnosis=self._diagnosis(alike), plans=tuple(plans), crashes=alike)

    def _diagnosis(self, crashes: Sequence[Crash]) -> Diagnosis:
        return Diagnosis(
            fixer=self.name,
            category=self.category,
            confidence=0.9,
            evidence=crash_lines(crashes),
            cause="A client sent a value that must be unique and is taken; nothing answers that it is a conflict.",
            risk=Risk.MEDIUM,
        )


def _column(crash: Crash) -> str:
    text = "\n".join(raised.message for raised in crash.chain)
    return next((match[1] for pattern in _COLUMN if (match := pattern.search(text))), "")


def _detail(crash: Crash) -> str:
    column = _column(crash)
    return f"This {column.replace('_', ' ')} is taken" if column else "This value is taken"


def _framework(source: SourceTree) -> str:
    kinds = {one.kind for one in web_applications(source)}
    if source.text("manage.py") is not None:
        return "django"
    return next((kind for kind in ("fastapi", "starlette", "flask", "quart") if kind in kinds), "")


def _around(work: Workplace, frame: CodeFrame, crash: Crash) -> Plan | None:
    """Return the plan that expects the conflict where it comes up."""
    module = work.source.module(frame.source_path)
    statement = statement_at(module, frame.line) if module else None
    framework = _framework(work.source)
    if module is None or statement is None or not framework or _is_expected(module, statement):
        return None
    answer = _answer(module, statement, framework, _detail(crash))
    if answer is None:
        return None
    source, name, text = answer
    raised = _RAISERS.get(crash.last.type, "sqlalchemy.exc")
    _, local = with_import(module, source, name)
    _, error = with_import(module, raised, "IntegrityError")
    rollback = _rollback(module, statement, framework)
    caught = f"except {error} as error:\n" if "from error" in text else f"except {error}:\n"
    handler = caught + (f"    {rollback}\n" if rollback else "") + f"    {text.format(local)}\n"
    block = parsed(module, f"try:\n    pass\n{handler}")[0]
    changed = change_block(module, statement, _wrapped(block, framework))
    for origin, wanted in ((source, name), (raised, "IntegrityError"), *_ATOMIC.get(framework, ())):
        changed, _ = with_import(changed, origin, wanted)
    return _plan(edits_of(work.source, {frame.source_path: changed}), crash, "where it comes up")


def _is_expected(module: cst.Module, statement: cst.BaseStatement) -> bool:
    """Whether a handler around it expects the error already: then the log is of other code."""
    attempts = [up for up in ancestors(statement, parents_of(module)) if isinstance(up, cst.Try)]
    types = [handler.type for attempt in attempts for handler in attempt.handlers if handler.type is not None]
    return any(name.value == "IntegrityError" for type_ in types for name in nodes_of(type_, cst.Name))


def _wrapped(
    block: cst.BaseStatement, framework: str
) -> Callable[[list[cst.BaseStatement], int], list[cst.BaseStatement]]:
    def change(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
        old = body[index]
        inner: list[cst.BaseStatement] = [old.with_changes(leading_lines=[])]
        if framework == "django":
            atomic = cst.parse_statement("with transaction.atomic():\n    pass\n")
            inner = [atomic.with_changes(body=cst.IndentedBlock(body=inner))]
        new = block.with_changes(body=cst.IndentedBlock(body=inner), leading_lines=getattr(old, "leading_lines", ()))
        return [*body[:index], new, *body[index + 1 :]]

    return change


def _answer(
    module: cst.Module, statement: cst.BaseStatement, framework: str, detail: str
) -> tuple[str, str, str] | None:
    """Return what to import from where, and the statement that answers; ``{}`` is the imported name."""
    if framework in {"fastapi", "starlette"}:
        source = "fastapi" if framework == "fastapi" else "starlette.exceptions"
        return source, "HTTPException", f'raise {{}}(status_code=409, detail="{detail}") from error'
    if framework in {"flask", "quart"}:
        return framework, "abort", f'{{}}(409, description="{detail}")'
    function = function_of(module, statement)
    first = function.params.params[:2] if function else ()
    if not any(param.name.value == "request" for param in first):
        return None
    return "django.http", "JsonResponse", f'return {{}}({{{{"detail": "{detail}"}}}}, status=409)'


def _rollback(module: cst.Module, statement: cst.BaseStatement, framework: str) -> str:
    """Return the statement that makes the session usable again."""
    if framework == "django" or isinstance(statement, cst.With):
        return ""
    for call in nodes_of(statement, cst.Call):
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _WRITES:
            session = module.code_for_node(call.func.value)
            if dotted_name(call.func.value):
                return f"await {session}.rollback()" if is_awaited(statement) else f"{session}.rollback()"
    return ""


def _for_all(work: Workplace, crash: Crash) -> Plan | None:
    """Return the plan that answers every such conflict of the application in one place."""
    apps = [one for one in web_applications(work.source) if one.kind in {"fastapi", "flask"}]
    module = work.source.module(apps[0].path) if len(apps) == 1 else None
    if module is None or "IntegrityError" in module.code:
        return None
    app = apps[0]
    changed, text = _handler(module, app)
    line = next((one for one in nodes_of(changed, cst.SimpleStatementLine) if one.deep_equals(app.statement)), None)
    if line is None or names_in(work.source, app.path).get(app.name):
        return None
    changed = define_after(changed, line, parsed(module, text), is_top_level=app.function is None)
    edits = edits_of(work.source, {app.path: changed})
    return _plan(edits, crash, "for the whole application")


def _handler(module: cst.Module, app: WebApplication) -> tuple[cst.Module, str]:
    changed, error = with_import(module, "sqlalchemy.exc", "IntegrityError")
    check = (
        "    said = str(error.orig).lower()\n"
        '    if "unique" not in said and "duplicate" not in said:\n'
        "        raise error\n"
    )
    if app.kind == "flask":
        body = '    return {"error": "This value is taken"}, 409\n'
        return changed, f"@{app.name}.errorhandler({error})\ndef answer_conflict(error):\n{check}{body}"
    changed, response = with_import(changed, "fastapi.responses", "JSONResponse")
    body = f'    return {response}({{"detail": "This value is taken"}}, status_code=409)\n'
    return changed, f"@{app.name}.exception_handler({error})\ndef answer_conflict(_request, error):\n{check}{body}"


def _plan(edits: tuple[FileEdit, ...], crash: Crash, where: str) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Answer 409 to a value that is taken, {where}",
        explanation="The constraint is right, the request is at fault: a conflict is what the client has to be told."
        " The session is rolled back, so that it can be used again.",
        risk=Risk.MEDIUM,
        edits=edits,
        undo="Revert the commit.",
        proof=Proof(
            text="The request that failed is answered with 409, or done; the constraint still holds.",
            gone=gone_patterns([crash]),
        ),
    )
