"""Processes that kill themselves, by SIGKILL, at the n-th boundary of a function of the actions."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from naosu.actions.apply_fix import Applied, Commit, apply_plan, resume
from naosu.domain.repair import Plan

_OURS = str(Path("naosu/actions/apply_fix"))
FORK = multiprocessing.get_context("fork")


def boundaries_of(work: Callable[..., Any], *arguments: Any) -> int:
    """Do the work in a process of its own, and return how many boundaries it passed."""
    passed = FORK.Value("i", 0)
    process = FORK.Process(target=_count, args=(passed, 0, work, arguments))
    process.start()
    process.join()
    assert process.exitcode == 0
    return passed.value


def killed_at(boundary: int, work: Callable[..., Any], *arguments: Any) -> bool:
    """Do the work in a process of its own that dies at this call or return. False: it was done before."""
    process = FORK.Process(target=_count, args=(FORK.Value("i", 0), boundary, work, arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _count(passed: Any, boundary: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "return") and _OURS in frame.f_code.co_filename:
            passed.value += 1
            if passed.value == boundary:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    work(*arguments)
    sys.setprofile(None)
    os._exit(0)


def put(source: Path, plan: Plan, backups: Path) -> Applied:
    return apply_plan(source, plan, mode=Commit(), backup_dir=backups)


def put_and_roll_back(source: Path, plan: Plan, backups: Path) -> None:
    put(source, plan, backups).roll_back()


def end(backups: Path) -> None:
    resume(backups)
