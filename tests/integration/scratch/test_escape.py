"""Code that tries to get out of a scratch copy: every attempt must fail, also where one of the walls is missing."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from naosu.scratch.inside import landlock
from naosu.scratch.laboratory import LAYERS, Limits

from .conftest import ask

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
WALLS = {
    "all": LAYERS,
    "no namespaces": ("landlock", "seccomp"),
    "no root of its own": ("namespaces", "landlock", "seccomp"),
    "no Landlock": ("namespaces", "root", "seccomp"),
}
ATTEMPT = """
import json, os, socket, sys, multiprocessing
def attempt():
    {code}
try:
    told = attempt()
    print(json.dumps({{"done": True, "told": str(told)}}))
except OSError as error:
    print(json.dumps({{"done": False, "told": repr(error)}}))
"""


def can_wall_off() -> bool:
    return sys.platform == "linux" and landlock.version() > 0 and os.getuid() == 0


pytestmark = pytest.mark.skipif(
    not can_wall_off(), reason="this machine has no Landlock, or the tests do not run as root"
)


@pytest.fixture(params=WALLS)
def laboratory(request, make):
    return make({"app.py": APP}, layers=WALLS[request.param])


def attempt(laboratory, code):
    told = laboratory.ask(ATTEMPT.format(code=code.replace("\n", "\n    ")))
    assert "done" in told, told
    return told


def test_inside_of_the_copy_all_is_allowed(laboratory):
    code = "open('x', 'w').write('x'); os.mkdir('d'); os.rename('x', 'd/y')\nreturn open('d/y').read()"
    assert attempt(laboratory, code) == {"done": True, "told": "x"}


def test_home_and_temporary_files_can_be_written(laboratory):
    code = (
        "import tempfile\nopen(os.path.expanduser('~/x'), 'w').write('x')\n"
        "return tempfile.NamedTemporaryFile().write(b'x')"
    )
    assert attempt(laboratory, code)["done"]


def test_locks_of_multiprocessing_work(laboratory):
    assert attempt(laboratory, "return multiprocessing.Lock()")["done"]


@pytest.mark.parametrize(
    "path",
    ["/naosu-escaped", "/usr/naosu-escaped", "/etc/naosu-escaped", "/root/naosu-escaped", sys.prefix + "/escaped"],
)
def test_nothing_outside_of_the_copy_can_be_written(laboratory, path):
    assert not attempt(laboratory, f"open({path!r}, 'w')")["done"]
    assert not Path(path).exists()


def test_the_real_source_is_not_what_is_written(laboratory, source):
    attempt(laboratory, f"open({str(source / 'app.py')!r}, 'w').write('spoilt')")
    assert (source / "app.py").read_text() == APP


@pytest.mark.parametrize("path", ["/etc/shadow", "/root/.bashrc", "/proc/1/environ", "/proc/1/mem"])
def test_secrets_of_the_host_cannot_be_read(laboratory, path):
    if not Path(path).exists():
        pytest.skip(f"{path} is not here")
    assert not attempt(laboratory, f"return open({path!r}, 'rb').read(1)")["done"]


def test_what_lies_beside_the_real_source_cannot_be_read(laboratory, source):
    (source.parent / "sibling").write_text("secret")
    assert not attempt(laboratory, f"return open({str(source.parent / 'sibling')!r}).read()")["done"]


def test_what_lies_beside_the_copy_cannot_be_read(laboratory):
    secret = laboratory._folder / "pristine" / "app.py"
    assert not attempt(laboratory, f"return open({str(secret)!r}).read()")["done"]


def test_a_link_does_not_lead_out(laboratory, source):
    (source.parent / "sibling").write_text("secret")
    code = f"os.symlink({str(source.parent / 'sibling')!r}, 'l')\nreturn open('l').read()"
    assert not attempt(laboratory, code)["done"]


def test_no_address_outside_can_be_reached(laboratory):
    told = attempt(laboratory, "return socket.create_connection(('192.0.2.1', 80), 3)")["told"]
    assert "unreachable" in told or "PermissionError" in told


def test_a_server_on_the_hosts_own_loopback_cannot_be_reached(laboratory):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        told = attempt(laboratory, f"return socket.create_connection({server.getsockname()}, 3)")
        assert not told["done"]


def test_a_socket_file_of_the_host_cannot_be_reached(make, source):
    import socket

    path = source.parent / "host.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        laboratory = make({"app.py": APP})
        told = attempt(laboratory, f"socket.socket(socket.AF_UNIX).connect({str(path)!r})")
    assert not told["done"]


@pytest.mark.parametrize("code", ["socket.socket(40, 1)", "socket.socket(17, 3)", "socket.socket(2, 3, 1)"])
def test_no_raw_or_foreign_sockets_can_be_made(make, code):
    assert not attempt(make({"app.py": APP}), code)["done"]


@pytest.mark.parametrize(
    "call", ["libc.unshare(0x10000000)", "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)", "libc.ptrace(16, 1, 0, 0)",
             "libc.setns(0, 0)", "libc.syscall(321, 0, 0, 0)"]
)  # fmt: skip
def test_calls_that_reach_around_the_walls_are_refused(make, call):
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"if {call} < 0: raise OSError(ctypes.get_errno(), 'refused')"
    )
    told = attempt(make({"app.py": APP}), code)
    assert not told["done"]
    assert "PermissionError(1" in told["told"]


def test_other_processes_cannot_be_ended(laboratory):
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        assert not attempt(laboratory, f"os.kill({sleeper.pid}, 9)")["done"]
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_the_process_that_runs_the_cell_cannot_be_ended(make):
    code = "import signal\nfor number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL): os.kill(os.getppid(), number)"
    assert not attempt(make({"app.py": APP}), code)["done"]


def test_too_many_processes_are_refused(make):
    laboratory = make({"app.py": APP}, limits=Limits(processes=30))
    code = "import time\nfor _ in range(1000):\n    if os.fork() == 0: time.sleep(30); os._exit(0)"
    told = attempt(laboratory, code)
    assert not told["done"]
    assert "BlockingIOError" in told["told"]


def test_a_process_that_takes_too_much_memory_is_refused(make):
    laboratory = make({"app.py": APP}, limits=Limits(memory_bytes=500_000_000))
    assert "MemoryError" in laboratory.ask("bytearray(600_000_000)")["error"]


def test_processes_that_take_too_much_memory_together_are_ended(make):
    laboratory = make({"app.py": APP}, limits=Limits(memory_all_bytes=300_000_000))
    script = (
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        kept = b'x' * 150_000_000\ntime.sleep(30)"
    )
    assert "more memory" in laboratory.ask(script, timeout_s=20)["error"]


def test_a_file_cannot_grow_without_bound(make):
    laboratory = make({"app.py": APP}, limits=Limits(file_bytes=1_000_000))
    assert "File too large" in laboratory.ask("open('x', 'wb').write(b'x' * 2_000_000)")["error"]


def test_a_program_that_computes_for_ever_is_ended(make):
    laboratory = make({"app.py": APP}, limits=Limits(cpu_s=1))
    assert laboratory.ask("while True: pass", timeout_s=30)["error"].endswith("ended with -9")


def test_a_program_that_waits_for_ever_is_ended(laboratory):
    assert laboratory.ask("import time; time.sleep(60)", timeout_s=1)["error"] == "it did not end in time"


def test_nothing_survives_that_was_started(laboratory):
    mark = f"naosu-survivor-{time.monotonic_ns()}"
    script = (
        "import os, subprocess, sys, json\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(300)', {mark!r}])\n"
        "    os._exit(0)\n"
        "print(json.dumps({'ok': True}))"
    )
    assert laboratory.ask(script) == {"ok": True}
    assert not [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]


def test_the_application_itself_is_confined_as_scripts_are(make):
    text = "import os\nprint('read', os.path.exists('/etc/shadow') and open('/etc/shadow').read())\n" + APP
    seen = make({"app.py": text}, layers=("namespaces", "landlock", "seccomp")).observe([])
    assert not seen.started
    assert "PermissionError" in seen.log


def test_with_all_walls_nothing_is_said_to_be_missing(make):
    assert make({"app.py": APP}).observe(ask("GET /docs")).isolation == ()


@pytest.mark.parametrize(
    ("missing", "word"),
    [("namespaces", "namespaces"), ("root", "root"), ("landlock", "Landlock"), ("seccomp", "filter")],
)
def test_what_of_the_walls_is_missing_is_said(make, missing, word):
    layers = [layer for layer in LAYERS if layer != missing]
    seen = make({"app.py": APP}, layers=layers).observe(ask("GET /docs"))
    assert seen.exchanges[0].status == 200
    assert any(word in line for line in seen.isolation)


SYSTEM_PYTHON = Path("/usr/bin/python3")


def test_an_unprivileged_user_is_walled_off_as_well():
    """Run as a user without rights, with the system's Python: ours may lie where only its owner can read."""
    if not SYSTEM_PYTHON.exists():
        pytest.skip("there is no /usr/bin/python3")
    import naosu

    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    script = "\n".join([
        "import sys; sys.path.insert(0, sys.argv[1])",
        "import json, os; from naosu.scratch.cell import run_job",
        "job = json.loads(sys.argv[2])",
        "print(json.dumps(run_job(job, wall_s=30)))",
    ])  # fmt: skip
    attempts = (
        "import json, os, socket\ntold = {'uid': os.getuid(), 'pid': os.getpid()}\n"
        "for name, code in {'passwd': \"open('/etc/shadow')\","
        " 'out': \"socket.create_connection(('192.0.2.1', 80), 2)\","
        " 'write': \"open('/var/tmp/x', 'w')\", 'here': \"open('x', 'w')\"}.items():\n"
        "    try:\n        eval(code); told[name] = True\n    except OSError:\n        told[name] = False\n"
        "print(json.dumps(told))"
    )
    for name in ("tree", "home", "tmp", "logs", "root"):
        (folder / name).mkdir()
    for path in (folder, *folder.iterdir()):
        os.chown(path, 1234, 1234)
    limits = {
        "cpu_s": 20, "memory_bytes": 10**9, "memory_all_bytes": 10**9, "disk_bytes": 10**9, "file_bytes": 10**6,
        "processes": 50, "open_files": 100,
    }  # fmt: skip
    job = {
        "tree": str(folder / "tree"), "source": "/srv/application", "home": str(folder / "home"),
        "tmp": str(folder / "tmp"), "logs": str(folder / "logs"), "root": str(folder / "root"), "path": "/usr/bin",
        "readable": [], "environments": [], "writable": [], "hosts": [], "relays": [], "is_public": True,
        "layers": list(LAYERS), "limits": limits,
        "steps": [{"do": "run", "argv": [str(SYSTEM_PYTHON), "-c", attempts], "env": {}, "cwd": "\x00", "wait_s": 20}],
    }  # fmt: skip
    root = str(Path(naosu.__file__).parent.parent)
    try:
        done = subprocess.run(
            ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", SYSTEM_PYTHON, "-S", "-c", script, root,
             json.dumps(job)],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)
    if "ModuleNotFoundError" in done.stderr or "PermissionError" in done.stderr:
        pytest.skip(f"an unprivileged user cannot read our own source: {done.stderr[-200:]}")
    told = json.loads(done.stdout)
    assert told["isolation"] == [], done.stderr
    assert json.loads(told["answers"][0]["out"]) == {
        "uid": 1234, "pid": 2, "passwd": False, "out": False, "write": False, "here": True
    }  # fmt: skip


