import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from naosu.actions.call_webhook.action import CallWebhook, WebhookParameters
from naosu.actions.errors import ActionFailedError, ActionRefusedError
from naosu.actions.outbound import ANSWER_BYTES_MAX, call
from naosu.actions.reload_config.action import ReloadConfig, ReloadParameters
from naosu.ports.action import Scene


class Listener(ThreadingHTTPServer):
    """Notes what it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answerer)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def address(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


class Answerer(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        status = {"/bad": 500, "/moved": 302}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        answer = b"x" * (ANSWER_BYTES_MAX * 3 if self.path == "/long" else 2)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def inside(scene: Scene) -> Scene:
    return msgspec.structs.replace(scene, private_hosts=frozenset({"127.0.0.1", "localhost"}))


def test_a_call_carries_body_headers_and_the_attempts_key(listener: Listener, inside: Scene):
    parameters = WebhookParameters(
        url=listener.address("/x?a=1"), body='{"a": 1}', headers={"Authorization": "Bearer t"}
    )
    assert CallWebhook().why_not(parameters, inside) == ""
    CallWebhook().apply(parameters, inside)
    ((method, path, headers, body),) = listener.seen
    assert (method, path, body) == ("POST", "/x?a=1", b'{"a": 1}')
    assert (headers["idempotency-key"], headers["authorization"]) == ("attempt-7", "Bearer t")


def test_the_address_that_undoes_it_is_called_the_same_way(listener: Listener, inside: Scene):
    parameters = WebhookParameters(url=listener.address("/do"), undo_url=listener.address("/undo"), method="PUT")
    done = CallWebhook().apply(parameters, inside)
    assert CallWebhook().roll_back(parameters, inside, done) == ()
    assert [seen[:2] for seen in listener.seen] == [("PUT", "/do"), ("PUT", "/undo")]
    plain = WebhookParameters(url=listener.address("/do"))
    assert "stays" in CallWebhook().roll_back(plain, inside, done)[0]


@pytest.mark.parametrize("path", ["/bad", "/moved"])
def test_only_2xx_is_a_success_and_redirects_are_not_followed(listener: Listener, inside: Scene, path: str):
    with pytest.raises(ActionFailedError, match="it answered"):
        CallWebhook().apply(WebhookParameters(url=listener.address(path)), inside)
    assert [seen[1] for seen in listener.seen] == [path]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[fd00::1]/",
        "http://user:pass@127.0.0.1:{port}/",
    ],
)
def test_the_inside_of_the_network_is_not_called_unless_a_setting_says_so(listener: Listener, scene: Scene, url: str):
    with pytest.raises((ActionRefusedError, ActionFailedError)) as caught:
        CallWebhook().apply(WebhookParameters(url=url.format(port=listener.server_port)), scene)
    assert "did not answer" not in str(caught.value)
    assert listener.seen == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http:///x"])
def test_what_is_no_address_of_the_web_is_refused(url: str):
    with pytest.raises(ActionRefusedError):
        call("GET", url, timeout_s=1, private_hosts=("127.0.0.1",))


def test_what_a_fixer_or_an_assistant_wrote_is_not_called(scene: Scene):
    theirs = msgspec.structs.replace(scene, is_operators=False)
    assert CallWebhook().why_not(WebhookParameters(url="https://example.org/"), theirs)


def test_of_a_long_answer_the_beginning_is_kept(listener: Listener):
    answer = call("GET", listener.address("/long"), timeout_s=5, private_hosts=("127.0.0.1",))
    assert len(answer.body) == ANSWER_BYTES_MAX


def test_nobody_who_answers_is_a_failure_that_may_pass(inside: Scene):
    with pytest.raises(ActionFailedError) as caught:
        CallWebhook().apply(WebhookParameters(url="http://127.0.0.1:1/"), inside)
    assert caught.value.retryable


def test_an_application_is_asked_to_reload_by_http(listener: Listener, inside: Scene):
    ReloadConfig().apply(ReloadParameters(url=listener.address("/reload", "localhost"), method="PUT"), inside)
    assert listener.seen[0][:2] == ("PUT", "/reload")
    with pytest.raises(ActionFailedError, match="answered 500"):
        ReloadConfig().apply(ReloadParameters(url=listener.address("/bad")), inside)
