"""The API on real adapters: reports go through the whole digest, requests through the whole application."""

import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from naosu.api.app import create_app
from naosu.api.auth.secrets import sha256_of
from naosu.api.context import ApiContext, ApiSettings, ProcessInfo
from naosu.domain.account import Role
from naosu.domain.report import Report, ReportKind
from naosu.pipeline.digest import Digester
from naosu.queue.memory import MemoryInbox
from naosu.storage.memory import MemoryStore
from naosu_sdk.classify import Matcher, shipped_packs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

NOW = datetime(2026, 11, 22, 10, 30, 12, tzinfo=UTC)
MATCHER = Matcher.load(shipped_packs())
PUBLIC_URL = "http://naosu.test:8790"


class SettableClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def advance(self, **span: int) -> None:
        self.time += timedelta(**span)


def an_event(number: int = 1, *, kind: str = "KeyError", function: str = "checkout", **fields: object) -> dict:
    frame = {
        "module": "shop.cart",
        "function": function,
        "filename": "shop/cart.py",
        "abs_path": "/srv/shop/cart.py",
        "lineno": 12,
        "in_app": True,
        "pre_context": ["def checkout(order):"],
        "context_line": "    return order['price'] * 2",
        "post_context": [""],
        "vars": {"order": "{}"},
    }
    exception = {"type": kind, "value": "'price'", "mechanism": {"type": "generic", "handled": False}}
    return {
        "event_id": f"{number:032x}",
        "platform": "python",
        "level": "error",
        "timestamp": NOW.timestamp(),
        "release": "shop@1.0",
        "environment": "production",
        "transaction": "/checkout",
        "exception": {"values": [exception | {"stacktrace": {"frames": [frame]}}]},
        "request": {"method": "POST", "url": "https://shop.test/checkout", "headers": {"Accept": "*/*"}},
        "breadcrumbs": {"values": [{"timestamp": NOW.timestamp(), "category": "query", "message": "SELECT 1"}]},
        "tags": {"shard": "a"},
        "user": {"id": str(number)},
        **fields,
    }


class Desk:
    """A server in one piece: store, inbox, digester and application."""

    def __init__(self, **settings: object) -> None:
        self.clock = SettableClock()
        self.store = MemoryStore()
        self.inbox = MemoryInbox()
        self.digester = Digester(
            inbox=self.inbox,
            store=self.store,
            clock=self.clock,
            matcher=MATCHER,
            pseudonym_key=b"k" * 32,
        )
        self.context = ApiContext(
            store=self.store,
            clock=self.clock,
            inbox_depth=self.inbox.depth,
            redrive=lambda report: self.inbox.append([report]),
            processes=lambda: [ProcessInfo(name="web", pid=1, rss_bytes=50_000_000, cpu_percent=1.5, cpu_seconds=2.5)],
            public_url=PUBLIC_URL,
            version="0.1.0",
            settings=ApiSettings(**settings),
        )
        self.app = create_app(self.context)
        self.project, self.key = self.store.create_project(name="Shop", slug="shop", now=NOW)
        self.secrets: dict[Role, str] = {}

    def client(self, role: Role | None = Role.ADMIN) -> TestClient:
        headers = {}
        if role is not None:
            if role not in self.secrets:
                self.secrets[role] = f"naosu_{role}-secret"
                self.store.create_token(name=role, role=role, token_sha256=sha256_of(self.secrets[role]), now=NOW)
            headers["Authorization"] = f"Bearer {self.secrets[role]}"
        return TestClient(self.app, base_url=PUBLIC_URL, headers=headers, raise_server_exceptions=False)

    def send(self, *events: dict, digest: bool = True) -> None:
        """Let events arrive, and be digested."""
        self.inbox.append(
            [
                Report(
                    project_id=self.project.id,
                    key_id=self.key.id,
                    kind=ReportKind.STORE,
                    received_at=self.clock.now(),
                    body=json.dumps(event).encode(),
                )
                for event in events
            ]
        )
        if digest:
            while self.digester.step():
                pass

    def send_envelope(self, *items: tuple[dict, bytes], event_id: str = "") -> None:
        """Let an envelope arrive, and be digested."""
        lines = [json.dumps({"event_id": event_id} if event_id else {}).encode()]
        for header, body in items:
            lines += [json.dumps(header | {"length": len(body)}).encode(), body]
        report = Report(
            project_id=self.project.id,
            key_id=self.key.id,
            kind=ReportKind.ENVELOPE,
            received_at=self.clock.now(),
            body=b"\n".join(lines),
        )
        self.inbox.append([report])
        while self.digester.step():
            pass


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    return Desk


@pytest.fixture
def event() -> Callable[..., dict]:
    return an_event


@pytest.fixture
def api(desk: Desk) -> TestClient:
    return desk.client(Role.ADMIN)
