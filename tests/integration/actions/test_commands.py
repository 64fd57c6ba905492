import os
import time
from pathlib import Path

import psutil
import pytest

from naosu.actions.commands import OUTPUT_BYTES_MAX, run_or_fail, run_program
from naosu.actions.errors import ActionFailedError


def test_a_program_runs_in_its_folder_without_a_shell(tmp_path: Path):
    assert run_program(["pwd"], timeout_s=5, folder=tmp_path).output.strip() == str(tmp_path)
    assert run_program(["echo", "$(id); `id` > x"], timeout_s=5, folder=tmp_path).last_line == "$(id); `id` > x"


def test_a_program_sees_no_secrets_of_naosus_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NAOSU_SECRET_KEY", "hunter2")
    assert "hunter2" not in run_program(["env"], timeout_s=5, environment={"OWN": "1"}).output


def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path):
    pid_file = tmp_path / "pid"
    with pytest.raises(ActionFailedError, match=r"longer than 0\.3 s"):
        run_program(["/bin/sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], timeout_s=0.3)
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(child) and psutil.Process(child).status() != "zombie" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"


def test_of_much_output_the_end_is_kept():
    ran = run_program(["/bin/sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"], timeout_s=10)
    assert len(ran.output) <= OUTPUT_BYTES_MAX
    assert ran.last_line == "end"


def test_what_a_start_script_leaves_running_goes_on(tmp_path: Path):
    pid_file = tmp_path / "pid"
    run_or_fail(["/bin/sh", "-c", f"sleep 30 & echo $! > {pid_file}"], timeout_s=5)
    pid = int(pid_file.read_text())
    assert psutil.pid_exists(pid)
    os.kill(pid, 9)


def test_a_program_that_is_not_there_or_fails_is_an_error_that_says_so():
    with pytest.raises(ActionFailedError, match="cannot be started"):
        run_or_fail(["/no/such/program"], timeout_s=5)
    with pytest.raises(ActionFailedError, match="ended with 3: no luck"):
        run_or_fail(["/bin/sh", "-c", "echo no luck; exit 3"], timeout_s=5)
