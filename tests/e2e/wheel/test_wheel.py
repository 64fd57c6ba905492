"""The wheel, installed into an empty environment, serves a real SDK with nothing of this folder in reach."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent

pytestmark = pytest.mark.timeout(300)


def run(*command: object, **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def outside() -> dict[str, str]:
    hidden = ("NAOSU_", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "--wheel-dir", folder, ROOT)
    return next(folder.glob("naosu-*.whl"))


def test_the_wheel_holds_everything_that_is_no_python(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    source = [
        (base, path.relative_to(base))
        for base in (ROOT / "src", ROOT / "packages/naosu-sdk/src")
        for path in base.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    ]
    missing = [str(relative) for _, relative in source if str(relative) not in names]
    assert not missing


def test_the_wheel_holds_nothing_of_the_tests(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"naosu", "naosu_sdk"}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Return the `bin` of an environment with the wheel and its locked dependencies."""
    home = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "--disable-pip-version-check"]
    locked = [*pip, "install", "--quiet", "--require-hashes", "-r", ROOT / "requirements-demo.lock"]
    done = subprocess.run([str(word) for word in locked], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the locked dependencies cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    return home / "bin"


def test_an_installed_server_takes_an_event_from_the_real_sdk_and_shows_it(installed, tmp_path):
    command = [str(installed / "naosu"), "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=outside())
    try:
        said = [server.stdout.readline() for _ in range(4)]  # type: ignore[union-attr]
        assert said[-1].startswith("naosu: ready "), said
        dsn = next(line.split()[1] for line in said if line.startswith("DSN:"))
        program = (
            f"import sentry_sdk\nsentry_sdk.init({dsn!r})\n"
            "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(sentry_sdk.capture_exception(error))\n"
            "sentry_sdk.flush(10)\n"
        )
        event_id = run(installed / "python", "-c", program, cwd=tmp_path, env=outside()).strip()
        arguments = ["token", "create", "test", "--json", "--data", tmp_path / "data"]
        token = json.loads(run(installed / "naosu", *arguments, cwd=tmp_path, env=outside()))["token"]
        event = fetch(f"{said[-1].split()[2]}/api/v1/events/{event_id}", token)
        assert event["event_id"] == event_id
        assert "ZeroDivisionError" in json.dumps(event)
    finally:
        server.terminate()
        assert server.wait(15) == 0
        shutil.rmtree(tmp_path / "data", ignore_errors=True)


def fetch(url: str, token: str) -> dict[str, object]:
    """Return what the API answers, once it is there."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    deadline_s = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
