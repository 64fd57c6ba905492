import asyncio

from naosu.domain.errors import StoreUnavailableError
from naosu.web.live import ChangeFeed

POLL_S = 0.01


def never() -> bool:
    return False


async def read_until(stream, words: bytes) -> bytes:
    async with asyncio.timeout(5):
        async for line in stream:
            if words in line:
                return line
    raise AssertionError(f"the stream ended without {words!r}")


def test_a_listener_hears_the_mark_at_once_and_then_each_change():
    async def run():
        marks = ["1"]
        stream = ChangeFeed(poll_s=POLL_S).listen(lambda: marks[-1], never)
        assert await read_until(stream, b"event:") == b"event: change\ndata: 1\n\n"
        marks.append("2")
        assert await read_until(stream, b"event:") == b"event: change\ndata: 2\n\n"
        await stream.aclose()

    asyncio.run(run())


def test_many_listeners_cost_one_look_at_the_store():
    async def run():
        looks = []
        feed = ChangeFeed(poll_s=0.05)
        streams = [feed.listen(lambda: looks.append(1) or str(len(looks)), never) for _ in range(50)]
        await asyncio.gather(*(read_until(stream, b"data: 1\n") for stream in streams))
        assert len(looks) <= 2
        for stream in streams:
            await stream.aclose()
        assert feed.listener_count == 0

    asyncio.run(run())


def test_a_store_that_cannot_be_reached_ends_no_stream():
    async def run():
        answers = iter([StoreUnavailableError("locked"), "7"])

        def mark() -> str:
            answer = next(answers, "7")
            if isinstance(answer, Exception):
                raise answer
            return answer

        stream = ChangeFeed(poll_s=POLL_S).listen(mark, never)
        assert b"data: 7" in await read_until(stream, b"event:")
        await stream.aclose()

    asyncio.run(run())


def test_streams_end_by_themselves_when_the_server_stops():
    async def run():
        stopping = []
        feed = ChangeFeed(poll_s=POLL_S)
        stream = feed.listen(lambda: "1", lambda: bool(stopping))
        await read_until(stream, b"event:")
        stopping.append(True)
        async with asyncio.timeout(5):
            assert [line async for line in stream if b"event" in line] == []

    asyncio.run(run())


def test_a_closed_feed_ends_all_streams_and_opens_none():
    async def run():
        feed = ChangeFeed(poll_s=POLL_S)
        stream = feed.listen(lambda: "1", never)
        await read_until(stream, b"event:")
        feed.close()
        async with asyncio.timeout(5):
            assert [line async for line in stream if b"event" in line] == []
            assert [line async for line in feed.listen(lambda: "1", never) if b"event" in line] == []

    asyncio.run(run())


def test_a_mark_with_line_breaks_cannot_forge_an_event():
    async def run():
        stream = ChangeFeed(poll_s=POLL_S).listen(lambda: "1\n\nevent: evil", never)
        assert await read_until(stream, b"event:") == b"event: change\ndata: 1 event: evil\n\n"
        await stream.aclose()

    asyncio.run(run())


def test_nobody_looks_at_the_store_when_nobody_listens():
    async def run():
        looks = []
        feed = ChangeFeed(poll_s=POLL_S)
        stream = feed.listen(lambda: looks.append(1) or "1", never)
        await read_until(stream, b"event:")
        await stream.aclose()
        await asyncio.sleep(5 * POLL_S)
        count = len(looks)
        await asyncio.sleep(10 * POLL_S)
        assert len(looks) == count

    asyncio.run(run())
