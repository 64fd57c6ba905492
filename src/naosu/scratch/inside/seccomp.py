"""A filter on system calls: none that reaches around the other walls, and no sockets but the ordinary ones.

The numbers are those of Linux's ``unistd.h`` and ``seccomp.h`` for the two architectures that servers have.
"""

import ctypes
import os
import struct

from naosu.scratch.inside.kernel import set_filter

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16
_X32_FROM = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6, netlink: others, such as a virtual machine's own, are not cut off by a network namespace."""
_EVERYWHERE_MOUNTING, _EVERYWHERE_MISSING = (428, 429, 430, 431, 432, 442), (425, 435)


class _Machine:
    def __init__(self, architecture: int, sockets: int, clone: int, refused: tuple[int, ...]) -> None:
        self.architecture, self.sockets, self.clone = architecture, sockets, clone
        self.refused = (*refused, *_EVERYWHERE_MOUNTING)


_MACHINES = {
    # mount umount2 pivot_root unshare setns ptrace process_vm_* bpf perf keys modules kexec userfaultfd by_handle
    "x86_64": _Machine(
        0xC000003E, 41, 56,
        (165, 166, 155, 272, 308, 101, 310, 311, 321, 298, 248, 249, 250, 175, 313, 176, 246, 323, 304),
    ),
    "aarch64": _Machine(
        0xC00000B7, 198, 220,
        (40, 39, 41, 97, 268, 117, 270, 271, 280, 241, 217, 218, 219, 105, 273, 106, 104, 282, 265),
    ),
}  # fmt: skip


def is_known() -> bool:
    """Whether there is a filter for this machine."""
    return os.uname().machine in _MACHINES


def refuse_calls() -> None:
    """Put the filter in force, for this process and all that it starts."""
    program = _program(_MACHINES[os.uname().machine])
    kept = ctypes.create_string_buffer(program)
    set_filter(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept)))


def _program(machine: _Machine) -> bytes:
    """Return the filter: checks that each return or go on with the next."""
    lines = [
        _line(_LOAD, _AT_ARCHITECTURE),
        _line(_EQUAL, machine.architecture, skip_if=1),
        _line(_RETURN, _ERROR | _EPERM),
        _line(_LOAD, _AT_NUMBER),
        *_answer(_AT_LEAST, _X32_FROM, _ENOSYS),
    ]
    for number in machine.refused:
        lines += _answer(_EQUAL, number, _EPERM)
    for number in _EVERYWHERE_MISSING:
        lines += _answer(_EQUAL, number, _ENOSYS)
    lines += [
        _line(_EQUAL, machine.clone, skip_else=4),
        _line(_LOAD, _AT_FIRST_ARGUMENT),
        *_answer(_ANY_BIT, _NEW_NAMESPACES, _EPERM),
        _line(_RETURN, _ALLOW),
        _line(_EQUAL, machine.sockets, skip_if=1),
        _line(_RETURN, _ALLOW),
        _line(_LOAD, _AT_FIRST_ARGUMENT),
    ]
    for family in _FAMILIES:
        lines += [_line(_EQUAL, family, skip_else=1), _line(_RETURN, _ALLOW)]
    return b"".join([*lines, _line(_RETURN, _ERROR | _EAFNOSUPPORT)])


def _answer(test: int, value: int, error: int) -> list[bytes]:
    return [_line(test, value, skip_else=1), _line(_RETURN, _ERROR | error)]


def _line(code: int, value: int, *, skip_if: int = 0, skip_else: int = 0) -> bytes:
    return struct.pack("HBBI", code, skip_if, skip_else, value)
