"""The program of a cell: reads a job from its standard input, runs its steps, and writes the answers to its output."""

import encodings.idna  # noqa: F401 -- once the root is replaced, nothing more can be imported
import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from naosu.scratch.inside import kernel, landlock, seccomp, walls
from naosu.scratch.inside.guard import count_threads, watch
from naosu.scratch.inside.places import put_places
from naosu.scratch.inside.steps import run_steps

_NO_NAMESPACES = "namespaces: switched off: the host's network and processes can be reached"
_UNPRIVILEGED_FROM, _UNPRIVILEGED_TO = 61184, 65519  # what systemd keeps for users that come and go; containers map it


def main() -> None:
    """Run the job on standard input, in a process that is the first of its own namespace."""
    kernel.die_with_parent()
    if os.getppid() == 1:
        sys.exit(1)  # the parent was gone before it could be said that this process goes with it
    job: dict[str, Any] = json.load(sys.stdin)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else a confined program could interrupt the first process
    separated, isolation = walls.separate() if "namespaces" in job["layers"] else (False, [_NO_NAMESPACES])
    child = os.fork()
    if child:
        sys.exit(watch(child, job))
    kernel.die_with_parent()
    kernel.adopt_orphans()
    isolation += _build(job, separated=separated)
    json.dump(run_steps(put_places(job), isolation), sys.stdout)
    sys.stdout.flush()
    os._exit(0)


def _build(job: dict[str, Any], *, separated: bool) -> list[str]:
    """Build the walls, and note in the job what holds; returns what does not."""
    missing: list[str] = []
    user = _pick_user(job) if separated and os.getuid() == 0 and job["is_public"] else 0
    is_rooted = separated and _build_root(job, missing)
    if user and not is_rooted:
        _give_away(job, 0)
        user = 0
    job["user"] = user
    if not separated:  # the kernel counts all processes of a user, not only those of the cell
        job["limits"]["processes"] += count_threads(os.getuid())
    job["landlock"] = "landlock" in job["layers"] and landlock.version() > 0
    job["seccomp"] = "seccomp" in job["layers"] and seccomp.is_known()
    job["ports"] = None if separated else []
    if is_rooted:
        job.update(
            place=job["source"], home=walls.HOME, tmp=walls.TEMPORARY, logs=walls.LOGS,
            writable_places=[place for _, place in job["writable"]],
        )  # fmt: skip
    else:
        job.update(place=job["tree"], writable_places=[])
    return missing + [text for holds, text in _what_holds(job) if not holds]


def _build_root(job: dict[str, Any], missing: list[str]) -> bool:
    walls.raise_loopback()
    if "root" not in job["layers"]:
        missing.append("a root of its own: switched off: only Landlock hides the host's files")
        return False
    try:
        walls.build_root(job)
    except OSError as error:
        missing.append(f"a root of its own: {error}: only Landlock hides the host's files")
        return False
    return True


def _what_holds(job: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    yield (
        job["landlock"],
        "Landlock: off, or not in this kernel: only the cell's own root, if any, hides the host's files",
    )
    yield job["seccomp"], "a filter on system calls: off, or there is none for this kind of machine"
    yield bool(job["user"] or os.getuid()), "a user of its own: processes are not counted, and root's files less hidden"
    yield (
        os.path.isdir("/proc/self"),
        "a bound on the memory of all processes together: there is no /proc to read it from",
    )
    is_reached = not job["relays"] or job["ports"] is None
    yield is_reached, "database servers: only a network namespace lets a cell reach just one, so it reaches none"


def _pick_user(job: dict[str, Any]) -> int:
    """Give the copy to a user who owns nothing else, and return who that is. 0: this container knows no other users."""
    user = _UNPRIVILEGED_FROM + int.from_bytes(os.urandom(4), "big") % (_UNPRIVILEGED_TO - _UNPRIVILEGED_FROM)
    try:
        _give_away(job, user)
    except OSError:
        _give_away(job, 0)
        return 0
    return user


def _give_away(job: dict[str, Any], user: int) -> None:
    for place in (job["tree"], job["home"], job["tmp"], *(path for path, _ in job["writable"])):
        for folder, _, names in os.walk(place):
            os.chown(folder, user, user)
            for name in names:
                os.chown(os.path.join(folder, name), user, user, follow_symlinks=False)
