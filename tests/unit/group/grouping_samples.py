"""Small events for tests of grouping."""

import importlib.util
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from naosu.domain.event import Event, ExceptionValue, Frame
from naosu.domain.fingerprint import Grouping, Site
from naosu.group import group, locate

AT = datetime(2026, 1, 1, tzinfo=UTC)
CORPUS = Path(__file__).parents[2] / "corpus" / "grouping"


def frame(function: str = "run", module: str = "shop.jobs", line: str = "", **more: Any) -> Frame:
    fields = {"in_app": True, "lineno": 1, "filename": f"{module.replace('.', '/')}.py", **more}
    return Frame(function=function, module=module, context_line=line, **fields)


def error(kind: str, text: str, *frames: Frame, **more: Any) -> ExceptionValue:
    return ExceptionValue(type=kind, value=text, frames=frames or (frame(),), **more)


def event(*exceptions: ExceptionValue, **more: Any) -> Event:
    fields = {"event_id": "0" * 32, "project_id": 1, "occurred_at": AT, "received_at": AT, **more}
    return Event(exceptions=exceptions, **fields)


def raised(text: str, line: str, kind: str = "ValueError", **more: Any) -> Event:
    return event(error(kind, text, frame(line=line, **more)))


def online(events: Sequence[Event]) -> list[Grouping]:
    """One pass, as the digester does it."""
    sites: dict[str, Site | None] = {}
    groupings = []
    for one in events:
        crash = locate(one)
        grouping, learnt = group(one, crash, sites.get(crash.site_key))
        if crash.site_key:
            sites[crash.site_key] = learnt
        groupings.append(grouping)
    return groupings


def issues(*events: Event) -> int:
    return len({grouping.fingerprint for grouping in online(events)})


def corpus_reader() -> ModuleType:
    """The corpus's own reader, loaded by path: tests are no package."""
    spec = importlib.util.spec_from_file_location("grouping_corpus_events", CORPUS / "events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
