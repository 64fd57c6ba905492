"""The folder in which a server keeps everything, and the lock that makes it one server's."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from naosu.domain.errors import NaosuError


class DataDirError(NaosuError):
    """The data folder cannot be used. Not retryable until it is mended."""

    code = "data_dir.unusable"
    status = 500


class DataDirTakenError(NaosuError):
    """Another server works in the data folder. Retryable once that has stopped."""

    code = "data_dir.taken"
    status = 500


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """What commands that work on a data folder must know of the server that served it last.

    Attributes:
        base_url: As in its DSNs and links, without a slash at the end.
        database: URL of its database. Empty: SQLite in the folder.
    """

    base_url: str
    database: str = ""


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return ``$XDG_DATA_HOME/naosu``, by default ``~/.local/share/naosu``: the same from every working directory."""
    base = environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "share") / "naosu"


def prepare_data_dir(path: Path) -> None:
    """Make the folder, readable by nobody else, unless it is there; and make sure that it can be written to.

    Raises:
        DataDirError: Not retryable.
    """
    try:
        path.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        probe = path / f".write-test-{os.getpid()}"
        probe.write_bytes(b"naosu")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataDirError(
            f"the data folder {path} cannot be written to: {reason}",
            mend="Name another with --data, or make it writable for this user.",
        ) from error


class DataDirLock:
    """Holds a data folder for one server; released by the system when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            DataDirTakenError: Another server holds it. Retryable.
            DataDirError: It cannot be made.
        """
        try:
            self._file = os.open(path / "naosu.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirError(
                f"{path / 'naosu.lock'} cannot be opened: {error.strerror}",
                mend="Make the data folder writable for this user.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 20, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise DataDirTakenError(
                f"another server works in {path}" + (f" (process {holder})" if holder else ""),
                mend="Stop that one, or name another folder with --data.",
            ) from error
        self.ended_uncleanly = os.fstat(self._file).st_size > 0
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the folder free, and remember that it was done in order."""
        os.ftruncate(self._file, 0)
        os.close(self._file)


def remember_run(path: Path, run: LastRun) -> None:
    """Write what commands need to know of this server; whole or not at all."""
    temporary = path / ".server.json.new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(run))
    temporary.replace(path / "server.json")


def recall_run(path: Path) -> LastRun | None:
    """Return what the last server wrote. None: there was none, or it cannot be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((path / "server.json").read_bytes(), type=LastRun)
    return None
