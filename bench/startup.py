"""How soon a server is ready, on a fresh folder and on a used one; what `--help` and a command take; idle memory.

`python bench/startup.py [--rounds 5] [--json]`: medians over the rounds, in seconds and megabytes.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

NAOSU = str(Path(sys.executable).with_name("naosu"))


def start(data: Path) -> tuple[subprocess.Popen[str], float]:
    """Start a server and return it with the seconds until its ready line."""
    began_s = time.perf_counter()
    process = subprocess.Popen([NAOSU, "serve", "--data", str(data), "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("naosu: ready "):
            return process, time.perf_counter() - began_s
    raise SystemExit("naosu serve did not become ready")


def memory_mb(process: subprocess.Popen[str]) -> dict[str, float]:
    """Return the resident memory of each process of a server, and what they hold without sharing."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
    resident = {" ".join(one.cmdline()[-4:])[:60]: one.memory_info().rss / 1e6 for one in family}
    unique = sum(one.memory_full_info().uss for one in family) / 1e6
    return {**resident, "total": sum(resident.values()), "total without sharing": unique}


def stop(process: subprocess.Popen[str]) -> float:
    """Stop it and return the seconds that it took."""
    began_s = time.perf_counter()
    process.terminate()
    if process.wait(15):
        raise SystemExit(f"naosu serve ended with {process.returncode}")
    return time.perf_counter() - began_s


def cpu_s(*command: str) -> float:
    """Return the processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(rounds: int) -> dict[str, Any]:
    """Measure all figures."""
    fresh, used, ends, helps, commands = [], [], [], [], []
    memory: dict[str, float] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="naosu-startup-") as folder:
            data = Path(folder) / "data"
            for figures in (fresh, used):
                process, ready_s = start(data)
                figures.append(ready_s)
                memory = memory_mb(process)
                ends.append(stop(process))
            commands.append(cpu_s(NAOSU, "issues", "list", "--data", str(data)))
        began_s = time.perf_counter()
        subprocess.run([NAOSU, "--help"], stdout=subprocess.DEVNULL, check=True)
        helps.append(time.perf_counter() - began_s)
    return {
        "ready_fresh_s": round(statistics.median(fresh), 3),
        "ready_fresh_worst_s": round(max(fresh), 3),
        "ready_used_s": round(statistics.median(used), 3),
        "stop_s": round(statistics.median(ends), 3),
        "help_s": round(statistics.median(helps), 3),
        "command_cpu_s": round(statistics.median(commands), 3),
        "idle_rss_mb": {name: round(size, 1) for name, size in memory.items()},
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.rounds)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
