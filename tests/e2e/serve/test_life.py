import os
import signal
import socket
import stat
import threading
import time

import psutil
import pytest
from running import Serving, command_line, run_naosu, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("serve") / "data") as serving:
        yield serving


def test_a_first_start_prints_dashboard_dsn_link_and_then_ready(server):
    kinds = [line.split(":")[0] for line in server.lines]
    assert kinds == ["Dashboard", "DSN", "Open this once to make the first account", "naosu"]
    assert f"Dashboard: {server.url}/" in server.lines


def test_ready_means_that_it_answers(server):
    assert server.get("/readyz") == 200
    assert server.get("/healthz") == 200


def test_the_first_run_link_opens(server):
    link = next(line.split()[-1] for line in server.lines if "first account" in line)
    assert server.get(link.removeprefix(server.url)) == 200


def test_it_says_nothing_on_stderr_when_all_is_well(server):
    assert server.complaints == []


def test_its_folder_is_closed_to_other_users(server):
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


def test_a_test_event_is_taken_digested_and_listed(server):
    done = run_naosu("send-test", "--dsn", server.dsn, "--message", "walks the whole way")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: "walks the whole way" in str(server.naosu("errors")))


def test_commands_on_its_folder_know_its_address(server):
    made = server.naosu("project", "create", "Address")
    assert f"@{server.url.removeprefix('http://')}/" in made["dsn"]


def test_a_second_server_on_the_same_folder_is_refused_in_one_line(server):
    done = run_naosu("serve", "--data", str(server.data), "--port", "0")
    assert done.returncode == 3
    assert "another server works in" in done.stderr
    assert "Traceback" not in done.stderr
    assert server.get("/readyz") == 200


def test_a_taken_port_is_refused_in_one_line(server, tmp_path):
    port = server.url.rpartition(":")[2]
    done = run_naosu("serve", "--data", str(tmp_path), "--port", port)
    assert done.returncode == 3
    assert "taken by another process" in done.stderr
    assert "--port" in done.stderr


def test_a_bad_configuration_is_refused_with_its_place(tmp_path):
    (tmp_path / "naosu.yaml").write_text("port: many\n")
    done = run_naosu("serve", "--data", str(tmp_path / "data"), "--config", str(tmp_path / "naosu.yaml"))
    assert done.returncode == 3
    assert "naosu.yaml:1:7: `port`: expected `int`" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_database_that_cannot_be_reached_is_refused_in_one_line(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://u:p@127.0.0.1:{nobody.getsockname()[1]}/d"
        done = run_naosu("serve", "--data", str(tmp_path), "--port", "0", "--database", url)
    assert done.returncode == 3
    assert done.stderr.startswith("naosu: ")
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    done = run_naosu("serve", "--data", str(tmp_path / "file"), "--port", "0")
    assert done.returncode == 3
    assert "cannot be written to" in done.stderr


@pytest.mark.parametrize("kind", ["web", "digest", "watch"])
def test_a_process_that_dies_is_started_again(server, kind):
    victim = server.child(kind)
    victim.kill()
    wait_until(lambda: any(kind in command_line(child) and child.pid != victim.pid for child in server.children()))
    wait_until(lambda: server.get("/readyz") == 200)
    run_naosu("send-test", "--dsn", server.dsn, "--message", f"after {kind} died")
    wait_until(lambda: f"after {kind} died" in str(server.naosu("errors", "--limit", "50")))


def test_the_first_run_link_survives_the_death_of_the_process_that_made_it(server):
    link = next(line.split()[-1] for line in server.lines if "first account" in line)
    assert server.get(link.removeprefix(server.url)) == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_within_ten_seconds(tmp_path, number):
    with Serving(tmp_path / "data") as serving:
        children = serving.children()
        began_s = time.monotonic()
        serving.process.send_signal(number)
        assert serving.process.wait(10) == 0
        assert time.monotonic() - began_s < 10
        assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert "Traceback" not in "\n".join(serving.complaints)


def test_a_request_under_way_is_answered_when_it_stops(tmp_path):
    with Serving(tmp_path / "data") as serving:
        host, port = serving.url.removeprefix("http://").split(":")
        body = b"{}\n"
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(b"POST /api/1/envelope/?sentry_key=x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{")
            time.sleep(0.3)
            serving.process.terminate()
            time.sleep(0.3)
            slow.sendall(body[1:])
            slow.settimeout(5)
            assert slow.recv(100).startswith(b"HTTP/1.1 ")
        assert serving.process.wait(10) == 0


def test_open_live_streams_do_not_hold_it_up(tmp_path):
    with Serving(tmp_path / "data") as serving:
        token = serving.naosu("token", "create", "live")["token"]
        host, port = serving.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as stream:
            stream.sendall(f"GET /live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
            serving.process.terminate()
            assert serving.process.wait(10) == 0
        assert "Traceback" not in "\n".join(serving.complaints)


def test_no_process_outlives_a_killed_supervisor(tmp_path):
    with Serving(tmp_path / "data") as serving:
        children = serving.children()
        assert len(children) == 3
        serving.process.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def test_a_server_starts_at_once_after_its_predecessor_was_killed(tmp_path):
    with Serving(tmp_path / "data") as serving:
        port = serving.url.rpartition(":")[2]
        serving.process.kill()
        serving.process.wait()
        with Serving(tmp_path / "data", "--port", port) as successor:
            assert successor.get("/readyz") == 200


def test_a_reload_replaces_the_processes_without_refusing_a_request(tmp_path):
    config = tmp_path / "naosu.yaml"
    config.write_text("log:\n  level: error\n")
    with Serving(tmp_path / "data", "--config", str(config)) as serving:
        before = {child.pid for child in serving.children()}
        answers: list[int] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.wait(0.02):
                answers.append(serving.get("/healthz"))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        os.kill(serving.process.pid, signal.SIGHUP)
        wait_until(
            lambda: len(serving.children()) == 3 and not before & {child.pid for child in serving.children()},
            timeout_s=60,
        )
        stop.set()
        asking.join()
        assert set(answers) == {200}


def test_a_reload_of_a_bad_configuration_changes_nothing(tmp_path):
    config = tmp_path / "naosu.yaml"
    config.write_text("log:\n  level: error\n")
    with Serving(tmp_path / "data", "--config", str(config)) as serving:
        before = {child.pid for child in serving.children()}
        config.write_text("log: 1\n")
        os.kill(serving.process.pid, signal.SIGHUP)
        wait_until(lambda: any("config.not_reloaded" in line for line in serving.complaints))
        assert {child.pid for child in serving.children()} == before
        assert serving.get("/readyz") == 200
