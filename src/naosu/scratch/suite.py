"""The project's own tests, run in a scratch copy: which of them pass."""

import re
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from naosu.scratch.inside.places import TREE
from naosu.scratch.starting import Start, leading_variables, with_interpreter

_REPORT = ".naosu-tests.xml"
_REPORT_BYTES_MAX = 5_000_000
_VERBOSE_OK = re.compile(r"^(\S+ \([\w.]+\))(?:.*?)\.\.\. ok$", re.MULTILINE)


class Suite:
    """One test command.

    Attributes:
        environment: The variables that it sets for itself.
    """

    def __init__(self, command: str, start: Start) -> None:
        words = shlex.split(command)
        self._command = command
        self.environment = leading_variables(words)
        self._words = with_interpreter(words[len(leading_variables(words)) :], start.python)
        self._is_pytest = any(Path(word).name in {"pytest", "py.test"} for word in self._words)

    def argv(self) -> list[str]:
        """Return the command for a copy, so that it names the tests that passed."""
        if self._is_pytest:
            return [*self._words, "-p", "no:cacheprovider", f"--junitxml={TREE}/{_REPORT}"]
        return [*self._words, "-v", "2"] if "manage.py" in self._words else [*self._words]

    def read_steps(self) -> list[dict[str, Any]]:
        """Return the steps that read which passed."""
        return [{"do": "read", "path": _REPORT, "bytes": _REPORT_BYTES_MAX}] if self._is_pytest else []

    def passed(self, done: dict[str, Any]) -> tuple[str, ...] | None:
        """Return the tests that passed, sorted. None: they could not be run."""
        answers = [answer for answer in done["answers"] if "out" in answer or "text" in answer]
        if done["error"] or not answers:
            return None
        if self._is_pytest:
            return _passed_in_report(answers[-1].get("text", ""))
        ran = answers[-1]
        named = tuple(sorted(set(_VERBOSE_OK.findall(ran["out"] + ran["error"]))))
        if named:
            return named
        return (self._command,) if ran["code"] == 0 else ()


def _passed_in_report(text: str) -> tuple[str, ...] | None:
    try:
        report = ET.fromstring(text)  # noqa: S314 -- entities are not expanded beyond its own five megabytes
    except ET.ParseError:
        return None
    return tuple(
        sorted(
            f"{case.get('classname')}::{case.get('name')}"
            for case in report.iter("testcase")
            if not any(child.tag in {"failure", "error", "skipped"} for child in case)
        )
    )
