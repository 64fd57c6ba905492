"""Catches real exceptions as sentry-sdk sends them, in modules that look like the watched application's."""

import asyncio
import json
import linecache
import random
import types
from collections.abc import Callable
from typing import Any

import sentry_sdk

KEPT = ("exception", "logentry", "message", "logger", "level", "platform", "transaction", "release", "fingerprint")
RANDOM = random.Random(20260101)
Case = dict[str, Any]
_captured: list[dict[str, Any]] = []
NAMES = ["Ana", "Bo", "Chidi", "Dũng", "Eve", "Farid", "Gisèle", "花子", "Ivo", "Jon"]
VOLATILE: dict[str, Callable[[], Any]] = {
    "uuid": lambda: "-".join(_hex(n) for n in (8, 4, 4, 4, 12)),
    "int": lambda: RANDOM.randrange(10**7),
    "float": lambda: round(RANDOM.uniform(0, 99), 3),
    "hex": lambda: _hex(16),
    "email": lambda: f"u{RANDOM.randrange(700)}@ex{RANDOM.randrange(9)}.example",
    "path": lambda: f"/tmp/job-{_hex(5)}/out_{RANDOM.randrange(99)}.csv",
    "name": lambda: RANDOM.choice(NAMES),
    "sku": lambda: f"SKU-{RANDOM.randrange(900)}-{RANDOM.choice('ABC')}",
    "url": lambda: f"https://pay.example/v1/charges/{_hex(8)}?try={RANDOM.randrange(9)}",
    "ip": lambda: f"10.0.{RANDOM.randrange(255)}.{RANDOM.randrange(255)}:{RANDOM.randrange(60000)}",
    "time": lambda: f"2026-0{RANDOM.randrange(1, 9)}-1{RANDOM.randrange(9)}T0{RANDOM.randrange(9)}:00:00Z",
    "quoted": lambda: repr(RANDOM.choice(NAMES) + " " + RANDOM.choice(NAMES)),
}


def keep(event: dict[str, Any], _hint: dict[str, Any]) -> None:
    _captured.append(json.loads(json.dumps(event, default=str)))


def _slim(event: dict[str, Any], number: int) -> dict[str, Any]:
    """What grouping reads; locals, modules and contexts stay out of the repository."""
    kept = {key: event[key] for key in KEPT if event.get(key)}
    for value in (kept.get("exception") or {}).get("values", []):
        frames = [
            f
            for f in (value.get("stacktrace") or {}).get("frames", [])
            if not str(f.get("abs_path")).endswith(("capture.py", "python_faults.py", "python_more.py", "make.py"))
        ]
        if value.get("stacktrace"):
            value["stacktrace"]["frames"] = frames
        for frame in frames:
            frame.pop("vars", None)
            frame["in_app"] = "/srv/app/" in (frame.get("abs_path") or "")
    return {"event_id": f"{number:032x}", **kept}


def module(name: str, source: str, *, above: int = 0) -> types.ModuleType:
    """A module of the watched application, as if read from /srv/app; `above` blank lines drift its numbers."""
    text = "\n" * above + source
    made = types.ModuleType(name)
    made.__file__ = f"/srv/app/{name.replace('.', '/')}.py"
    linecache.cache[made.__file__] = (len(text), None, text.splitlines(keepends=True), made.__file__)
    exec(compile(text, made.__file__, "exec"), made.__dict__)
    return made


class Corpus:
    """Collects cases in order."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def add(self, label: str, why: str, call: Callable[..., Any], *args: Any, times: int = 1, **scope: str) -> None:
        for _ in range(times):
            with sentry_sdk.isolation_scope() as here:
                if "transaction" in scope:
                    here.set_transaction_name(scope["transaction"])
                try:
                    result = call(*args)
                    if asyncio.iscoroutine(result):
                        asyncio.run(result)
                except BaseException:  # noqa: BLE001 — why: every fault is caught, that is the corpus
                    sentry_sdk.capture_exception()
            event = _slim(_captured[-1], len(self.cases))
            event["release"] = scope.get("release", "shop@1.0.0")
            self.cases.append({"label": label, "why": why, "event": event})


def _hex(digits: int) -> str:
    return f"{RANDOM.getrandbits(digits * 4):0{digits}x}"
