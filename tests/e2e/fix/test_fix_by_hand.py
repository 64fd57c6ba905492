"""`naosu fix`, typed as an operator would, on whole applications that really run."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FAULTS = ROOT.parent / "shared" / "data" / "faults"
PYTHON = os.environ.get("NAOSU_FAULT_PYTHON", "")
NAOSU = str(Path(sys.executable).with_name("naosu"))
HIDDEN = ("trigger.py", "TRIGGER.md", "traceback.txt", "case.json")

pytestmark = [
    pytest.mark.skipif(not FAULTS.exists(), reason="faulty applications (../shared/data/faults) are absent"),
    pytest.mark.skipif(not PYTHON, reason="NAOSU_FAULT_PYTHON names no environment for faulty applications"),
    pytest.mark.timeout(180),
]


class Case:
    """A copy of one shared case, without what gives its solution away."""

    def __init__(self, name: str, folder: Path) -> None:
        self.source = folder / name
        self.log = folder / "server.log"
        shutil.copytree(FAULTS / name, self.source)
        shutil.copy(FAULTS / "_harness.py", folder)
        for path in (self.source, *self.source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.trigger = (self.source / "trigger.py").read_text()
        self.oracle()
        (self.source / "traceback.txt").rename(self.log)
        for name_ in HIDDEN:
            (self.source / name_).unlink(missing_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.log.parent / "state")}

    def command(self, *arguments: str) -> list[str]:
        given = ["--source", str(self.source), "--log", str(self.log), "--python", PYTHON]
        return [NAOSU, "fix", *given, "--json", *arguments]

    def fix(self, *arguments: str) -> tuple[int, dict]:
        done = subprocess.run(
            self.command(*arguments), capture_output=True, check=False, text=True, env=self.environment, timeout=170
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    def oracle(self) -> int:
        trigger = self.source / "trigger.py"
        trigger.write_text(self.trigger)
        done = subprocess.run([PYTHON, "trigger.py"], cwd=self.source, capture_output=True, check=False, timeout=120)
        trigger.unlink()
        return done.returncode

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {str(path.relative_to(self.source)): path.read_bytes() for path in found}


def git(case: Case, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Someone", "-c", "user.email=someone@example.org", *arguments]
    return subprocess.run(command, cwd=case.source, check=True, capture_output=True, text=True).stdout


def under_git(case: Case) -> None:
    git(case, "init", "--quiet", "--initial-branch=main")
    (case.source / ".gitignore").write_text("__pycache__/\n")
    git(case, "add", "--all")
    git(case, "commit", "--quiet", "--message", "Begin")


def test_without_apply_a_repair_is_proved_and_nothing_is_touched(tmp_path: Path):
    case = Case("response_streaming_body", tmp_path)
    before = case.files()
    code, report = case.fix()
    assert code == 0
    assert case.files() == before
    [attempt] = report["attempts"]
    assert (attempt["verdict"], attempt["where"], attempt["rolled_back"]) == ("fixed", "scratch", False)
    assert attempt["plan"]["kind"] == "code"
    assert "+" in attempt["plan"]["diff"]
    assert report["diagnoses"][0]["category"] == "RESPONSE"


def test_apply_commits_what_was_proved_and_the_application_is_healthy(tmp_path: Path):
    case = Case("orm_back_populates_typo", tmp_path)
    under_git(case)
    code, report = case.fix("--apply")
    assert code == 0, report
    assert [attempt["where"] for attempt in report["attempts"]] == ["scratch", "real"]
    assert git(case, "status", "--porcelain", "--untracked-files=no") == ""
    assert git(case, "log", "--format=%s").splitlines()[0] == report["attempts"][-1]["plan"]["summary"]
    assert case.oracle() == 0


def test_a_branch_or_a_patch_leaves_the_checkout_as_it_was(tmp_path: Path):
    case = Case("orm_back_populates_typo", tmp_path)
    under_git(case)
    before = case.files()
    assert case.fix("--branch", "mend")[0] == 0
    patch = tmp_path / "mend.patch"
    assert case.fix("--patch", str(patch))[0] == 0
    assert {name: text for name, text in case.files().items() if not name.startswith(".git/")} == {
        name: text for name, text in before.items() if not name.startswith(".git/")
    }
    assert len(git(case, "log", "--format=%h", "mend").splitlines()) == 2
    git(case, "apply", str(patch))
    assert case.oracle() == 0


def test_what_a_killed_run_left_in_force_is_undone_by_the_next_one_and_then_done_whole(tmp_path: Path):
    case = Case("orm_back_populates_typo", tmp_path)
    under_git(case)
    begun = subprocess.Popen(case.command("--apply"), stdout=subprocess.DEVNULL, env=case.environment)
    try:
        while len(git(case, "log", "--format=%h").splitlines()) < 2:
            assert begun.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
    finally:
        begun.kill()
        begun.wait()
    code, report = case.fix("--apply")
    assert code == 0, report
    assert any("interrupted" in note for note in report["notes"])
    assert case.oracle() == 0


@pytest.mark.parametrize("name", ["control_business_logic_error", "control_upstream_outage"])
def test_a_fault_that_is_not_the_codes_is_left_alone(tmp_path: Path, name: str):
    case = Case(name, tmp_path)
    before = case.files()
    code, report = case.fix("--apply")
    assert code in (1, 4)
    assert report["attempts"] == []
    assert case.files() == before


def test_two_ways_of_applying_at_once_are_wrong_use(tmp_path: Path):
    done = subprocess.run(
        [NAOSU, "fix", "--source", str(tmp_path), "--apply", "--branch", "x"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert "give one of them" in done.stderr


def test_a_folder_without_an_application_is_refused_with_a_reason(tmp_path: Path):
    done = subprocess.run([NAOSU, "fix", "--source", str(tmp_path)], capture_output=True, check=False, text=True)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) <= 2
