"""``DEBUG = True`` where strangers see it: it comes from the environment, and is off by default."""

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.observation import Exchange
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.call_next import assigned
from naosu.fixers.editing import argument, dotted_name, nodes_of, replace_nodes, with_argument, with_import
from naosu.fixers.places import Place, code_of, places_with, statements
from naosu.fixers.signs import log_lines
from naosu.fixers.web_apps import ASGI, apps, top_value
from naosu.ports.fixer import Workplace

PAGE = re.compile(rb"Django Version:|Exception Location:|DEBUG = True|Traceback \(most recent call last\)")
SAID = r"(?i)\bDEBUG\b.{0,20}\bTrue\b|leaks locals|debug (mode|page)"
FOR_DEVELOPERS = re.compile(r"(^|[/_.])(dev|devel|development|local|test|tests|testing)([/_.]|$)")
HOSTS = "localhost,127.0.0.1,[::1]"
ON = '.lower() in ("1", "true", "yes")'
ERROR = 500


class DebugAndHosts:
    """Recognises settings with ``DEBUG = True`` when an error was answered with the page for developers."""

    name = "security_django_debug_and_hosts"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for the settings that are in use."""
        shown = [one for one in work.baseline.exchanges if one.status >= ERROR and PAGE.search(one.body)]
        said = log_lines(work.given, SAID)
        if not shown and not said:
            return
        edits = tuple(_edits(work))
        if not edits:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if shown else 0.8,
                evidence=(
                    *(f"{one.request.line} shows the page for developers" for one in shown[:3]),
                    *said,
                    *(f"{edit.path} switches it on" for edit in edits),
                ),
                cause="Errors are answered with code, settings and local variables.",
                risk=Risk.MEDIUM,
                options=("Files under STATIC_URL need a server of their own then.",),
            ),
            plans=(_plan(edits, shown),),
        )


def _plan(edits: tuple[FileEdit, ...], shown: list[Exchange]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Take DEBUG from the environment, off by default",
        explanation="DJANGO_DEBUG=1 (or DEBUG=1) switches it on for developers. Without it Django answers the hosts in"
        f" DJANGO_ALLOWED_HOSTS only; by default {HOSTS}.",
        risk=Risk.MEDIUM,
        proof=Proof(
            text="The error is answered without code and variables, and what worked still does.",
            expect=tuple(
                Expectation(
                    request=one.request, status=(ERROR, ERROR), body=rf"\A(?![\s\S]*(?:{PAGE.pattern.decode()}))"
                )
                for one in shown[:3]
            ),
            # Django writes what it did not find to the console only for developers.
            may_change=("body", "headers", "log"),
        ),
        undo="Revert the commit.",
        edits=edits,
    )


def _edits(work: Workplace) -> Iterator[FileEdit]:
    for place in places_with(work.source, "DEBUG"):
        is_settings = top_value(place, "INSTALLED_APPS") is not None or top_value(place, "ROOT_URLCONF") is not None
        if is_settings and not FOR_DEVELOPERS.search(place.path) and (edit := _django(place)) is not None:
            yield edit
    for place in places_with(work.source, "configure("):
        if (edit := _configured(place)) is not None:
            yield edit
    for app in apps(work.source, ASGI):
        debug = argument(app.call, "debug")
        if debug is not None and code_of(debug.value) == "True":
            module = replace_nodes(
                app.place.module, {debug.value: cst.parse_expression(f'os.environ.get("DEBUG", ""){ON}')}
            )
            module, local = with_import(module, "os")
            if local == "os":
                yield FileEdit(path=app.place.path, before=app.place.module.code, after=module.code)


def _django(place: Place) -> FileEdit | None:
    line = _line_of(place, "DEBUG")
    _, value = assigned(line) if line is not None else (None, None)
    if line is None or value is None or code_of(value) != "True":
        return None
    changes: dict[cst.CSTNode, cst.CSTNode | cst.FlattenSentinel[cst.CSTNode]] = {
        value: cst.parse_expression(f'os.environ.get("DJANGO_DEBUG", ""){ON}')
    }
    hosts = f'os.environ.get("DJANGO_ALLOWED_HOSTS", "{HOSTS}").split(",")'
    listed = _line_of(place, "ALLOWED_HOSTS")
    _, present = assigned(listed) if listed is not None else (None, None)
    if present is not None and isinstance(present, cst.List | cst.Tuple) and not present.elements:
        changes[present] = cst.parse_expression(hosts)
    elif present is None:
        added = statements(f"ALLOWED_HOSTS = {hosts}\n", place.module)
        new = line.with_deep_changes(line.body[0], value=changes.pop(value))
        changes[line] = cst.FlattenSentinel([new, *added])
    module = replace_nodes(place.module, changes)
    module, local = with_import(module, "os")
    return FileEdit(path=place.path, before=place.module.code, after=module.code) if local == "os" else None


def _configured(place: Place) -> FileEdit | None:
    """``settings.configure(DEBUG=True, …)``, in applications of one file."""
    for call in nodes_of(place.module, cst.Call):
        debug = argument(call, "DEBUG")
        if dotted_name(call.func) != "settings.configure" or debug is None or code_of(debug.value) != "True":
            continue
        new = with_argument(call, "DEBUG", cst.parse_expression(f'os.environ.get("DJANGO_DEBUG", ""){ON}'))
        hosts = argument(call, "ALLOWED_HOSTS")
        if hosts is None or code_of(hosts.value) in ("[]", "()"):
            split = f'os.environ.get("DJANGO_ALLOWED_HOSTS", "{HOSTS}").split(",")'
            new = with_argument(new, "ALLOWED_HOSTS", cst.parse_expression(split))
        module, local = with_import(replace_nodes(place.module, {call: new}), "os")
        return FileEdit(path=place.path, before=place.module.code, after=module.code) if local == "os" else None
    return None


def _line_of(place: Place, name: str) -> cst.SimpleStatementLine | None:
    found = None
    for line in place.module.body:
        target, _ = assigned(line)
        if isinstance(line, cst.SimpleStatementLine) and isinstance(target, cst.Name) and target.value == name:
            found = line
    return found
