"""Asking an application what its requests do: rows loaded one at a time, an event loop that stands still."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from naosu.domain.evidence import WebRequest
from naosu.fixers.web_apps import ASGI, FLASK, apps
from naosu.ports.fixer import SourceTree, Workplace

REQUESTS_MAX = 20
_PROGRAM = Path(__file__).with_name("probe_requests.py")


def argument_for(work: Workplace, requests: Sequence[WebRequest]) -> dict[str, Any] | None:
    """Return what the probe has to know of an application. None: nothing is found that it could load."""
    target = _target(work.source)
    if target is None:
        return None
    framework, name = target
    asked = [
        {
            "method": request.method,
            "path": request.path,
            "headers": [list(pair) for pair in request.headers],
            "body": (request.body or b"").decode("utf-8", "replace"),
        }
        for request in requests[:REQUESTS_MAX]
    ]
    return {"framework": framework, "target": name, "requests": asked, "roots": ["src"]}


def _target(source: SourceTree) -> tuple[str, str] | None:
    if source.text("manage.py") is not None:
        return "django", ""
    for framework, kinds in (("asgi", ASGI), ("flask", FLASK)):
        found = sorted(apps(source, kinds), key=lambda app: (app.function is not None, app.place.path.count("/")))
        for app in found[:1]:
            name = app.name if app.function is None else app.function.name.value
            return framework, f"{source.dotted(app.place.path)}:{name}"
    return None


def requests_of(work: Workplace) -> list[WebRequest]:
    """Return the requests worth asking again: writes first, since they make the rows that reads then read."""
    known = [*work.evidence.requests, *(one.request for one in work.baseline.exchanges)]
    once = list({(one.method, one.path, one.body): one for one in known}.values())
    writes = [one for one in once if one.method in {"POST", "PUT", "PATCH"}]
    return [*writes, *(one for one in once if one.method == "GET")]


def probe(work: Workplace, argument: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run the probe, and return what it tells of each request; nothing when it could not run."""
    told = work.ask(_PROGRAM.read_text(), dict(argument))
    return list(told.get("told") or [])


def proving(argument: Mapping[str, Any], **limits: float | bool) -> str:
    """Return a program that says whether the same requests now stay within limits."""
    given = json.dumps({**argument, **limits})
    return f"import json\nARGUMENT = json.loads({given!r})\n{_PROGRAM.read_text()}"
