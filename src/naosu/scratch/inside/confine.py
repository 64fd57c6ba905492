"""What a program of a cell gives up before it starts."""

import json
import os
import resource
from collections.abc import Callable
from typing import Any

from naosu.scratch.inside import kernel, landlock, seccomp
from naosu.scratch.inside.walls import CONFIGURATION, DEVICES, SHARED_MEMORY, SYSTEM


def confine(job: dict[str, Any]) -> None:
    """Bound what this process may use and reach, for good. Called between fork and exec."""
    _set_limits(job["limits"])
    kernel.drop_bounding_capabilities()
    kernel.gain_nothing()
    if job["landlock"]:
        landlock.restrict(
            (*SYSTEM, *CONFIGURATION, "/etc/hosts", "/proc", *job["readable"], *job["environments"]),
            (*DEVICES, SHARED_MEMORY, job["place"], job["home"], job["tmp"], *job["writable_places"]),
            job["ports"],
        )
    if job["user"]:
        os.setgroups([])
        os.setresgid(job["user"], job["user"], job["user"])
        os.setresuid(job["user"], job["user"], job["user"])
        kernel.stay_dumpable()
    kernel.drop_capabilities()
    if job["seccomp"]:
        seccomp.refuse_calls()


def run_confined(job: dict[str, Any], function: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a function of ours returns that runs in a child, confined as the application is."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            confine(job)
            with os.fdopen(writing, "w") as pipe:
                json.dump(function(), pipe)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not text:
        raise OSError(f"a step of the cell broke with status {status}")
    answer: dict[str, Any] = json.loads(text)
    return answer


def _set_limits(limits: dict[str, int]) -> None:
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
    ):
        _, hard = resource.getrlimit(kind)
        bounded = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bounded, bounded))
