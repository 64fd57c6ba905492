"""The steps of a job, one after another: change databases, start the application, ask it, run programs, stop it."""

import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

from naosu.scratch.inside.confine import run_confined
from naosu.scratch.inside.databases import read_facts, run_statements
from naosu.scratch.inside.guard import end_descendants
from naosu.scratch.inside.programs import Program, clean_environment
from naosu.scratch.inside.relays import start_relays
from naosu.scratch.inside.requests import send

Answer = dict[str, Any]
Job = dict[str, Any]

_STOP_PATIENCE_S = 3.0
_QUIET_S = 0.02
_QUIET_AFTER_FAULT_S = 0.06
_LOG_PATIENCE_S = 0.5
_SERVER_ERROR = 500


class Run:
    """One run of one job.

    Attributes:
        server: The application, once it was started.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.tree = Path(job["place"])
        self.server: Program | None = None
        self.port = 0

    def sql(self, step: Job) -> Answer:
        """Run statements on a SQLite file, which must be one of the copies."""
        file = Path(step["file"])
        if not any(file.is_relative_to(place) for place in (self.tree, *self.job["writable_places"])):
            return {"error": f"{file} is not part of the scratch copy"}
        return run_confined(self.job, lambda: run_statements(file, step["statements"]))

    def facts(self, step: Job) -> Answer:
        """Read the schema and the row counts of the SQLite files in the copy."""
        return run_confined(self.job, lambda: read_facts([self.tree, *map(Path, self.job["writable_places"])]))

    def start(self, step: Job) -> Answer:
        """Start the application, and wait until it accepts connections."""
        self.port = _free_port()
        if self.job["ports"] is not None:
            self.job["ports"].append(self.port)
        argv = [part.replace("{port}", str(self.port)) for part in step["argv"]]
        ports = [self.port, *(step["fixed_ports"] if self.job["ports"] is None else ())]
        environment = clean_environment(self.job, {**step["env"], "PORT": str(self.port)})
        self.server = Program(self.job, argv, environment, step["cwd"], name="server")
        deadline = time.monotonic() + step["wait_s"]
        started = False
        while not started and self.server.runs() and time.monotonic() < deadline:
            accepting = [port for port in ports if _accepts(port)]
            started = bool(accepting)
            if started:
                self.port = accepting[0]
            else:
                time.sleep(0.02)
        return {"started": started}

    def requests(self, step: Job) -> Answer:
        """Send requests one after another; each answer comes with what the server wrote meanwhile."""
        assert self.server is not None  # noqa: S101 -- a job that asks before it starts is our own mistake
        deadline = time.monotonic() + step["all_s"]
        exchanges = []
        for request in step["requests"]:
            left_s = min(step["each_s"], deadline - time.monotonic())
            before = self.server.log_bytes()
            if left_s <= 0:
                exchanges.append({"status": 0, "error": "not sent: the time for all requests was over"})
                continue
            answer = send(self.port, request, left_s)
            is_fault = answer["status"] == 0 or answer["status"] >= _SERVER_ERROR
            self.server.wait_until_quiet(_QUIET_AFTER_FAULT_S if is_fault else _QUIET_S, _LOG_PATIENCE_S)
            answer["log"] = self.server.log(before)
            exchanges.append(answer)
        return {"exchanges": exchanges}

    def run(self, step: Job) -> Answer:
        """Run a program to its end; it finds the served application's address, if there is one, in its environment."""
        address = {"NAOSU_URL": f"http://127.0.0.1:{self.port}"} if self.port else {}
        environment = clean_environment(self.job, {**step["env"], **address})
        program = Program(self.job, step["argv"], environment, step["cwd"], name="program", separate=True)
        in_time = program.wait(step["wait_s"])
        program.end()
        return {
            "code": program.code if in_time else None,
            "in_time": in_time,
            "out": program.out(),
            "error": program.log(),
        }

    def read(self, step: Job) -> Answer:
        """Read a file that a program wrote."""
        return run_confined(self.job, lambda: {"text": _text(self.tree / step["path"], step["bytes"])})

    def stop(self, step: Job) -> Answer:
        """Stop the application as an operator would, and return all that it wrote."""
        if self.server is None:
            return {"log": ""}
        self.server.stop(_STOP_PATIENCE_S)
        return {"log": self.server.log(), "code": self.server.code}


def run_steps(job: Job, isolation: list[str]) -> Answer:
    """Run all steps; what one of them raises is its answer, and ends the job."""
    run = Run(job)
    start_relays(job)
    answers: list[Answer] = []
    error = ""
    try:
        for step in job["steps"]:
            answers.append(getattr(run, step["do"])(step))  # noqa: PERF401 -- those before a failure count
    except (OSError, sqlite3.Error, ValueError) as raised:
        error = f"{type(raised).__name__}: {raised}"
    finally:
        if run.server is not None:
            run.server.end()
        end_descendants()
    return {"answers": answers, "error": error, "isolation": isolation}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _text(path: Path, bytes_max: int) -> str:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max).decode(errors="replace")
    except OSError:
        return ""


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2):
            return True
    except OSError:
        return False
