import socket
import threading

import pytest

from naosu.wiring.listener import ListenError, is_ready, local_address, open_listener, url_of


@pytest.fixture
def listener():
    with open_listener("127.0.0.1", 0, patience_s=0) as listener:
        yield listener


def answer_once(listener: socket.socket, answer: bytes) -> None:
    def run() -> None:
        listener.setblocking(True)
        connection, _ = listener.accept()
        connection.recv(1024)
        connection.sendall(answer)
        connection.close()

    threading.Thread(target=run, daemon=True).start()


def test_port_0_takes_any_free_port(listener):
    assert local_address(listener)[1] > 0


def test_a_taken_port_is_refused_with_a_mend(listener):
    port = local_address(listener)[1]
    with pytest.raises(ListenError, match="taken") as caught:
        open_listener("127.0.0.1", port, patience_s=0)
    assert "--port" in caught.value.mend


def test_a_port_that_is_about_to_be_released_is_waited_for():
    first = open_listener("127.0.0.1", 0, patience_s=0)
    port = local_address(first)[1]
    threading.Timer(0.2, first.close).start()
    open_listener("127.0.0.1", port, patience_s=5).close()


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ListenError, match="not an address of this machine"):
        open_listener("203.0.113.1", 0, patience_s=0)


def test_a_name_that_does_not_resolve_is_refused():
    with pytest.raises(ListenError):
        open_listener("no-such-host.invalid", 0, patience_s=0)


def test_an_address_for_all_is_reached_by_loopback():
    with open_listener("0.0.0.0", 0, patience_s=0) as listener:
        assert url_of(listener).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_an_ipv6_address_is_bracketed_in_urls():
    try:
        listener = open_listener("::1", 0, patience_s=0)
    except ListenError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    with listener:
        assert url_of(listener).startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"HTTP/1.1 404 Not Found\r\nx: 200 \r\n\r\n", False),
        (b"", False),
    ],
)
def test_only_a_200_counts_as_ready(listener, answer, ready):
    answer_once(listener, answer)
    assert is_ready(listener) is ready


def test_no_answer_is_not_ready(listener):
    assert is_ready(listener, timeout_s=0.05) is False
