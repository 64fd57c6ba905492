"""The few calls to the kernel that the standard library does not have."""

import ctypes
import errno
import os
import struct
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
_MS_REMOUNT, _MS_RDONLY = 32, 1
MNT_DETACH = 2

_ATTRIBUTE_READ_ONLY, _ATTRIBUTE_NOSUID, _ATTRIBUTE_NODEV = 1, 2, 4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 24, 38, 36
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_CAPABILITIES = 64
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
IS_LINUX = sys.platform == "linux"


def check(result: int, what: str) -> int:
    """Return what a call returned; raise the error that it left, if it failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(what: str, number: int, *arguments: object) -> int:
    """Make a call that libc has no name for."""
    if not IS_LINUX:
        raise OSError(errno.ENOSYS, f"{what}: this is no Linux")
    return check(_libc.syscall(ctypes.c_long(number), *arguments), what)


def unshare(flags: int) -> None:
    """Leave namespaces for fresh ones."""
    if not IS_LINUX:
        raise OSError(errno.ENOSYS, "this is no Linux")
    check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a file system."""
    check(
        _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()),
        f"mount {target}",
    )


def bind(source: str, target: str, *, is_writable: bool) -> None:
    """Show a file or folder at another place, without devices or set-user-id programs."""
    mount(source, target, "", MS_BIND | MS_REC)
    attributes = _ATTRIBUTE_NOSUID | (0 if is_writable else _ATTRIBUTE_READ_ONLY)
    packed = struct.pack("QQQQ", attributes, 0, 0, 0)
    syscall(
        f"mount_setattr {target}",
        _SYS_MOUNT_SETATTR,
        ctypes.c_int(_AT_FDCWD),
        target.encode(),
        ctypes.c_uint(_AT_RECURSIVE),
        packed,
        ctypes.c_size_t(len(packed)),
    )


def make_read_only(target: str) -> None:
    """Let nothing more be written to a mounted file system, without what is mounted below it."""
    mount("", target, "", MS_BIND | _MS_REMOUNT | _MS_RDONLY | MS_NOSUID | MS_NODEV)


def pivot_root(new: str, old: str) -> None:
    """Make a folder the root, and hang the former root below it."""
    check(_libc.pivot_root(new.encode(), old.encode()), "pivot_root")


def unmount(target: str) -> None:
    """Take a file system away, also while it is in use."""
    check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends."""
    check(_prctl(_PR_SET_PDEATHSIG, 9), "PR_SET_PDEATHSIG")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parents ended."""
    check(_prctl(_PR_SET_CHILD_SUBREAPER, 1), "PR_SET_CHILD_SUBREAPER")


def gain_nothing() -> None:
    """Never get rights through programs that are executed."""
    check(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "PR_SET_NO_NEW_PRIVS")


def set_filter(program: bytes) -> None:
    """Put a filter on system calls in force."""
    pointer = ctypes.create_string_buffer(program)
    check(_prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer)), "PR_SET_SECCOMP")


def stay_dumpable() -> None:
    """Let this process open its own files in /proc although its user changed."""
    check(_prctl(_PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE")


def drop_bounding_capabilities() -> None:
    """Make sure that no capability can come back."""
    for number in range(_CAPABILITIES):
        if _prctl(_PR_CAPBSET_DROP, number) < 0:
            return  # the first number that this kernel does not know, or no right to drop any


def drop_capabilities() -> None:
    """Give up every capability."""
    if not IS_LINUX:
        return
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    check(_libc.capset(header, bytes(24)), "capset")


def _prctl(option: int, value: int, more: int = 0) -> int:
    if not IS_LINUX:
        return 0
    zero = ctypes.c_ulong(0)
    result: int = _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), ctypes.c_ulong(more), zero, zero)
    return result
