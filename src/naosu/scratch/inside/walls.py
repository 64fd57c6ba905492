"""Builds a cell: namespaces of its own, and a root in which only what the application needs can be seen."""

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Any

from naosu.scratch.inside import kernel

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
CONFIGURATION = tuple(
    f"/etc/{name}"
    for name in (
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "host.conf", "nsswitch.conf", "passwd",
        "group", "services", "protocols", "mime.types", "ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "pki/tls/certs",
        "ca-certificates", "alternatives", "os-release", "debian_version", "locale.alias", "gai.conf", "magic",
    )
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
HOME, TEMPORARY, LOGS = "/naosu/home", "/tmp", "/naosu/logs"  # noqa: S108 -- its own, in its own root
SHARED_MEMORY = "/dev/shm"  # noqa: S108 -- its own, in its own root
_INSIDE = kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_SHARED_BYTES = 256_000_000


def separate() -> tuple[bool, list[str]]:
    """Leave the host's namespaces.

    It is tried in a child first: some systems give a user namespace and then refuse all that it is for, and there is
    no way back. The process namespace holds for children only, and the mounts stay: `build_root` leaves those, in the
    child.

    Returns:
        Whether that went, and what could not be had.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _leave()
            raise_loopback()
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        return False, ["namespaces: not allowed here: the host's network and processes can be reached"]
    _leave()
    return True, []


def _leave() -> None:
    user, group = os.getuid(), os.getgid()
    kernel.unshare((0 if user == 0 else kernel.CLONE_NEWUSER) | _INSIDE | kernel.CLONE_NEWPID)
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def raise_loopback() -> None:
    """Let 127.0.0.1 be reached in a fresh network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh22x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def build_root(job: dict[str, Any]) -> None:
    """Replace the root by one that holds the copy, at the place of its source, the interpreter, and the system's files.

    Raises:
        OSError: It cannot be had here.
    """
    root = job["root"]
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("naosu", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=64m")
    for path in SYSTEM:
        _show_system(root, path)
    for path in (*CONFIGURATION, *DEVICES):
        _show(root, path, path, is_writable=path in DEVICES)
    _write_hosts(root, job["hosts"])
    _make_devices(root)
    for path, place in ((job["home"], HOME), (job["tmp"], TEMPORARY), (job["logs"], LOGS)):
        _show(root, path, place, is_writable=True)
    for path in job["readable"]:
        _show(root, path, path, is_writable=False)
    for path, place in job["writable"]:
        _show(root, path, place, is_writable=True)
    _show(root, job["tree"], job["source"], is_writable=True)
    for path in job["environments"]:
        _show(root, path, path, is_writable=False)
    _make_mount_point(root + "/proc", is_folder=True)
    kernel.mount("proc", root + "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    _make_mount_point(root + "/naosu/old", is_folder=True)
    kernel.pivot_root(root, root + "/naosu/old")
    os.chdir("/")
    kernel.unmount("/naosu/old")
    kernel.make_read_only("/")


def _show_system(root: str, path: str) -> None:
    if os.path.islink(path):
        Path(root + path).symlink_to(Path(path).readlink())
    else:
        _show(root, path, path, is_writable=False)


def _show(root: str, path: str, place: str, *, is_writable: bool) -> None:
    if not os.path.exists(path):
        return
    _make_mount_point(root + place, is_folder=os.path.isdir(path))
    kernel.bind(path, root + place, is_writable=is_writable)


def _make_mount_point(place: str, *, is_folder: bool) -> None:
    if os.path.exists(place):
        return
    os.makedirs(place if is_folder else os.path.dirname(place), mode=0o755, exist_ok=True)
    if not is_folder:
        Path(place).touch()


def _make_devices(root: str) -> None:
    os.makedirs(root + SHARED_MEMORY, exist_ok=True)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("naosu", root + SHARED_MEMORY, "tmpfs", flags, f"mode=1777,size={_SHARED_BYTES}")
    for name, goal in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        with contextlib.suppress(FileExistsError):
            Path(root, "dev", name).symlink_to(goal)


def _write_hosts(root: str, names: tuple[str, ...]) -> None:
    os.makedirs(root + "/etc", exist_ok=True)
    Path(root, "etc/hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n::1 localhost\n")
