"""Values of requests written into SQL: they are bound instead."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlencode

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.security_sql_injection_fstring.statements import Injection, injections, with_bound_values
from naosu.fixers.places import Place, code_of, places_with
from naosu.fixers.signs import crashes_with, log_lines, told
from naosu.ports.fixer import Workplace

NEEDLES = ("execute", "text(", ".raw(", "fetch")
SYNTAX = r"(?i)syntax error|unrecognized token|unterminated quoted string|near \""
APOSTROPHE = "O'Brien"
TRIES_MAX = 20
_OK = 200


class SqlInjection:
    """Recognises statements made of f-strings, sums and formats with parameters of functions in them."""

    name = "security_sql_injection_fstring"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all such statements."""
        found = [one for place in places_with(work.source, *NEEDLES) for one in injections(work.source, place)]
        if not found:
            return
        crashes = tuple(
            crash
            for crash in crashes_with(work, SYNTAX)
            if any(frame.source_path in {one.place.path for one in found} for frame in crash.own_frames)
        )
        edits = tuple(edit for place in places_with(work.source, *NEEDLES) if (edit := _edit(work, place)) is not None)
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(
                    *(f"{one.place.line_of(one.call)}" for one in found),
                    *(line for crash in crashes for line in told(crash)),
                    *log_lines(work.evidence, r"(?i)injection"),
                ),
                cause="What a request says becomes part of the statement: an apostrophe breaks it, more changes it.",
                risk=Risk.LOW,
                options=("Let names of tables and columns be chosen from a fixed list.",)
                if any(one.bound is None for one in found)
                else (),
            ),
            plans=(_plan(work, found, edits),) if edits else (),
            crashes=tuple(crash for crash in crashes if _is_given(work, crash)),
        )


def _is_given(work: Workplace, crash: Crash) -> bool:
    """Tell whether somebody met a crash: the hole is there whether or not anybody did."""
    return any((one.last.type, one.own_frames) == (crash.last.type, crash.own_frames) for one in work.given.crashes)


def _edit(work: Workplace, place: Place) -> FileEdit | None:
    current = place
    for _ in range(TRIES_MAX):
        changed = (with_bound_values(one) for one in injections(work.source, current))
        new = next((module for module in changed if module is not None), None)
        if new is None:
            break
        current = Place(place.path, cst.parse_module(new.code))
    if current is place:
        return None
    return FileEdit(path=place.path, before=place.module.code, after=current.module.code)


def _plan(work: Workplace, found: list[Injection], edits: tuple[FileEdit, ...]) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary="Bind values instead of writing them into SQL",
        explanation="The statements are what they were; the database gets the values apart from them.",
        risk=Risk.LOW,
        proof=Proof(
            text="An apostrophe in a value is a value like any other, and requests that worked are answered alike.",
            gone=(SYNTAX,),
            expect=tuple(_apostrophes(work, found)),
        ),
        undo="Revert the commit.",
        edits=edits,
    )


def _apostrophes(work: Workplace, found: list[Injection]) -> Iterator[Expectation]:
    """Yield requests that worked or broke off, with an apostrophe in the values that go into the statements."""
    names = {code_of(node) for one in found if one.bound for node in one.bound.expressions}
    seen = set()
    for exchange in work.baseline.exchanges:
        path, mark, query = exchange.request.path.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        if not mark or exchange.request.method != "GET" or not any(_names(names, name) for name, _ in pairs):
            continue
        asked = urlencode([(name, APOSTROPHE if _names(names, name) else value) for name, value in pairs])
        if (path, asked) not in seen:
            seen.add((path, asked))
            yield Expectation(request=msgspec.structs.replace(exchange.request, path=f"{path}?{asked}"))


def _names(names: set[str], name: str) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", one) for one in names)
