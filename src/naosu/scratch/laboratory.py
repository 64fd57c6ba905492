"""The laboratory: fresh scratch copies of one application, run in cells."""

import base64
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from naosu.domain.evidence import Crash, WebRequest
from naosu.domain.observation import Described, Exchange, Observation
from naosu.domain.repair import Plan
from naosu.scratch.cell import run_job
from naosu.scratch.copying import PREFIX, copy_tree, remove_left_over
from naosu.scratch.errors import CellFailedError
from naosu.scratch.inside.places import TREE
from naosu.scratch.outside import OutsideFiles
from naosu.scratch.plans import put_edits, relative_to_source, sqlite_steps
from naosu.scratch.scripts import ask_argv, describe_argv, read_json
from naosu.scratch.servers import Servers
from naosu.scratch.starting import Start, find_start
from naosu.scratch.suite import Suite
from naosu.scratch.variables import database_variables
from naosu.scratch.view import view_of

LAYERS = ("namespaces", "root", "landlock", "seccomp")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an application may use in a scratch copy.

    Attributes:
        boot_s: Until it accepts connections.
        request_s, requests_s: For one request, and for all of them.
        program_s: For a plan's script.
        tests_s: For the project's own tests.
        cpu_s, memory_bytes, file_bytes: Of each process: processor time, address space, largest file.
        memory_all_bytes: Of all processes together, in use.
        disk_bytes: By how much the disk's free space may shrink meanwhile.
        processes: All that run at once, threads included.
        open_files: Of each process.
    """

    boot_s: float = 30.0
    request_s: float = 15.0
    requests_s: float = 60.0
    program_s: float = 20.0
    tests_s: float = 120.0
    cpu_s: int = 120
    memory_bytes: int = 4_000_000_000
    file_bytes: int = 1_000_000_000
    memory_all_bytes: int = 2_000_000_000
    disk_bytes: int = 4_000_000_000
    processes: int = 256
    open_files: int = 1024


class ScratchLaboratory:
    """Implements `naosu.ports.laboratory.Laboratory` with copies on this machine.

    Attributes:
        start: How the application is started.
    """

    def __init__(
        self,
        source: Path,
        *,
        python: Path | None = None,
        start: str | None = None,
        databases: Sequence[str] = (),
        tests: str | None = None,
        limits: Limits | None = None,
        layers: Sequence[str] = LAYERS,
        read_crashes: Callable[[str], tuple[Crash, ...]] = lambda _: (),
    ) -> None:
        """Copy the tree once: all later copies are copies of that one.

        Args:
            source: The tree; it is only read.
            python: The application's interpreter. None: it is guessed.
            start: The command that serves the application; ``{port}`` stands for the port. None: it is guessed.
            layers: What of the isolation is tried; less than all is for tests of what then holds.
            limits: What the application may use.
            databases: SQLAlchemy URLs of what the application may reach beside its own files.
            tests: The command of the project's own tests, such as ``pytest -q``.
            read_crashes: Finds the tracebacks in a log.

        Raises:
            SourceUnusableError: The tree cannot be copied, or nothing in it can be started.
        """
        self.source = source.resolve()
        self.start: Start = find_start(self.source, python=python, start=start)
        self._databases = tuple(databases)
        self._suite = Suite(tests, self.start) if tests else None
        self._limits = limits or Limits()
        self._read_crashes = read_crashes
        remove_left_over(Path(tempfile.gettempdir()))
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self._view = view_of(self.start.python, self.source)
        self._count = 0
        self._pristine = self._folder / "pristine"
        copy_tree(self.source, self._pristine)
        self._servers = Servers(databases)
        self._variables = database_variables(self.source, databases, os.environ)
        self._outside = OutsideFiles(self.source, databases)
        self._layers = layers

    def describe(self) -> Described:
        """Import the application in a scratch copy, and return what it says of itself; never raises for its faults."""
        application = self.start.application
        target = application.target if application else ""
        framework = application.framework if application else ""
        told = self._program(
            describe_argv(self.start.python, target, framework, self.start.argv), self._limits.program_s
        )
        if "error" in told and len(told) == 1:
            return Described(framework=framework, error=told["error"])
        return Described(
            framework=told["framework"] or framework,
            openapi=told["openapi"].encode(),
            routes=tuple((method, path) for method, path in told["routes"]),
            databases=tuple(relative_to_source(url, self.start.cwd) for url in told["databases"]),
            error=told["error"],
        )

    def observe(self, requests: Sequence[WebRequest], plan: Plan | None = None) -> Observation:
        """Make a fresh copy, put the plan in force there, start the application, send the requests, and stop it."""
        began = time.monotonic()
        asked = _each_once(requests, plan)
        script = plan.proof.script if plan else ""
        tree = self._fresh(plan)
        steps = [*sqlite_steps(plan, self.source), *self._serve_steps(asked, script)]
        try:
            with self._servers.run(tree.parent / "logs") as relays:
                refused = self._servers.put(plan)
                counts = self._servers.facts()["row_counts"]
                done = run_job(self._job(tree, steps, relays), wall_s=self._wall_s(len(asked)))
                done["servers"] = {"refused": refused, "counts": counts, "schema": self._servers.facts()["schema"]}
        except CellFailedError as error:
            return Observation(started=False, log=str(error), seconds=time.monotonic() - began)
        finally:
            self._remove(tree)
        passed = self._run_tests(plan)
        return self._observed(asked, steps, done, passed, began)

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> dict[str, Any]:
        """Run a program of ours with the application's interpreter in a copy of the tree as it is."""
        return self._program(ask_argv(self.start.python, script, argument), timeout_s)

    def close(self) -> None:
        """Remove all copies, also those on database servers."""
        self._servers.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _program(self, argv: Sequence[str], timeout_s: float) -> dict[str, Any]:
        tree = self._fresh(None)
        try:
            with self._servers.run(tree.parent / "logs") as relays:
                job = self._job(tree, [self._run_step(argv, timeout_s)], relays)
                done = run_job(job, wall_s=timeout_s + 10)
        except CellFailedError as error:
            return {"error": str(error)}
        finally:
            self._remove(tree)
        return read_json(done)

    def _fresh(self, plan: Plan | None) -> Path:
        self._count += 1
        tree = self._folder / str(self._count) / "tree"
        shutil.copytree(self._pristine, tree, symlinks=True)
        for name in ("home", "tmp", "logs", "root"):
            (tree.parent / name).mkdir()
        if plan is not None:
            put_edits(plan, tree)
        return tree

    def _remove(self, tree: Path) -> None:
        shutil.rmtree(tree.parent, ignore_errors=True)

    def _job(self, tree: Path, steps: Sequence[dict[str, Any]], relays: Sequence[dict[str, Any]]) -> dict[str, Any]:
        limits = self._limits
        return {
            "tree": str(tree),
            "source": str(self.source),
            "home": str(tree.parent / "home"),
            "tmp": str(tree.parent / "tmp"),
            "logs": str(tree.parent / "logs"),
            "path": f"{self.start.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "root": str(tree.parent / "root"),
            "readable": self._view.readable,
            "environments": self._view.environments,
            "is_public": self._view.is_public,
            "writable": self._outside.copy(tree.parent / "outside"),
            "hosts": self._servers.hosts,
            "relays": list(relays),
            "layers": self._layers,
            "limits": {
                "cpu_s": limits.cpu_s,
                "memory_bytes": limits.memory_bytes,
                "file_bytes": limits.file_bytes,
                "processes": limits.processes,
                "open_files": limits.open_files,
                "memory_all_bytes": limits.memory_all_bytes,
                "disk_bytes": limits.disk_bytes,
            },
            "steps": list(steps),
        }

    def _place(self, relative: str) -> str:
        return os.path.normpath(f"{TREE}/{relative}")

    def _environment(self) -> dict[str, str]:
        """Return what the application needs in its environment, its import roots as absolute paths."""
        given = {**self._variables, **self.start.environment}
        if roots := given.get("PYTHONPATH"):
            given["PYTHONPATH"] = ":".join(self._place(f"{self.start.cwd}/{root}") for root in roots.split(":"))
        return given

    def _run_step(
        self, argv: Sequence[str], timeout_s: float, variables: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        cwd = self._place(self.start.cwd)
        environment = {**self._environment(), **(variables or {})}
        paths = [cwd, *environment.get("PYTHONPATH", "").split(":")]
        environment["PYTHONPATH"] = ":".join(dict.fromkeys(path for path in paths if path))
        return {"do": "run", "argv": list(argv), "env": environment, "cwd": cwd, "wait_s": timeout_s}

    def _serve_steps(self, requests: Sequence[WebRequest], script: str) -> list[dict[str, Any]]:
        limits = self._limits
        steps: list[dict[str, Any]] = [
            {
                "do": "start",
                "argv": list(self.start.argv),
                "env": self._environment(),
                "cwd": self._place(self.start.cwd),
                "fixed_ports": self.start.fixed_ports,
                "wait_s": limits.boot_s,
            },
            {"do": "facts"},
            {
                "do": "requests",
                "requests": [_sent(request) for request in requests],
                "each_s": limits.request_s,
                "all_s": limits.requests_s,
            },
        ]
        if script:
            steps.append(self._run_step(ask_argv(self.start.python, script, None), limits.program_s))
        return [*steps, {"do": "stop"}, {"do": "facts"}]

    def _run_tests(self, plan: Plan | None) -> tuple[str, ...] | None:
        if self._suite is None:
            return None
        tree = self._fresh(plan)
        steps = [
            *sqlite_steps(plan, self.source),
            {
                **self._run_step(self._suite.argv(), self._limits.tests_s, self._suite.environment),
                "cwd": TREE,
            },
            *self._suite.read_steps(),
        ]
        try:
            with self._servers.run(tree.parent / "logs") as relays:
                self._servers.put(plan)
                return self._suite.passed(run_job(self._job(tree, steps, relays), wall_s=self._limits.tests_s + 20))
        except CellFailedError:
            return None
        finally:
            self._remove(tree)

    def _wall_s(self, request_count: int) -> float:
        limits = self._limits
        requests_s = min(limits.requests_s, request_count * limits.request_s)
        return limits.boot_s + requests_s + limits.program_s + 30

    def _observed(
        self,
        requests: Sequence[WebRequest],
        steps: Sequence[dict[str, Any]],
        done: dict[str, Any],
        passed: tuple[str, ...] | None,
        began: float,
    ) -> Observation:
        answers: dict[str, list[dict[str, Any]]] = {}
        for step, answer in zip(steps, done["answers"], strict=False):
            answers.setdefault(step["do"], []).append(answer)
        log = "".join(answer["log"] for answer in answers.get("stop", []))
        servers = done["servers"]
        refusals = [*(answer["error"] for answer in answers.get("sql", [])), servers["refused"]]
        if refused := "; ".join(refusal for refusal in refusals if refusal):
            log = f"{log}naosu: the plan's SQL was refused: {refused}\n"
        if done["error"]:
            log = f"{log}naosu: the run broke off: {done['error']}\n"
        facts = answers.get("facts", [])
        proof = read_json({"answers": answers["run"], "error": ""}) if answers.get("run") else {}
        exchanges = answers["requests"][0]["exchanges"] if "requests" in answers else []
        return Observation(
            started=bool(answers.get("start")) and answers["start"][0]["started"] and not refused,
            log=log,
            crashes=self._read_crashes(log),
            exchanges=tuple(_exchange(*pair) for pair in zip(requests, exchanges, strict=False)),
            schema={**(facts[-1]["schema"] if facts else {}), **servers["schema"]},
            row_counts={**(facts[0]["row_counts"] if facts else {}), **servers["counts"]},
            proof_ok=proof.get("ok") if isinstance(proof.get("ok"), bool) else None,
            proof_detail=str(proof.get("detail", proof.get("error", ""))),
            isolation=(*done["isolation"], *self._servers.notes),
            tests_passed=passed,
            seconds=time.monotonic() - began,
        )


def _sent(request: WebRequest) -> dict[str, Any]:
    body = base64.b64encode(request.body).decode() if request.body is not None else None
    return {"method": request.method, "path": request.path, "headers": request.headers, "body": body}


def _exchange(request: WebRequest, answer: dict[str, Any]) -> Exchange:
    return Exchange(
        request=request,
        status=answer["status"],
        headers=tuple((name, value) for name, value in answer.get("headers", [])),
        body=base64.b64decode(answer.get("body", "")),
        first_byte_s=answer.get("first_byte_s", 0.0),
        total_s=answer.get("total_s", 0.0),
        error=answer.get("error", ""),
        log=answer.get("log", ""),
    )


def _each_once(requests: Sequence[WebRequest], plan: Plan | None) -> list[WebRequest]:
    """Return the requests, and those of the plan's proof that are not among them: a second POST may well be refused."""
    asked = list(requests)
    sent = {(one.method, one.path, one.headers, one.body) for one in requests}
    for expected in plan.proof.expect if plan else ():
        one = expected.request
        if (one.method, one.path, one.headers, one.body) not in sent:
            asked.append(one)
    return asked
