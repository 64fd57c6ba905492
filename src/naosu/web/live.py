"""Live pages: one look at the store a second for everybody, one short line to each browser."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from naosu.domain.errors import StoreUnavailableError

POLL_S = 1.0
KEEP_ALIVE_POLLS = 15


class ChangeFeed:
    """Watches the store's change mark while somebody listens, and tells all listeners.

    The watching task exists only while there are listeners, so that nothing has to be stopped at shutdown but them.

    Args:
        poll_s: Seconds between two looks.
    """

    def __init__(self, *, poll_s: float = POLL_S) -> None:
        self._poll_s = poll_s
        self._listeners = 0
        self._watcher: asyncio.Task[None] | None = None
        self._turn = asyncio.Condition()
        self._mark = ""
        self._closing = False

    def close(self) -> None:
        """End all streams at their next turn; new ones end at once. Safe to call from any place in the event loop."""
        self._closing = True

    @property
    def is_closing(self) -> bool:
        """Whether the server is going down."""
        return self._closing

    @property
    def listener_count(self) -> int:
        """How many streams are open."""
        return self._listeners

    async def listen(self, change_mark: Callable[[], str], is_stopping: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Yield server-sent events: the mark at once and after each change, and a comment when nothing happens."""
        self._listeners += 1
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.create_task(self._watch(change_mark))
        told, silent = "", 0
        try:
            yield b"retry: 3000\n\n"
            while not (self._closing or is_stopping()):
                if self._mark != told:
                    told, silent = self._mark, 0
                    yield b"event: change\ndata: " + told.encode() + b"\n\n"
                elif silent >= KEEP_ALIVE_POLLS:
                    silent = 0
                    yield b": still here\n\n"
                silent += 1
                await self._next_turn()
        finally:
            self._listeners -= 1

    async def _next_turn(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * self._poll_s), self._turn:
                await self._turn.wait()

    async def _watch(self, change_mark: Callable[[], str]) -> None:
        while self._listeners and not self._closing:
            # A store that cannot be reached changes nothing visible; the next look may succeed.
            with suppress(StoreUnavailableError):
                self._mark = _one_line(await run_in_threadpool(change_mark))
            async with self._turn:
                self._turn.notify_all()
            await asyncio.sleep(self._poll_s)


def _one_line(mark: str) -> str:
    return " ".join(mark.split())
