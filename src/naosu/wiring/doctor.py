"""What can be wrong with an installation, how to see it, and how to mend it. Changes nothing but a test file."""

import contextlib
import os
import re
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib import metadata
from pathlib import Path

import msgspec

from naosu.domain.errors import NaosuError
from naosu.wiring.listener import ListenError, open_listener
from naosu.wiring.settings import Settings
from naosu.wiring.settings_source import ENV_PREFIX, setting_names

SQLITE_OLDEST = (3, 37, 0)
DISK_WARNING_BYTES = 2_000_000_000
DISK_TROUBLE_BYTES = 200_000_000
MEMORY_WARNING_BYTES = 300_000_000
FILES_OPEN_MIN = 1_024
CLOCK_EARLIEST_S = 1_767_225_600  # 2026-01-01: older than this program
CLOCK_SLACK_S = 60.0
KNOWN_VARIABLES = frozenset({"NAOSU_CONFIG", "NAOSU_URL", "NAOSU_TOKEN", "NAOSU_TRACEBACK", "NAOSU_DSN"})


class Health(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARNING = "warning"
    TROUBLE = "trouble"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check saw.

    Attributes:
        mend: What to do about it. Empty when all is good.
    """

    check: str
    health: Health
    detail: str
    mend: str = ""


def examine(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """Run every check; one that cannot be run is a finding itself.

    Args:
        settings: With an absolute data folder.
        environ: As `os.environ`.
    """
    data = Path(settings.data)
    checks: dict[str, Callable[[], Finding]] = {
        "python": check_python,
        "packages": check_packages,
        "environment": lambda: check_environment(environ),
        "data folder": lambda: check_folder(data),
        "sqlite": lambda: check_sqlite(data),
        "disk": lambda: check_disk(data),
        "memory": check_memory,
        "open files": check_open_files,
        "clock": lambda: check_clock(data, now_s=time.time()),
        "port": lambda: check_port(settings.host, settings.port),
    }
    return [_guarded(name, check) for name, check in checks.items()]


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (OSError, sqlite3.Error, NaosuError) as error:
        return Finding(check=name, health=Health.TROUBLE, detail=f"could not be checked: {error}", mend="See there.")


def check_python() -> Finding:
    """See whether the interpreter is one that is supported."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - what pip refuses, a copied folder does not
        return Finding(check="python", health=Health.TROUBLE, detail=found, mend="Install Python 3.11 or newer.")
    return Finding(check="python", health=Health.GOOD, detail=found)


def check_packages() -> Finding:
    """See whether everything that the distribution asks for is installed."""
    try:
        asked = [line for line in metadata.requires("naosu") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        return Finding(check="packages", health=Health.TROUBLE, detail="naosu itself is not installed", mend=_REINSTALL)
    missing = [name for name in map(_name_of, asked) if not _is_installed(name)]
    if missing:
        return Finding(check="packages", health=Health.TROUBLE, detail=f"missing: {' '.join(missing)}", mend=_REINSTALL)
    return Finding(
        check="packages", health=Health.GOOD, detail=f"naosu {metadata.version('naosu')}, {len(asked)} others"
    )


_REINSTALL = "Install it anew: pip install --force-reinstall naosu"


def _name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _is_installed(name: str) -> bool:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return bool(metadata.version(name))
    return False


def check_environment(environ: Mapping[str, str]) -> Finding:
    """See whether each NAOSU_… variable means something."""
    meant = {ENV_PREFIX + name.upper().replace(".", "__") for name in setting_names()} | KNOWN_VARIABLES
    unknown = sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in meant)
    if unknown:
        mend = "Unset them, or see docs/reference/settings.md for their names."
        return Finding(
            check="environment", health=Health.WARNING, detail=f"without effect: {' '.join(unknown)}", mend=mend
        )
    return Finding(check="environment", health=Health.GOOD, detail="nothing unknown")


def check_folder(data: Path) -> Finding:
    """See whether the data folder can be written to by us, and read by nobody else."""
    nearest = _existing(data)
    if not os.access(nearest, os.W_OK | os.X_OK):
        mend = f"chown it to this user, or name another: --data DIR (now {data})"
        return Finding(check="data folder", health=Health.TROUBLE, detail=f"{nearest} is not writable", mend=mend)
    if nearest != data:
        return Finding(check="data folder", health=Health.GOOD, detail=f"{data} will be made")
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        mend = f"chmod 700 {data}"
        return Finding(check="data folder", health=Health.WARNING, detail=f"{data} is open to other users", mend=mend)
    return Finding(check="data folder", health=Health.GOOD, detail=str(data))


def check_sqlite(data: Path) -> Finding:
    """See whether SQLite is new enough, and whether its write-ahead log works on this filesystem."""
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        oldest = ".".join(map(str, SQLITE_OLDEST))
        detail = f"SQLite {sqlite3.sqlite_version}"
        return Finding(
            check="sqlite", health=Health.TROUBLE, detail=detail, mend=f"Use a Python with SQLite ≥ {oldest}."
        )
    with tempfile.TemporaryDirectory(prefix=".naosu-doctor-", dir=_existing(data)) as folder:
        connection = sqlite3.connect(Path(folder) / "probe.db")
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.execute("CREATE TABLE probe (x)")
        finally:
            connection.close()
    if mode != "wal":
        mend = "Use a local filesystem: network ones cannot share memory between processes."
        return Finding(check="sqlite", health=Health.TROUBLE, detail=f"no write-ahead log on {data}", mend=mend)
    return Finding(check="sqlite", health=Health.GOOD, detail=f"SQLite {sqlite3.sqlite_version}, write-ahead log works")


def check_disk(data: Path) -> Finding:
    """See whether there is room."""
    free_bytes = shutil.disk_usage(_existing(data)).free
    detail = f"{free_bytes / 1e9:.1f} GB free"
    mend = "Free some, name another disk with --data, or keep less: `retention` in docs/reference/settings.md."
    if free_bytes < DISK_TROUBLE_BYTES:
        return Finding(check="disk", health=Health.TROUBLE, detail=detail, mend=mend)
    if free_bytes < DISK_WARNING_BYTES:
        return Finding(check="disk", health=Health.WARNING, detail=detail, mend=mend)
    return Finding(check="disk", health=Health.GOOD, detail=detail)


def check_memory() -> Finding:
    """See whether there is memory for the processes."""
    import psutil

    available_bytes = psutil.virtual_memory().available
    detail = f"{available_bytes / 1e6:.0f} MB available"
    if available_bytes < MEMORY_WARNING_BYTES:
        mend = "The server needs about 250 MB: stop something, or give the machine more."
        return Finding(check="memory", health=Health.WARNING, detail=detail, mend=mend)
    return Finding(check="memory", health=Health.GOOD, detail=detail)


def check_open_files() -> Finding:
    """See whether a process may hold as many connections as a storm brings."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < FILES_OPEN_MIN:
        mend = f"Raise it: ulimit -n {max(FILES_OPEN_MIN, min(hard, 65_536))}"
        return Finding(check="open files", health=Health.WARNING, detail=f"at most {soft} a process", mend=mend)
    return Finding(check="open files", health=Health.GOOD, detail=f"at most {soft} a process")


def check_clock(data: Path, *, now_s: float) -> Finding:
    """See whether the clock can be right: not before this program, nor before what was written here."""
    written_s = max((path.stat().st_mtime for path in data.glob("*") if path.is_file()), default=0.0)
    mend = "Set it, and keep it right: timedatectl set-ntp true"
    if now_s < CLOCK_EARLIEST_S:
        return Finding(check="clock", health=Health.TROUBLE, detail="it is older than this program", mend=mend)
    if written_s > now_s + CLOCK_SLACK_S:
        behind_s = written_s - now_s
        detail = f"files in {data} are from {behind_s:.0f} s in the future"
        return Finding(check="clock", health=Health.TROUBLE, detail=detail, mend=mend)
    return Finding(check="clock", health=Health.GOOD, detail=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s)))


def check_port(host: str, port: int) -> Finding:
    """See whether the port is free, or whether a Naosu answers there."""
    try:
        open_listener(host, port, patience_s=0.0).close()
    except ListenError as error:
        if _naosu_answers(host, port):
            return Finding(check="port", health=Health.GOOD, detail=f"a server runs on {host}:{port}")
        return Finding(check="port", health=Health.TROUBLE, detail=str(error), mend=error.mend)
    return Finding(check="port", health=Health.GOOD, detail=f"{host}:{port} is free")


def _naosu_answers(host: str, port: int) -> bool:
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection((host, port), timeout=2.0) as connection:
            connection.sendall(request)
            return b" 200 " in connection.recv(64).partition(b"\r\n")[0]
    except OSError:
        return False


def _existing(path: Path) -> Path:
    """Return the path, or its nearest parent that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
