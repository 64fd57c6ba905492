"""Runs the shared faulty applications through `naosu fix --apply`, and asks each one's own oracle afterwards.

    python bench/repair.py [--case NAME …] [--json] [--verbose]

A case is copied without its trigger, log and solution; the log goes in through `--log`. *Fixed* is what the oracle
says, *claimed* what `naosu fix` says; *wrong* is a claim that the oracle denies, or a control that was touched.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fault_environment import FAULTS, fault_python

NAOSU = str(Path(sys.executable).with_name("naosu"))
_HIDDEN = ("trigger.py", "TRIGGER.md", "traceback.txt", "case.json", "fixed.patch")
_TIMEOUT_S = 180


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one case.

    Attributes:
        diagnosed: A fixer recognised something.
        claimed: `naosu fix` says that it is fixed.
        fixed: The oracle says so. For a control: nothing was touched.
        wrong: See above.
    """

    case: str
    category: str
    diagnosed: bool
    claimed: bool
    fixed: bool
    wrong: bool
    seconds: float
    fixers: list[str]
    verdicts: list[str]


def cases(names: list[str]) -> list[Path]:
    """Return the folders of these cases, of all of them without names."""
    found = sorted(path.parent for path in FAULTS.glob("*/case.json"))
    return [path for path in found if not names or path.name in names]


def run(case: Path, python: Path, folder: Path, *, verbose: bool) -> Outcome:
    """Put a copy of one case through it."""
    about = json.loads((case / "case.json").read_text())
    work = folder / case.name
    shutil.copytree(case, work)
    shutil.copy(FAULTS / "_harness.py", folder)
    for path in (work, *work.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    oracle(work, python)  # some cases make their database when they are first run
    hidden = folder / "hidden"
    hidden.mkdir()
    for name in _HIDDEN:
        if (work / name).exists():
            shutil.move(work / name, hidden / name)
    before = fingerprint(work)
    began = time.perf_counter()
    command = [NAOSU, "fix", "--source", str(work), "--log", str(hidden / "traceback.txt"), "--python", str(python)]
    done = subprocess.run(
        [*command, "--apply", "--json"], check=False, capture_output=True, text=True, timeout=_TIMEOUT_S
    )
    seconds = time.perf_counter() - began
    touched = fingerprint(work) != before
    for path in hidden.iterdir():
        shutil.move(path, work / path.name)
    report = json.loads(done.stdout) if done.stdout.strip() else {"diagnoses": [], "attempts": []}
    if verbose:
        print(done.stderr[-2000:], json.dumps(report, indent=1)[:6000], file=sys.stderr)
    is_control = case.name.startswith("control_")
    claimed = done.returncode == 0
    fixed = not touched if is_control else oracle(work, python) == 0
    return Outcome(
        case=case.name,
        category="CONTROL" if is_control else about["category"],
        diagnosed=bool(report["diagnoses"]),
        claimed=claimed,
        fixed=fixed,
        wrong=(is_control and touched) or (claimed and not fixed),
        seconds=round(seconds, 1),
        fixers=[diagnosis["fixer"] for diagnosis in report["diagnoses"]],
        verdicts=[attempt["verdict"] for attempt in report["attempts"]],
    )


def oracle(work: Path, python: Path) -> int:
    """Return what the case's own trigger says: 0 healthy, 1 faulty, 77 it needs a service that is absent."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [str(python), "trigger.py"], check=False, cwd=work, env=environment, capture_output=True, timeout=120
    ).returncode


def fingerprint(work: Path) -> str:
    """Return a hash over all files but caches."""
    digest = hashlib.sha256()
    for path in sorted(work.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(work)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    """Yield the outcome of each case."""
    python = fault_python()
    for case in cases(options.case):
        with tempfile.TemporaryDirectory(prefix="naosu-repair-") as folder:
            yield run(case, python, Path(folder), verbose=options.verbose)


def main() -> None:
    """Run the cases, and print the figures per category."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", default=[], help="only this one; may come several times")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    done = []
    for one in outcomes(options):
        done.append(one)
        if not options.json:
            sign = "wrong" if one.wrong else "fixed" if one.fixed else "-"
            print(f"{one.case:45} {sign:6} {one.seconds:5.1f} s  {', '.join(one.fixers)}  {' '.join(one.verdicts)}")
    by_category: dict[str, dict[str, float]] = {}
    for category in sorted({one.category for one in done}):
        mine = [one for one in done if one.category == category]
        by_category[category] = {
            "cases": len(mine),
            "diagnosed": sum(one.diagnosed for one in mine),
            "fixed": sum(one.fixed for one in mine),
            "wrong": sum(one.wrong for one in mine),
            "median_s": statistics.median(one.seconds for one in mine),
        }
    if options.json:
        print(json.dumps({"categories": by_category, "cases": [msgspec.to_builtins(one) for one in done]}))
    else:
        for category, figures in by_category.items():
            print(category, figures)


if __name__ == "__main__":
    main()
