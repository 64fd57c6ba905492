"""The program of a cell: reads a job from its standard input, runs its steps, and writes the answers to its output."""

import json
import sys
from typing import Any

from naosu.scratch.inside.steps import run_steps


def main() -> None:
    """Run the job on standard input."""
    job: dict[str, Any] = json.load(sys.stdin)
    json.dump(run_steps(job, job.get("isolation", [])), sys.stdout)
    sys.stdout.flush()
