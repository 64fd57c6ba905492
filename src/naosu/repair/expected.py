"""Which answers are right: those that a proof expects, else those that a request of its kind should have."""

import re
from collections.abc import Iterable
from http import HTTPStatus

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Exchange
from naosu.domain.repair import Expectation, Proof

_SERVER_FAULT = HTTPStatus.INTERNAL_SERVER_ERROR
_BAD_REQUEST = HTTPStatus.BAD_REQUEST
_CONFLICT, _NO_TOKEN, _INVALID, _ABSENT = (409,), (401, 403), (400, 422), (404,)
_REFUSALS = {
    "IntegrityError": _CONFLICT,
    "UniqueViolation": _CONFLICT,
    "UniqueViolationError": _CONFLICT,
    "ExpiredSignatureError": _NO_TOKEN,
    "InvalidSignatureError": _NO_TOKEN,
    "InvalidTokenError": _NO_TOKEN,
    "DecodeError": _NO_TOKEN,
    "InvalidSubjectError": _NO_TOKEN,
    "JWTError": _NO_TOKEN,
    "RequestValidationError": _INVALID,
    "ValidationError": _INVALID,
    "JSONDecodeError": _INVALID,
    "NoResultFound": _ABSENT,
    "DoesNotExist": _ABSENT,
}
"""By the class of what was raised: the client was at fault, and these statuses say so."""


def shortcomings(expected: Expectation, exchange: Exchange | None) -> str:
    """Say in what an answer falls short of what is expected. Empty: in nothing."""
    line = expected.request.line
    if exchange is None:
        return f"{line} was not sent"
    if not exchange.status:
        return f"{line} had no answer ({exchange.error or 'the connection broke'})"
    lowest, highest = expected.status or (100, _SERVER_FAULT - 1)
    if not lowest <= exchange.status <= highest:
        wanted = f"{lowest}" if lowest == highest else f"{lowest} to {highest}"
        return f"{line} is answered {exchange.status}, not {wanted}"
    if expected.body and not re.search(expected.body, exchange.body.decode(errors="replace")):
        return f"the answer to {line} does not hold {expected.body!r}"
    if expected.seconds_max is not None and exchange.total_s > expected.seconds_max:
        return f"{line} took {exchange.total_s:.2f} s, not at most {expected.seconds_max} s"
    return _header_shortcoming(expected, exchange) or (f"{line} broke off: {exchange.error}" if exchange.error else "")


def _header_shortcoming(expected: Expectation, exchange: Exchange) -> str:
    for name, pattern in expected.headers.items():
        values = [value for known, value in exchange.headers if known.lower() == name.lower()]
        if not pattern and values:
            return f"the answer to {expected.request.line} has the header {name}: {values[0]}"
        if pattern and not any(re.search(pattern, value) for value in values):
            came = values[0] if values else "none"
            return f"the header {name} of the answer to {expected.request.line} should hold {pattern!r}: {came}"
    return ""


def expectation_of(proof: Proof, request: WebRequest) -> Expectation | None:
    """Return what a proof expects for a request: by method and path, and its body where the proof has one."""
    for expected in proof.expect:
        wanted = expected.request
        if (wanted.method, wanted.path) == (request.method, request.path) and wanted.body in (None, request.body):
            return expected
    return None


def answers_wrongly(exchange: Exchange, raised: Iterable[str] = ()) -> str:
    """Say what is wrong with the answer to a request that failed before. Empty: it is right for its kind.

    A recorded request has to succeed or redirect, or to be refused as what was `raised` before calls for: a value
    that is taken, a token that is void. One that was made up may be refused anyhow: it need not make sense to the
    application. An answer that breaks off is none.
    """
    line = exchange.request.line
    if not exchange.status or exchange.error:
        return f"{line} has no whole answer ({exchange.error or 'the connection broke'})"
    if exchange.status >= _SERVER_FAULT:
        return f"{line} is still answered {exchange.status}"
    refusals = {status for name in raised for status in _REFUSALS.get(name, ())}
    if exchange.status >= _BAD_REQUEST and not exchange.request.is_made_up and exchange.status not in refusals:
        return f"{line} is answered {exchange.status}, which is no success"
    return ""
