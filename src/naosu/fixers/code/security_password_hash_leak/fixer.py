"""Hashes of passwords in answers: they are answered through a schema without them."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.security_password_hash_leak.leaks import Leak, leaks
from naosu.fixers.code.security_password_hash_leak.schemas import (
    fields_with_parents,
    leaking_endpoint,
    safe_schema,
    with_exclusion,
    with_filtered_returns,
    with_schema,
    without_keys,
)
from naosu.fixers.endpoints import Endpoint, endpoints, endpoints_in
from naosu.fixers.places import Place, places_with
from naosu.fixers.pydantic_models import pydantic_models
from naosu.ports.fixer import Workplace

TRIES_MAX = 10
ANYWHERE = r"\$2[abxy]\$\d\d\$|\$argon2|pbkdf2[_:]sha|scrypt:\d+:"


class PasswordHashLeak:
    """Recognises bcrypt, argon2, pbkdf2 and scrypt hashes in what the application answers."""

    name = "security_password_hash_leak"
    category = Category.SECURITY

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all answers with hashes."""
        found = list(leaks(work))
        if not found:
            return
        plans = [plan for plan in (_by_schema(work, found), _by_keys(work, found)) if plan is not None]
        fields = sorted({name for one in found for name in one.fields})
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=tuple(
                    dict.fromkeys(f"{one.exchange.request.line} answers {', '.join(one.fields)}" for one in found)
                ),
                cause="Whole rows are answered, with the hashes of passwords in them.",
                risk=Risk.LOW,
                options=() if plans else (f"Answer a schema without {', '.join(fields)}.",),
            ),
            plans=tuple(plans),
        )


def _by_schema(work: Workplace, found: list[Leak]) -> Plan | None:
    """Answer through an existing schema; where an endpoint has one with the hash in it, leave that field out."""
    models = pydantic_models(work.source)
    changed: dict[str, Place] = {}
    dropped: set[str] = set()
    done: set[tuple[str, str, str]] = set()
    for leak in found:
        current = {place.path: place for place in changed.values()}
        known = [_again(one, current) for one in endpoints(work.source)]
        endpoint = leaking_endpoint([one for one in known if one is not None], leak)
        if endpoint is None or leak.is_nested:
            return None
        key = (endpoint.place.path, endpoint.function.name.value, endpoint.path)
        if key in done:
            continue
        done.add(key)
        schema = safe_schema(models, leak)
        if schema is not None:
            module: cst.Module | None = with_schema(
                work.source, endpoint.place.module, endpoint, schema, is_list=leak.is_list
            )
            dropped |= set(leak.keys - fields_with_parents(schema) - set(leak.fields))
        else:
            before = endpoint.place.module
            module = with_exclusion(before, endpoint, leak.fields)
            if module is None and endpoint.response_model is None:
                module = with_filtered_returns(before, endpoint, leak.fields)
        if module is None:
            return None
        changed[endpoint.place.path] = Place(endpoint.place.path, cst.parse_module(module.code))
    edits = tuple(
        FileEdit(path=path, before=work.source.text(path), after=place.module.code) for path, place in changed.items()
    )
    note = (
        f" Not answered any more, as the schema has no place for it: {', '.join(sorted(dropped))}." if dropped else ""
    )
    text = f"The schema says what may be seen.{note}"
    return _plan(found, edits, "Answer through a schema without password hashes", text)


def _again(endpoint: Endpoint, changed: dict[str, Place]) -> Endpoint | None:
    """Return an endpoint in its file as it is by now."""
    place = changed.get(endpoint.place.path)
    if place is None:
        return endpoint
    for one in endpoints_in(place):
        if one.function.name.value == endpoint.function.name.value and one.path == endpoint.path:
            return one
    return None


def _by_keys(work: Workplace, found: list[Leak]) -> Plan | None:
    fields = sorted({name for one in found for name in one.fields})
    edits = []
    for place in places_with(work.source, *fields):
        module = without_keys(place.module, fields)
        if module is not place.module:
            edits.append(FileEdit(path=place.path, before=place.module.code, after=module.code))
    if not edits:
        return None
    return _plan(found, tuple(edits), "Leave password hashes out of what is answered",
                 "The keys with the hashes are not put into the answer; all others are what they were.")  # fmt: skip


def _plan(found: list[Leak], edits: tuple[FileEdit, ...], summary: str, text: str) -> Plan:
    requests = {urlsplit(one.exchange.request.path).path: one.exchange for one in found}
    nowhere = rf"\A(?![\s\S]*(?:{ANYWHERE}))"
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation=text,
        risk=Risk.LOW,
        proof=Proof(
            text="The same requests are answered with the same status, and no answer holds a hash.",
            expect=tuple(
                Expectation(request=one.request, status=(one.status, one.status), body=nowhere)
                for one in requests.values()
            ),
            may_change=("body", "headers"),
        ),
        undo="Revert the commit.",
        edits=edits,
    )
