"""Group commit: many requests share one sync, and each is answered only after it."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import Report, SampledCount, Tally
from naosu.ingest.tally import TallyBuilder
from naosu.ports.inbox import InboxFullError, InboxWriter

_LOG = structlog.get_logger(__name__)


class CommitterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How commits are grouped.

    Attributes:
        interval_s: Least time between two commits: what comes meanwhile shares the next one.
        batch_count_max: Reports in one commit.
        batch_bytes_max: Bodies in one commit.
        tick_interval_s: How often the inbox does its housekeeping, and counts that nobody waits for are shipped.
        pending_bytes_max: Bodies that wait for a commit; beyond, reports are refused at once.
    """

    interval_s: float = 0.004
    batch_count_max: int = 500
    batch_bytes_max: int = 8 * 1024 * 1024
    tick_interval_s: float = 0.5
    pending_bytes_max: int = 64 * 1024 * 1024


class _Waiter(msgspec.Struct, gc=False):
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[None]"


class _Pending(msgspec.Struct):
    """One request's share of a commit. `report` None: only its counts are to become durable."""

    report: Report | None
    waiter: _Waiter
    body_bytes: int


class GroupCommitter:
    """A thread that appends to the inbox what requests hand it. Safe to use from several event loops."""

    def __init__(self, writer: InboxWriter, settings: CommitterSettings | None = None) -> None:
        self._writer = writer
        self._settings = settings or CommitterSettings()
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._pending: list[_Pending] = []
        self._pending_bytes = 0
        self._tally = TallyBuilder()
        self._is_closing = False
        self._ticked_at_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="naosu-group-commit", daemon=True)
        self._thread.start()

    async def commit(self, report: Report) -> None:
        """Return when the report is on disk. Raises InboxFullError (retryable): it is not."""
        await self._enqueue(report, len(report.body))

    async def commit_counts(self) -> None:
        """Return when all that was counted until now is on disk. Raises InboxFullError (retryable)."""
        await self._enqueue(None, 0)

    def count(
        self,
        *,
        project_id: int,
        at: datetime,
        category: DataCategory,
        outcome: Outcome,
        reason: str,
        quantity: int = 1,
    ) -> None:
        """Count something; it is shipped with the next commit, or soon. Counts outlast a full inbox in memory."""
        with self._guard:
            self._tally.count(
                project_id=project_id, at=at, category=category, outcome=outcome, reason=reason, quantity=quantity
            )

    def sample(self, count: SampledCount) -> None:
        """Count an event of a storm."""
        with self._guard:
            self._tally.sample(count)

    def close(self) -> None:
        """Commit all that waits, then stop. The writer stays open: whoever made it closes it."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()

    def _enqueue(self, report: Report | None, body_bytes: int) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._guard:
            if self._is_closing or self._pending_bytes + body_bytes > self._settings.pending_bytes_max:
                raise InboxFullError("Too much waits to be written.")
            self._pending.append(_Pending(report, _Waiter(loop, future), body_bytes))
            self._pending_bytes += body_bytes
        if not self._wake.is_set():
            self._wake.set()
        return future

    def _run(self) -> None:
        settings = self._settings
        committed_at_s = 0.0
        while True:
            self._wake.wait(settings.tick_interval_s)
            pause_s = committed_at_s + settings.interval_s - time.monotonic()
            if pause_s > 0 and not self._is_closing:
                time.sleep(pause_s)
            self._wake.clear()
            committed_at_s = time.monotonic()
            is_due = committed_at_s - self._ticked_at_s >= settings.tick_interval_s
            while self._commit_once(counts_too=is_due or self._is_closing):
                is_due = False
            if committed_at_s - self._ticked_at_s >= settings.tick_interval_s:
                self._tick()
                self._ticked_at_s = committed_at_s
            if self._is_closing and not self._pending:
                return

    def _commit_once(self, *, counts_too: bool) -> bool:
        """Commit one batch, and return whether another one waits already."""
        with self._guard:
            batch = self._cut_batch()
            if not batch and not (counts_too and self._tally):
                return False
            tally = self._tally.take() if self._tally else None
            has_more = bool(self._pending)
        contents: list[Report | Tally] = [pending.report for pending in batch if pending.report is not None]
        if tally is not None:
            contents.append(tally)
        error = self._append(contents)
        if error is not None and tally is not None:
            with self._guard:
                self._tally.add(tally)
        _resolve(batch, error)
        return has_more

    def _cut_batch(self) -> list[_Pending]:
        count = size = 0
        for pending in self._pending:
            size += pending.body_bytes
            if count and (size > self._settings.batch_bytes_max or count >= self._settings.batch_count_max):
                size -= pending.body_bytes
                break
            count += 1
        batch, self._pending = self._pending[:count], self._pending[count:]
        self._pending_bytes -= size
        return batch

    def _append(self, contents: Sequence[Report | Tally]) -> Exception | None:
        try:
            if contents:
                self._writer.append(contents)
        except InboxFullError as error:
            return error
        except Exception as error:  # noqa: BLE001 # why: this thread must outlive the adapter
            _LOG.exception("ingest.append_failed")
            return InboxFullError(f"The inbox failed: {error}")
        return None

    def _tick(self) -> None:
        try:
            self._writer.tick()
        except Exception:  # noqa: BLE001 # why: failed housekeeping is tried again
            _LOG.exception("ingest.tick_failed")


def _resolve(batch: Sequence[_Pending], error: Exception | None) -> None:
    """Wake all requests of the batch, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for pending in batch:
        by_loop.setdefault(pending.waiter.loop, []).append(pending.waiter.future)
    for loop, futures in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set_all, futures, error)


def _set_all(futures: "Sequence[asyncio.Future[None]]", error: Exception | None) -> None:
    for future in futures:
        if future.done():  # the client went away meanwhile
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
