"""Every command of the README's shell blocks, run."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from running import NAOSU, Serving, clean_environment, run_naosu, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ELSEWHERE = {
    "make run": "test_make_run_prints_the_page_to_open_and_stops_cleanly",
    "pip install naosu": "tests/e2e/wheel",
    "naosu serve": "test_life.py",
}


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("readme") / "data") as serving:
        yield serving


@pytest.mark.parametrize("command", [command for command in commands() if command not in ELSEWHERE])
def test_the_command_works_as_it_stands(server, command):
    environ = clean_environment(NAOSU_DATA=str(server.data), DSN=server.dsn)
    environ["PATH"] = f"{Path(NAOSU).parent}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_command_that_is_run_elsewhere_still_stands_in_the_readme():
    assert set(ELSEWHERE) <= set(commands())


def test_every_command_that_the_readme_names_in_its_text_exists():
    text = (ROOT / "README.md").read_text()
    for words in set(re.findall(r"`naosu ([a-z-]+(?: [a-z][a-z-]*)?)", text)):
        assert run_naosu(*words.split(), "--help").returncode == 0, words


def test_make_run_prints_the_page_to_open_and_stops_cleanly(tmp_path):
    assert "-m demo.run" in (ROOT / "Makefile").read_text()
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo.run", "--data", str(tmp_path), "--port", "0", "--rate", "20"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
        process_group=0,
    )
    lines: list[str] = []
    reading = threading.Thread(target=lambda: [lines.append(line) for line in demo.stdout or ()], daemon=True)
    try:
        reading.start()
        wait_until(lambda: any("Ctrl-C stops everything" in line for line in _said(demo, lines)), timeout_s=60)
        assert any("/first-run?token=" in line for line in lines)
        arguments = ("errors", "--data", str(tmp_path))
        wait_until(lambda: "SHOP-3" in run_naosu(*arguments).stdout, timeout_s=60)
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    reading.join(5)
    assert lines[-1] == "stopped\n"


def _said(process: "subprocess.Popen[str]", lines: list[str]) -> list[str]:
    assert process.poll() is None, lines
    return lines
