"""Tokens are issued for an audience, and who reads them does not say that it is the one meant."""

from collections.abc import Iterable, Iterator

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.symbols import definition
from naosu.fixers.editing import argument, dotted_name, with_argument
from naosu.fixers.edits import Edits
from naosu.fixers.jwt_calls import DECODE, ENCODE, issued_claims, jwt_calls, string_key
from naosu.fixers.round_trip import round_trip
from naosu.fixers.signs import crashes_with, told
from naosu.ports.fixer import Workplace

PHRASE = r"^Invalid audience\.?$"


class AuthJwtAudience:
    """Names the audience for which the application itself issues its tokens."""

    name = "auth_jwt_audience"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield reads of tokens that name no audience, though the tokens have one."""
        crashes = crashes_with(work, PHRASE, "InvalidAudienceError", "JWTClaimsError")
        reading = [one for one in jwt_calls(work.source, DECODE) if not argument(one.call, "audience")]
        if not crashes or not reading:
            return
        audiences = set(_audiences(work))
        edits = tuple(_edits(work, next(iter(audiences)))) if len(audiences) == 1 else ()
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9 if edits else 0.8,
                evidence=tuple(dict.fromkeys(line for crash in crashes for line in told(crash))),
                cause="The tokens have an `aud` claim, and jwt.decode() is not told for whom they must be.",
                risk=Risk.MEDIUM,
                options=()
                if edits
                else (
                    "Pass audience= with the value that the issuer puts into your tokens.",
                    "Do not switch verify_aud off: tokens meant for other services would be accepted.",
                ),
            ),
            plans=(_plan(work, edits),) if edits else (),
            crashes=crashes,
        )


def _audiences(work: Workplace) -> Iterator[tuple[str, str]]:
    """Yield the code of the audience of each token that is issued, with the file."""
    for one in jwt_calls(work.source, ENCODE):
        for element in issued_claims(one.place, one.call) or ():
            if string_key(element.key) == "aud":
                is_text = bool(string_key(element.value))
                yield one.place.module.code_for_node(element.value), "" if is_text else one.place.path


def _edits(work: Workplace, audience: tuple[str, str]) -> Iterator[FileEdit]:
    code, home = audience
    files: dict[str, Edits] = {}
    for one in jwt_calls(work.source, DECODE):
        if argument(one.call, "audience"):
            continue
        name = dotted_name(cst.parse_expression(code))
        here, there = (definition(work.source, path, name) if name else None for path in (one.place.path, home))
        if home and (here is None or here != there):
            continue
        edits = files.setdefault(one.place.path, Edits(one.place.path, one.place.module))
        edits.change(one.call, lambda node: with_argument(node, "audience", cst.parse_expression(code)))
    yield from (edits.file_edit() for edits in files.values())


def _plan(work: Workplace, edits: tuple[FileEdit, ...]) -> Plan:
    signing = [(one.place, one.call) for one in jwt_calls(work.source, ENCODE)]
    return Plan(
        kind=PlanKind.CODE,
        summary="Name the audience when tokens are read",
        explanation="Who reads a token with an audience must say which one it is.",
        risk=Risk.MEDIUM,
        proof=Proof(
            text="A token that is issued is read.",
            gone=(r"InvalidAudienceError: Invalid audience",),
            script=round_trip(work.source, signing, jwt_calls(work.source, DECODE), "Invalid audience"),
        ),
        undo="The edited files get their text from before back.",
        edits=edits,
    )
