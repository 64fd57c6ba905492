"""Landlock: a process gives up all of the file system but what is named, for itself and all that it starts.

The numbers are those of Linux's ``include/uapi/linux/landlock.h``.
"""

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Sequence

from naosu.scratch.inside.kernel import syscall

_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH, _NET_PORT = 1, 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_MAKE_DEVICES = 1 << 6 | 1 << 11
_ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_SCOPES_FROM, _SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 6, 1, 2
_NETWORK_FROM, _NEWEST_FILES = 4, 5
_BIND_TCP, _CONNECT_TCP = 1, 2


def version() -> int:
    """Return the version of Landlock that this kernel has. 0: none."""
    try:
        return syscall("landlock", _SYS_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG))
    except OSError:
        return 0


def restrict(readable: Sequence[str], writable: Sequence[str], ports: Sequence[int] | None) -> None:
    """Give up all files but these; paths that do not exist are passed over.

    Args:
        readable: Files and folders that may be read and executed.
        writable: Those that may also be changed.
        ports: The only TCP ports that may be bound or connected to. None: any, since a network namespace holds.
    """
    known = version()
    files = _ALL_BY_VERSION[min(known, _NEWEST_FILES)]
    network = _BIND_TCP | _CONNECT_TCP if ports is not None and known >= _NETWORK_FROM else 0
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if known >= _SCOPES_FROM else 0
    attributes = struct.pack("QQQ", files, network, scopes)
    size = 24 if known >= _SCOPES_FROM else 16 if known >= _NETWORK_FROM else 8
    ruleset = syscall("landlock", _SYS_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    try:
        for path in readable:
            _allow(ruleset, path, _READ & files)
        for path in writable:
            _allow(ruleset, path, files & ~_MAKE_DEVICES)
        for port in ports if ports is not None and network else ():
            rule = struct.pack("QQ", network, port)
            syscall("landlock", _SYS_ADD_RULE, ctypes.c_int(ruleset), _NET_PORT, rule, ctypes.c_uint(0))
        syscall("landlock", _SYS_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                access &= _OF_FILES
            rule = struct.pack("=Qi", access, place)
            syscall("landlock", _SYS_ADD_RULE, ctypes.c_int(ruleset), _PATH_BENEATH, rule, ctypes.c_uint(0))
        finally:
            os.close(place)
