"""A server's life from the command line to its exit code: what it prints, and in which order."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from naosu.domain.errors import NaosuError
from naosu.wiring.data_dir import DataDirLock, LastRun, default_data_dir, prepare_data_dir, remember_run
from naosu.wiring.listener import is_ready, open_listener, url_of
from naosu.wiring.log import say, use_log
from naosu.wiring.settings import Settings
from naosu.wiring.supervisor import Supervisor

_ORPHANS_LEAVE_S = 8.0


class ServeError(NaosuError):
    """The server could not start. Its text says why."""

    code = "serve.failed"
    status = 500


def serve(load: Callable[[], Settings]) -> None:
    """Serve until told to stop.

    Args:
        load: Reads the settings; called again on SIGHUP.

    Raises:
        NaosuError: It could not start; nothing was left behind.
    """
    settings = with_data_dir(load())
    use_log(settings.log)
    data = Path(settings.data)
    prepare_data_dir(data)
    lock = DataDirLock(data)
    try:
        patience_s = _ORPHANS_LEAVE_S if lock.ended_uncleanly else 0.0
        listener = open_listener(settings.host, settings.port, patience_s=patience_s)
        base_url = (settings.public_url or url_of(listener)).rstrip("/")
        remember_run(data, LastRun(base_url=base_url, database=settings.database))
        supervisor = Supervisor(settings, listener=listener, base_url=base_url)
        supervisor.run(
            on_prepared=lambda found: _announce(base_url, found["dsn"]),
            on_ready=lambda: _print_ready(base_url, supervisor.first_run_link),
            is_ready=lambda: is_ready(listener),
            reload=lambda: _reloaded(load, supervisor.settings),
        )
    finally:
        lock.release()
    if supervisor.failure is not None:
        raise ServeError(supervisor.failure["message"], mend=supervisor.failure.get("mend", ""))


def with_data_dir(settings: Settings) -> Settings:
    """Return the settings with an absolute data folder."""
    path = Path(settings.data).expanduser() if settings.data else default_data_dir(os.environ)
    return _replaced(settings, data=str(path.absolute()))


def _replaced(settings: Settings, **changes: Any) -> Settings:
    import msgspec

    return msgspec.structs.replace(settings, **changes)


def _announce(base_url: str, dsn: str) -> None:
    _print(f"Dashboard: {base_url}/")
    _print(f"DSN:       {dsn}")


def _print_ready(base_url: str, first_run_link: str) -> None:
    if first_run_link:
        _print(f"Open this once to make the first account: {first_run_link}")
    _print(f"naosu: ready {base_url}")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _reloaded(load: Callable[[], Settings], now: Settings) -> Settings | None:
    try:
        new = with_data_dir(load())
    except NaosuError as error:
        say("error", "config.not_reloaded", detail=str(error))
        return None
    fixed = ("data", "host", "port", "public_url", "database")
    for name in fixed:
        if getattr(new, name) != getattr(now, name):
            say("warning", "config.needs_restart", setting=name)
    use_log(new.log)
    return _replaced(new, **{name: getattr(now, name) for name in fixed})