CONTAINED = """
import json, sys
from pathlib import Path
from naosu.domain.evidence import WebRequest
from naosu.scratch.laboratory import ScratchLaboratory
laboratory = ScratchLaboratory(Path(sys.argv[1]), python=Path(sys.executable))
seen = laboratory.observe([WebRequest(method="GET", path="/docs")])
told = laboratory.ask("open('/etc/shadow')")
laboratory.close()
print(json.dumps([[exchange.status for exchange in seen.exchanges], seen.isolation, told["error"].splitlines()[-1]]))
"""


@pytest.mark.parametrize(
    ("forbidding", "words"),
    [
        ("true", ["a user of its own"]),
        ("echo 0 > /proc/sys/user/max_net_namespaces", ["namespaces: not allowed here", "a user of its own"]),
    ],
)
def test_in_a_container_that_allows_less_the_rest_still_holds(source, forbidding, words):
    (source / "app.py").write_text(APP)
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", f'{forbidding}; exec "$0" "$@"']
    done = subprocess.run(
        [*command, sys.executable, "-c", CONTAINED, str(source)], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr:
        pytest.skip(f"no container can be made here: {done.stderr}")
    statuses, isolation, error = json.loads(done.stdout)
    assert statuses == [200]
    assert len(isolation) == len(words)
    assert all(line.startswith(word) for line, word in zip(isolation, words, strict=True))
    assert "No such file" in error or "Permission denied" in error
