"""Puts healthy applications that look like faulty ones through `naosu fix --apply`: none may be changed.

    python bench/look_alikes.py [--json]

They are the cases under tests/corpus/repair whose `fault` is null: each in a style in which some fixer's fault comes.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from fault_environment import ROOT, fault_python
from repair import NAOSU, fingerprint

CORPUS = ROOT / "tests" / "corpus" / "repair"
_TIMEOUT_S = 180


def healthy_cases() -> list[Path]:
    """Return the folders of the applications without a fault."""
    found = sorted(CORPUS.glob("*/*/case.json"))
    return [path.parent for path in found if json.loads(path.read_text())["fault"] is None]


def run(case: Path, python: Path, folder: Path) -> dict[str, Any]:
    """Return whether a copy of one application was changed, and what was tried."""
    about = json.loads((case / "case.json").read_text())
    work = folder / case.name
    shutil.copytree(case, work, ignore=shutil.ignore_patterns("case.json", "evidence.json", "server.log"))
    command = [NAOSU, "fix", "--source", str(work), "--python", str(python), "--apply", "--json"]
    if (case / "server.log").exists():
        command += ["--log", str(case / "server.log")]
    for request in about.get("requests", []):
        command += ["--request", request if isinstance(request, str) else _line(request)]
    before, began = fingerprint(work), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_TIMEOUT_S)
    report = json.loads(done.stdout) if done.stdout.strip() else {"diagnoses": [], "attempts": []}
    return {
        "case": f"{case.parent.name}/{case.name}",
        "changed": fingerprint(work) != before,
        "exit": done.returncode,
        "diagnosed": [diagnosis["fixer"] for diagnosis in report["diagnoses"]],
        "tried": len(report["attempts"]),
        "seconds": round(time.perf_counter() - began, 1),
    }


def _line(request: dict[str, Any]) -> str:
    body = request.get("body") or request.get("json") or ""
    text = body if isinstance(body, str) else json.dumps(body)
    return f"{request.get('method', 'GET')} {request['path']} {text}".strip()


def main() -> None:
    """Run them all, and print how many were changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    python, outcomes = fault_python(), []
    for case in healthy_cases():
        with tempfile.TemporaryDirectory(prefix="naosu-look-alike-") as folder:
            outcomes.append(run(case, python, Path(folder)))
        if not options.json:
            print(*outcomes[-1].values(), flush=True)
    changed = sum(outcome["changed"] for outcome in outcomes)
    if options.json:
        print(json.dumps({"cases": len(outcomes), "changed": changed, "outcomes": outcomes}))
    else:
        print(f"{len(outcomes)} healthy applications, {changed} changed")


if __name__ == "__main__":
    main()
