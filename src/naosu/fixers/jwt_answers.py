"""How a function says no to its client, in the words of its framework."""

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import names_in
from naosu.fixers.places import Place
from naosu.ports.fixer import Workplace

_SAY = "Could not validate credentials"
_HEADERS = '{"WWW-Authenticate": "Bearer"}'
_RAISE = f"""raise HTTPException(
        status_code=401,
        detail="{_SAY}",
        headers={_HEADERS},
    ) from error"""
_JSON = f'return JSONResponse({{"detail": "{_SAY}"}}, status_code=401, headers={_HEADERS})'
_DJANGO = f'return JsonResponse({{"detail": "{_SAY}"}}, status=401, headers={_HEADERS})'
_FLASK = f'abort(401, description="{_SAY}", www_authenticate=WWWAuthenticate("bearer"))'


class Answer(msgspec.Struct, frozen=True):
    """One statement, and what it needs.

    Attributes:
        code: May use ``error``, what was caught.
        imports: Modules and names.
    """

    code: str
    imports: tuple[tuple[str, str], ...]


def answer_for(work: Workplace, place: Place, function: cst.FunctionDef) -> Answer | None:
    """Return how a function answers 401. None: it cannot tell its client anything."""
    framework = _framework(work, place)
    if is_middleware(place, function):
        return Answer(_JSON, ((f"{framework}.responses", "JSONResponse"),))
    if framework in {"fastapi", "starlette"}:
        source = "fastapi" if framework == "fastapi" else "starlette.exceptions"
        return Answer(_RAISE, ((source, "HTTPException"),))
    if framework == "flask":
        return Answer(_FLASK, (("flask", "abort"), ("werkzeug.datastructures", "WWWAuthenticate")))
    if framework == "rest_framework":
        return Answer(
            f'raise AuthenticationFailed("{_SAY}") from error', (("rest_framework.exceptions", "AuthenticationFailed"),)
        )
    if framework == "django" and _first_parameter(function) == "request":
        return Answer(_DJANGO, (("django.http", "JsonResponse"),))
    return None


def is_middleware(place: Place, function: cst.FunctionDef) -> bool:
    """Tell whether a function passes requests on: what it raises, no handler of the application sees."""
    names = {param.name.value for param in function.params.params}
    return "call_next" in names and place.within(function, cst.FunctionDef) is None


def _first_parameter(function: cst.FunctionDef) -> str:
    names = [param.name.value for param in function.params.params if param.name.value != "self"]
    return names[0] if names else ""


def _framework(work: Workplace, place: Place) -> str:
    """Return the framework that a file imports, else the one that the application does."""
    own = _frameworks(set(names_in(work.source, place.path).values()))
    if own:
        return own
    every = {full for path in work.source.paths() for full in names_in(work.source, path).values()}
    return _frameworks(every)


def _frameworks(imported: set[str]) -> str:
    heads = {full.partition(".")[0] for full in imported}
    order = ("fastapi", "rest_framework", "flask", "django", "starlette")
    return next((name for name in order if name in heads), "")
