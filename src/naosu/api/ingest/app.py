"""The ASGI application for everything that SDKs send."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import structlog

from naosu.api.ingest.answers import PREFLIGHT, Answer, Send, accepted, accepted_otlp, refused, send_answer
from naosu.api.ingest.committer import GroupCommitter
from naosu.api.ingest.directory import KeyDirectory, KeyEntry
from naosu.api.ingest.door import Backlog, Door, rate_limited
from naosu.api.ingest.gate import admit_key, credentials_of, project_number
from naosu.api.ingest.request import BodyReceiver, ClientGoneError, IngestRequest, Receive, to_request
from naosu.api.ingest.routes import Route, RouteKind, parse_route
from naosu.domain.errors import NaosuError, NotFoundError
from naosu.domain.outcome import DataCategory
from naosu.domain.report import Report, ReportKind
from naosu.ingest.admission import Admission, Limit
from naosu.ingest.encoding import decode_body, split_encodings
from naosu.ingest.errors import (
    CredentialsMissingError,
    IngestError,
    MalformedReportError,
    MethodRefusedError,
    OverloadedError,
    UnsupportedKindError,
)
from naosu.ingest.examine import (
    Examined,
    examine_encoding,
    examine_envelope,
    examine_json,
    examine_store,
    read_header,
)
from naosu.ingest.limits import IngestLimits
from naosu.ingest.sentry.auth import query_fields
from naosu.ingest.storm import StormPolicy
from naosu.ports.clock import Clock
from naosu.ports.inbox import InboxFullError

T = TypeVar("T")
_LOG = structlog.get_logger(__name__)
_THREAD_BODY_BYTES = 128 * 1024
_THREAD_DECODED_BYTES = 512 * 1024
_THREADS_MAX = 2
_CHECK_IN_STATUSES = frozenset({"ok", "error", "in_progress"})
_SLUG_CHARS_MAX = 100
_QUERY_CHARS_MAX = 200
_QUERY_FIELDS = ("environment", "release", "duration", "check_in_id", "sentry_environment", "sentry_release")
_CATEGORIES = {
    RouteKind.STORE: DataCategory.ERROR,
    RouteKind.SECURITY: DataCategory.SECURITY,
    RouteKind.CRON: DataCategory.MONITOR,
    RouteKind.OTLP_TRACES: DataCategory.SPAN,
    RouteKind.OTLP_LOGS: DataCategory.LOG_ITEM,
    RouteKind.MINIDUMP: DataCategory.ERROR,
    RouteKind.UNREAL: DataCategory.ERROR,
    RouteKind.ATTACHMENTS: DataCategory.ATTACHMENT,
}
_NOT_KEPT = frozenset({RouteKind.MINIDUMP, RouteKind.UNREAL, RouteKind.ATTACHMENTS})


class IngestApp:
    """Answers SDKs: 200 only after what they sent is on disk. For one event loop.

    Args:
        backlog: Knows how much waits in the inbox: its writer.
        admission: Hands out this process's share of the rate limits.
    """

    def __init__(
        self,
        *,
        directory: KeyDirectory,
        committer: GroupCommitter,
        backlog: Backlog,
        clock: Clock,
        limits: IngestLimits | None = None,
        admission: Admission | None = None,
        storm: StormPolicy | None = None,
    ) -> None:
        self._directory = directory
        self._committer = committer
        self._clock = clock
        self._limits = limits or IngestLimits()
        self._admission = admission or Admission()
        self._door = Door(committer=committer, admission=self._admission, storm=storm or StormPolicy(), backlog=backlog)
        self._receiver = BodyReceiver(self._limits)
        self._threads = asyncio.Semaphore(_THREADS_MAX)

    def matches(self, path: str) -> bool:
        """Say whether a path is for this application."""
        return parse_route(path) is not None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except ClientGoneError:
            return
        await send_answer(answer, send)

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> Answer:
        route = parse_route(scope["path"])
        if route is None:
            return refused(NotFoundError("There is nothing here."))
        allow = "GET, POST, OPTIONS" if route.kind is RouteKind.CRON else "POST, OPTIONS"
        if scope["method"] == "OPTIONS":
            return PREFLIGHT
        known: list[KeyEntry] = []
        try:
            if scope["method"] != "POST" and not (scope["method"] == "GET" and route.kind is RouteKind.CRON):
                raise MethodRefusedError(f"Only {allow} are for this path.", reason="method")
            return await self._handle(to_request(scope), route, receive, known)
        except IngestError as error:
            self._count_refusal(error, route, known)
            return refused(error, allow=allow if isinstance(error, MethodRefusedError) else "")
        except InboxFullError as error:  # counted where it was known what was in it
            return refused(error)
        except NaosuError as error:
            self._count_refusal(OverloadedError(str(error), reason="store_unavailable"), route, known)
            return refused(error)

    async def _handle(self, request: IngestRequest, route: Route, receive: Receive, known: list[KeyEntry]) -> Answer:
        project_id = project_number(route)
        credentials = credentials_of(request, route)
        if credentials is not None:
            known.append(await admit_key(credentials, project_id, request, self._directory))
        elif route.kind is not RouteKind.ENVELOPE:
            raise CredentialsMissingError("No DSN key came with the request.", reason="key_missing")
        if route.kind in _NOT_KEPT:
            raise UnsupportedKindError(
                f"Naosu does not keep {route.kind.value} reports.", reason=f"{route.kind.value}_not_kept"
            )
        body = await self._receiver.receive(request, receive)
        if route.kind is RouteKind.ENVELOPE:
            if not known:
                known.append(await self._admit_by_header(body, project_id, route, request))
            examined = await self._examine(examine_envelope, body, request)
            return await self._take(examined, ReportKind.ENVELOPE, body, request, known[0])
        if route.kind is RouteKind.STORE:
            examined = await self._examine(examine_store, body, request)
            return await self._take(examined, ReportKind.STORE, body, request, known[0])
        return await self._handle_single(request, route, body, known[0])

    async def _admit_by_header(
        self, body: bytes, project_id: int | None, route: Route, request: IngestRequest
    ) -> KeyEntry:
        """Find the key in the envelope's header: whoever has none does not get more than that looked at."""
        header = read_header(body, request.content_encoding, limits=self._limits)
        credentials = credentials_of(request, route, dsn=header.dsn or "")
        if credentials is None:
            raise CredentialsMissingError("No DSN key came with the request.", reason="key_missing")
        return await admit_key(credentials, project_id, request, self._directory)

    async def _examine(self, examine: Callable[..., T], body: bytes, request: IngestRequest) -> T:
        """Examine a body; a large one in a thread, few at a time, so that small ones are answered meanwhile."""
        if len(body) <= _THREAD_BODY_BYTES and (decoded := self._decoded_if_small(body, request)) is not None:
            return examine(decoded, "", limits=self._limits)
        async with self._threads:
            return await asyncio.to_thread(examine, body, request.content_encoding, limits=self._limits)

    def _decoded_if_small(self, body: bytes, request: IngestRequest) -> bytes | None:
        if not request.content_encoding:
            return body
        bytes_max = min(_THREAD_DECODED_BYTES, self._limits.decoded_bytes_max)
        try:
            return decode_body(
                body, request.content_encoding, bytes_max=bytes_max, encodings_max=self._limits.encodings_max
            )
        except IngestError:  # too large for here, or at all, or damaged: whoever examines it says which
            return None

    async def _take(
        self, examined: Examined, kind: ReportKind, body: bytes, request: IngestRequest, entry: KeyEntry
    ) -> Answer:
        report = self._report(kind, body, request, entry, {})
        return await self._door.take(examined, report, entry)

    async def _handle_single(self, request: IngestRequest, route: Route, body: bytes, entry: KeyEntry) -> Answer:
        """Take in a report that is one thing: a browser report, a check-in, an OTLP export."""
        category = _CATEGORIES[route.kind]
        query = self._query_of(request, route)
        kind = ReportKind(route.kind.value)
        if route.kind is RouteKind.SECURITY or (route.kind is RouteKind.CRON and body):
            await self._examine(partial(examine_json, category=category), body, request)
        elif body:
            await self._examine(examine_encoding, body, request)
        report = self._report(kind, body, request, entry, query)
        verdict = self._admission.admit(entry.quotas, category=category, now_s=report.received_at.timestamp())
        if isinstance(verdict, Limit):
            raise rate_limited(verdict)
        try:
            await self._committer.commit(report)
        except InboxFullError as error:
            raise OverloadedError(str(error), reason="inbox_full", mend=error.mend) from error
        if route.kind in (RouteKind.OTLP_TRACES, RouteKind.OTLP_LOGS):
            return accepted_otlp(request.content_type)
        return accepted(query.get("event_id") or query.get("check_in_id", ""))

    def _query_of(self, request: IngestRequest, route: Route) -> dict[str, str]:
        fields = query_fields(request.query_string)
        query = {name: fields[name][:_QUERY_CHARS_MAX] for name in _QUERY_FIELDS if name in fields}
        if route.kind is RouteKind.SECURITY:
            query["event_id"] = uuid4().hex
        if route.kind is RouteKind.CRON:
            query["monitor_slug"] = _checked_slug(route.slug)
            query["check_in_id"] = query.get("check_in_id") or uuid4().hex
            query["status"] = fields.get("status", "ok")
            if query["status"] not in _CHECK_IN_STATUSES:
                raise MalformedReportError("A check-in's status is ok, error or in_progress.", reason="check_in_status")
        return query

    def _report(
        self, kind: ReportKind, body: bytes, request: IngestRequest, entry: KeyEntry, query: dict[str, str]
    ) -> Report:
        return Report(
            project_id=entry.project_id,
            key_id=entry.key_id,
            kind=kind,
            received_at=self._clock.now(),
            content_encoding=",".join(split_encodings(request.content_encoding)) if request.content_encoding else "",
            content_type=request.content_type,
            sender_ip=request.sender_ip,
            user_agent=request.user_agent,
            query=query,
            body=body,
        )

    def _count_refusal(self, error: IngestError, route: Route, known: list[KeyEntry]) -> None:
        """Count what is refused; whatever has been counted where it was decided comes with nothing lost."""
        at = self._clock.now()
        for category, quantity in error.lost:
            self._committer.count(
                project_id=known[0].project_id if known else 0,
                at=at,
                category=_CATEGORIES.get(route.kind, category),
                outcome=error.outcome,
                reason=error.reason,
                quantity=quantity,
            )


def _checked_slug(slug: str) -> str:
    if not slug or len(slug) > _SLUG_CHARS_MAX or not all(sign.isalnum() or sign in "-_." for sign in slug):
        raise MalformedReportError("A monitor slug is letters, digits, dashes and dots.", reason="monitor_slug")
    return slug
