"""The REST API with everything that it needs, for a web process and for the command line."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from naosu import __version__
from naosu.api.app import AppInParts
from naosu.api.context import ApiContext, ApiSettings
from naosu.domain.report import Report
from naosu.ports.inbox import InboxDepth
from naosu.ports.store import Store
from naosu.wiring.build import inbox_dir, inbox_settings, open_inbox_writer, open_store
from naosu.wiring.process_list import ProcessList
from naosu.wiring.settings import Settings
from naosu.wiring.system import SystemClock

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def open_api_app(settings: Settings, *, base_url: str) -> tuple[AppInParts, Callable[[], None]]:
    """Return the API for the command line, whose caller is an admin, and what closes it."""
    held = ExitStack()
    store = held.enter_context(open_store(settings))
    context = api_context(settings, store, base_url=base_url, redrive=lambda report: _append_once(settings, report))
    return AppInParts(context), held.close


def api_context(settings: Settings, store: Store, *, base_url: str, redrive: Callable[[Report], None]) -> ApiContext:
    """Return what the API's handlers need."""
    return ApiContext(
        store=store,
        clock=SystemClock(),
        inbox_depth=lambda: _inbox_depth(settings),
        inbox_room=lambda: _check_inbox_room(settings),
        redrive=redrive,
        processes=ProcessList(Path(settings.data)).look,
        public_url=base_url,
        version=__version__,
        settings=ApiSettings(organization_slug=settings.org, loopback_only=settings.host in LOOPBACK),
    )


def describing_context() -> ApiContext:
    """Return a context with nothing behind it, with which the API can be described but not used."""
    return ApiContext(
        store=cast("Store", None),
        clock=SystemClock(),
        inbox_depth=lambda: InboxDepth(report_count=0, stored_bytes=0),
        redrive=_nowhere,
        processes=list,
        public_url="http://127.0.0.1:8790",
        version=__version__,
    )


def _inbox_depth(settings: Settings) -> InboxDepth:
    from naosu.queue.inbox import measure_depth

    return measure_depth(inbox_dir(settings))


def _check_inbox_room(settings: Settings) -> None:
    from naosu.queue.inbox import check_room

    check_room(inbox_dir(settings), inbox_settings(settings))


def _append_once(settings: Settings, report: Report) -> None:
    """Put a report into the inbox from a process that is no server."""
    writer = open_inbox_writer(settings, f"cli-{os.getpid()}")
    try:
        writer.append([report])
    finally:
        writer.close()


def _nowhere(_report: Any) -> None:
    raise NotImplementedError
