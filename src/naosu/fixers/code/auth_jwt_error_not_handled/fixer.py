"""A bad token ends in a 500, because nobody handles the error of reading it."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst
from msgspec.structs import replace

from naosu.domain.classification import Category
from naosu.domain.evidence import CodeFrame, Crash
from naosu.domain.repair import Diagnosis, Expectation, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.editing import nodes_of
from naosu.fixers.edits import Edits
from naosu.fixers.jwt_answers import answer_for, is_middleware
from naosu.fixers.jwt_calls import DECODE, JwtCall, jwt_calls, string_key
from naosu.fixers.jwt_guard import ERRORS, guard, has_guarded_callers, require_claims, unguarded
from naosu.fixers.places import Place, frame_places
from naosu.fixers.signs import SERVER_ERROR, crashes_of, told
from naosu.ports.fixer import Workplace

TOKENS = {
    "ExpiredSignatureError", "DecodeError", "InvalidSignatureError", "InvalidTokenError", "ImmatureSignatureError",
    "InvalidIssuedAtError", "InvalidIssuerError", "InvalidAlgorithmError", "MissingRequiredClaimError",
    "InvalidJTIError", "JWTError", "JWTClaimsError", "InvalidAudienceError",
}  # fmt: skip
REFUSED = (401, 403)
OURS = re.compile(r"algorithms\" argument|[Ss]ubject must be a string|^Invalid audience$|Key must|[Ii]nvalid.*key type")


class JwtErrorNotHandled:
    """Answers 401 to a token that cannot be accepted."""

    name = "auth_jwt_error_not_handled"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the errors of a client's token that reached the server's own error page."""
        # Where something was given, what only our own made-up tokens provoke is nobody's fault yet.
        known = work.given.crashes or crashes_of(work)
        crashes = [crash for crash in known if _is_bad_token(crash)]
        if not crashes:
            return
        decodes = jwt_calls(work.source, DECODE)
        edits = _edits(work, crashes, decodes)
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.93 if edits else 0.7,
                evidence=tuple(lines),
                cause="A client's token cannot be accepted, and the error of reading it is not handled.",
                risk=Risk.LOW,
                options=() if edits else ("Catch the library's token error where the token is read; answer 401.",),
            ),
            plans=(_plan(crashes, edits, tuple(_refusals(work))),) if edits else (),
            crashes=tuple(crashes),
        )


def _is_bad_token(crash: Crash) -> bool:
    last = crash.last
    is_jwt = last.type.startswith(("jwt.", "jose.")) and last.name in TOKENS
    return is_jwt and not OURS.search(last.message.strip()) and bool(crash.own_frames)


def _edits(work: Workplace, crashes: Sequence[Crash], decodes: Sequence[JwtCall]) -> tuple[FileEdit, ...]:
    files: dict[str, Edits] = {}
    done: set[int] = set()
    for crash in crashes:
        chosen = _where(work, crash)
        if chosen is None:
            continue
        place, frame = chosen
        for line in _lines(work, place, frame, decodes):
            if id(line) not in done:
                done.add(id(line))
                edits = files.setdefault(place.path, Edits(place.path, place.module))
                guard(work, edits, place, line, _library(decodes, crash))
    require_claims(work, files, decodes)
    return tuple(one.file_edit() for one in files.values() if one)


def _where(work: Workplace, crash: Crash) -> tuple[Place, CodeFrame] | None:
    """Return the frame to handle it in: a middleware that is on the way, else the innermost that can answer."""
    frames = list(frame_places(work.source, crash.last.frames))
    for place, frame in frames:
        function = place.function_at(frame.line)
        if function is not None and is_middleware(place, function):
            return place, frame
    for place, frame in frames:
        function = place.function_at(frame.line)
        if function is None or has_guarded_callers(work, function.name.value):
            continue
        if answer_for(work, place, function) is not None:
            return place, frame
    return None


def _lines(
    work: Workplace, place: Place, frame: CodeFrame, decodes: Sequence[JwtCall]
) -> list[cst.SimpleStatementLine]:
    """Return the statements to guard: the one that failed, and others of its file that read tokens alike."""
    failed = place.at(frame.line, cst.SimpleStatementLine)[:1]
    function = place.function_at(frame.line)
    if function is not None and is_middleware(place, function):
        return failed  # what raises below it ends in it
    alike = unguarded(work, decodes, place.path)
    return [*failed, *(line for line in alike if all(line is not one for one in failed))]


def _library(decodes: Sequence[JwtCall], crash: Crash) -> str:
    named = crash.last.type.partition(".")[0]
    return named if named in ERRORS else (decodes[0].library if decodes else "jwt")


def _refusals(work: Workplace) -> Iterable[Expectation]:
    """Yield the requests that failed, with a token that is none wherever the application may look for it."""
    if not work.given.crashes or not all(map(_is_bad_token, work.given.crashes)):
        return
    tried: set[tuple[str, str]] = set()
    headers = tuple((name, "naosu.no.token") for name in _header_names(work))
    for request in work.given.requests:
        line = (request.method, request.path.partition("?")[0])
        if request.status < SERVER_ERROR or line in tried:
            continue
        tried.add(line)
        kept = tuple(pair for pair in request.headers if pair[0].lower() not in {"authorization", "cookie"})
        bad = replace(request, headers=(("authorization", "Bearer naosu.no.token"), *headers, *kept))
        yield Expectation(request=bad, status=REFUSED)


def _header_names(work: Workplace) -> list[str]:
    """Return the names of headers that the code reads and that may hold a token."""
    texts = {
        string_key(node)
        for _, module in work.source.modules("jwt", "headers", "Header")
        for node in nodes_of(module, cst.SimpleString)
    }
    return sorted(text.lower() for text in texts if re.fullmatch(r"(?i)x-[a-z-]*(?:token|auth|jwt)[a-z-]*", text))


def _plan(crashes: Sequence[Crash], edits: tuple[FileEdit, ...], refusals: tuple[Expectation, ...]) -> Plan:
    names = "|".join(sorted({re.escape(crash.last.name) for crash in crashes}))
    return Plan(
        kind=PlanKind.CODE,
        summary="Answer 401 to tokens that cannot be accepted",
        explanation="An expired or forged token is the client's mistake, not the server's.",
        risk=Risk.LOW,
        proof=Proof(
            text="The request with the bad token is answered 401, and its error reaches no traceback.",
            gone=(rf"^(?:jwt|jose)\.exceptions\.(?:{names})",),
            expect=refusals,
        ),
        undo="The edited files get their text from before back.",
        edits=edits,
    )
