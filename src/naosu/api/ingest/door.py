"""What to do with an envelope that may come in: keep it, count it, or some of both; answered when it is durable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import msgspec
import zstandard

from naosu.api.ingest.answers import Answer, accepted
from naosu.api.ingest.committer import GroupCommitter
from naosu.api.ingest.directory import KeyEntry
from naosu.domain.outcome import DataCategory, Outcome
from naosu.domain.report import Report, ReportKind, SampledCount
from naosu.ingest.admission import Admission, Limit
from naosu.ingest.drops import client_report_entries
from naosu.ingest.encoding import split_encodings
from naosu.ingest.errors import RateLimitedError
from naosu.ingest.examine import Examined, Part
from naosu.ingest.selection import Loss, Selection, Selector
from naosu.ingest.sentry.envelope import build_envelope
from naosu.ingest.storm import StormPolicy
from naosu.ingest.tally import minute_of
from naosu.ports.inbox import InboxFullError

_COMPRESSOR_LEVEL = 1


class Backlog(Protocol):
    """Something that knows how much waits: the inbox writer of this process."""

    @property
    def backlog_bytes(self) -> int:
        """Bytes that wait to be digested."""
        ...


class Door:
    """Takes examined envelopes in. For one event loop."""

    def __init__(
        self, *, committer: GroupCommitter, admission: Admission, storm: StormPolicy, backlog: Backlog
    ) -> None:
        self._committer = committer
        self._selector = Selector(admission=admission, storm=storm)
        self._backlog = backlog

    async def take(self, examined: Examined, report: Report, entry: KeyEntry) -> Answer:
        """Make an envelope durable, or what of it may come in, and return the answer.

        Raises:
            RateLimitedError: Nothing of it comes in. Retryable.
            InboxFullError: Nothing of it is kept. Retryable.
        """
        event_id = examined.event_id or (uuid4().hex if examined.parts else "")
        if examined.is_countable:
            return await self._count_all(examined.parts, report, event_id)
        is_storm = examined.has_event and self._selector.is_storm(self._backlog.backlog_bytes)
        if not entry.quotas and not is_storm:
            await self._keep(examined, examined.parts, report, event_id)
            return accepted(event_id)
        return await self._take_selected(examined, report, entry, event_id, is_storm=is_storm)

    async def _take_selected(
        self, examined: Examined, report: Report, entry: KeyEntry, event_id: str, *, is_storm: bool
    ) -> Answer:
        selection = self._selector.select(
            examined,
            project_id=entry.project_id,
            quotas=entry.quotas,
            is_storm=is_storm,
            now_s=report.received_at.timestamp(),
        )
        self._count_losses(selection, report)
        if selection.kept_signature:
            report = msgspec.structs.replace(report, signature=selection.kept_signature)
        try:
            if any(_is_wanted(part) for part in selection.parts):
                await self._keep(examined, selection.parts, report, event_id)
            else:
                self._count_parts(selection.parts, report)
                if selection.sampled:
                    await self._committer.commit_counts()
        except InboxFullError:
            if selection.kept_signature:
                self._selector.forget(entry.project_id, selection.kept_signature)
            raise
        if selection.limit and not selection.sampled and not any(_is_wanted(part) for part in selection.parts):
            refusal = rate_limited(selection.limit)
            refusal.lost = ()  # counted above
            raise refusal
        return accepted(event_id, limits_header=selection.limit.limits_header if selection.limit else "")

    async def _keep(self, examined: Examined, parts: Sequence[Part], report: Report, event_id: str) -> None:
        try:
            await self._committer.commit(_to_keep(examined, parts, report, event_id))
        except InboxFullError:
            for part in parts:
                if part.item.type != "client_report":
                    loss = Loss(part.fate.category, Outcome.LIMITED, "inbox_full", part.quantity)
                    self._count(loss, report.project_id, report.received_at)
            raise

    async def _count_all(self, parts: Sequence[Part], report: Report, event_id: str) -> Answer:
        self._count_parts(parts, report)
        if parts:
            await self._committer.commit_counts()
        return accepted(event_id)

    def _count_parts(self, parts: Sequence[Part], report: Report) -> None:
        """Count what this version does not keep, and what an SDK says that it lost."""
        for part in parts:
            if part.item.type == "client_report":
                self._count_client_report(part.item.payload, report)
            else:
                loss = Loss(part.fate.category, Outcome.FILTERED, part.fate.drop_reason, part.quantity)
                self._count(loss, report.project_id, report.received_at)

    def _count_client_report(self, payload: bytes, report: Report) -> None:
        minute = minute_of(report.received_at)
        try:
            entries = client_report_entries(payload, project_id=report.project_id, minute=minute)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            loss = Loss(DataCategory.INTERNAL, Outcome.INVALID, "client_report_json", 1)
            self._count(loss, report.project_id, report.received_at)
            return
        for entry in entries:
            loss = Loss(entry.category, entry.outcome, entry.reason, entry.quantity)
            self._count(loss, report.project_id, report.received_at)

    def _count_losses(self, selection: Selection, report: Report) -> None:
        for loss in selection.losses:
            self._count(loss, report.project_id, report.received_at)
        if selection.sampled:
            self._committer.sample(
                SampledCount(
                    project_id=report.project_id,
                    signature=selection.sampled,
                    quantity=1,
                    first_at=report.received_at,
                    last_at=report.received_at,
                )
            )

    def _count(self, loss: Loss, project_id: int, at: datetime) -> None:
        self._committer.count(
            project_id=project_id,
            at=at,
            category=loss.category,
            outcome=loss.outcome,
            reason=loss.reason,
            quantity=loss.quantity,
        )


def _is_wanted(part: Part) -> bool:
    return part.fate.is_kept and part.item.type != "client_report"


def rate_limited(limit: Limit) -> RateLimitedError:
    """Return the refusal that a rate limit asks for."""
    return RateLimitedError(
        "The rate limit is reached.",
        reason=limit.reason,
        retry_after_s=limit.retry_after_s,
        limits_header=limit.limits_header,
    )


def _to_keep(examined: Examined, parts: Sequence[Part], report: Report, event_id: str) -> Report:
    """Return the report as received, unless something has to be left out of it, or its id to be written in.

    What is rewritten is an envelope with the event id in its header, whichever way it came.
    """
    encodings = split_encodings(report.content_encoding)
    # Attachments find their event by the header's id, so that is where the id of the payload has to be as well.
    has_id = bool(examined.header.event_id) or (
        examined.event_id == event_id and not any(part.item.type == "attachment" for part in parts)
    )
    if has_id and len(parts) == len(examined.parts) and len(encodings) <= 1:
        return msgspec.structs.replace(report, content_encoding=encodings[0]) if encodings else report
    header = msgspec.structs.replace(examined.header, event_id=event_id)
    body = build_envelope(header, [part.item for part in parts])
    return rewritten(report, body)


def rewritten(report: Report, body: bytes) -> Report:
    """Return the report with another body: an envelope, compressed here."""
    compressed = zstandard.ZstdCompressor(level=_COMPRESSOR_LEVEL).compress(body)
    return msgspec.structs.replace(
        report,
        kind=ReportKind.ENVELOPE,
        content_encoding="zstd",
        content_type="application/x-sentry-envelope",
        body=compressed,
    )
