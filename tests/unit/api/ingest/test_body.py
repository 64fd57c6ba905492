"""Bodies are received whole, within bounds that all connections share."""

import asyncio
from typing import Any

import pytest

from naosu.api.ingest.request import BodyReceiver, ClientGoneError, IngestRequest, to_request
from naosu.ingest.errors import BodyTooLargeError, OverloadedError
from naosu.ingest.limits import IngestLimits

LIMITS = IngestLimits(body_bytes_max=10, inflight_bytes_max=15)


def request(content_length: int | None = None) -> IngestRequest:
    headers = [] if content_length is None else [(b"content-length", str(content_length).encode())]
    return to_request({"method": "POST", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 5)})


class Client:
    """Sends its chunks one by one, the next one when told to."""

    def __init__(self, *chunks: bytes | None) -> None:
        self._waiting = list(chunks)
        self.asked_count = 0
        self.go_on = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        self.asked_count += 1
        if self.asked_count > 1:
            await self.go_on.wait()
        chunk = self._waiting.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(self._waiting)}


def received(receiver: BodyReceiver, *chunks: bytes | None, content_length: int | None = None) -> bytes:
    async def run() -> bytes:
        client = Client(*chunks)
        client.go_on.set()
        return await receiver.receive(request(content_length), client.receive)

    return asyncio.run(run())


@pytest.mark.parametrize("chunks", [(b"0123456789",), (b"01234", b"56789"), (b"", b"0123456789", b""), (b"",)])
def test_a_body_up_to_the_limit_arrives_whole_however_it_is_cut(chunks: tuple[bytes, ...]) -> None:
    assert received(BodyReceiver(LIMITS), *chunks) == b"".join(chunks)


@pytest.mark.parametrize("chunks", [(b"0123456789a",), (b"0123456789", b"a"), (b"01234", b"56789", b"", b"a", b"b")])
def test_a_body_one_byte_over_the_limit_is_refused_however_it_is_cut(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(BodyTooLargeError) as caught:
        received(BodyReceiver(LIMITS), *chunks)
    assert caught.value.reason == "body_too_large"


@pytest.mark.parametrize(("content_length", "is_refused"), [(10, False), (11, True), (10**17, True)])
def test_a_body_that_announces_itself_as_too_large_is_refused_before_a_byte_of_it_is_read(
    content_length: int, is_refused: bool
) -> None:
    async def run() -> int:
        client = Client(b"x")
        try:
            await BodyReceiver(LIMITS).receive(request(content_length), client.receive)
        except BodyTooLargeError:
            assert is_refused
        return client.asked_count

    assert asyncio.run(run()) == (0 if is_refused else 1)


def test_a_content_length_that_is_a_lie_is_no_way_around_the_limit() -> None:
    with pytest.raises(BodyTooLargeError):
        received(BodyReceiver(LIMITS), b"012345", b"678901", content_length=3)


@pytest.mark.parametrize("chunks", [(None,), (b"a", None), (b"a", b"", None)])
def test_a_client_that_goes_away_leaves_no_half_of_a_body(chunks: tuple[bytes | None, ...]) -> None:
    with pytest.raises(ClientGoneError):
        received(BodyReceiver(LIMITS), *chunks)


def test_what_is_being_received_at_once_is_bounded_and_the_bound_recovers() -> None:
    async def run() -> None:
        receiver = BodyReceiver(LIMITS)
        slow = Client(b"01234567", b"8")
        slow_task = asyncio.ensure_future(receiver.receive(request(), slow.receive))
        while slow.asked_count < 2 and not slow_task.done():
            await asyncio.sleep(0)
        for _ in range(3):  # a refusal gives back what it held, so the next one is refused for the same reason only
            second = Client(b"01234567", b"8")
            with pytest.raises(OverloadedError) as caught:
                await receiver.receive(request(), second.receive)
            assert (caught.value.reason, caught.value.status, caught.value.retryable) == ("inflight_bytes", 503, True)
        fits = Client(b"0123456", b"")
        fits.go_on.set()
        assert await receiver.receive(request(), fits.receive) == b"0123456"
        slow.go_on.set()
        assert await slow_task == b"012345678"
        again = Client(b"01234567", b"8")
        again.go_on.set()
        assert await receiver.receive(request(), again.receive) == b"012345678"

    asyncio.run(run())


@pytest.mark.parametrize("last", [None, b"0123456789"])
def test_a_body_that_ends_badly_gives_back_what_it_held(last: bytes | None) -> None:
    receiver = BodyReceiver(LIMITS)
    for _ in range(20):
        with pytest.raises((ClientGoneError, BodyTooLargeError)):
            received(receiver, b"01234567", last)
    assert received(receiver, b"01234567", b"89") == b"0123456789"


def test_a_body_that_is_cancelled_gives_back_what_it_held() -> None:
    async def run() -> bytes:
        receiver = BodyReceiver(LIMITS)
        for _ in range(5):
            client = Client(b"01234567", b"8")
            task = asyncio.ensure_future(receiver.receive(request(), client.receive))
            while client.asked_count < 2 and not task.done():
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        whole = Client(b"01234567", b"89")
        whole.go_on.set()
        return await receiver.receive(request(), whole.receive)

    assert asyncio.run(run()) == b"0123456789"
