"""A small world for the screens: a store full of recorded errors, an application around it, people who sign in."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import zstandard
from fastapi import FastAPI
from starlette.testclient import TestClient

from naosu.api.app import create_app
from naosu.api.auth import hash_password
from naosu.api.context import ApiContext
from naosu.classify import classify
from naosu.domain.account import Role
from naosu.domain.classification import Classification
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.event import Event, ExceptionValue, Frame, ScrubNote, User
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import Report, ReportKind
from naosu.group import group_events
from naosu.normalize.event import to_event
from naosu.normalize.scrub import Scrubber
from naosu.ports.inbox import InboxDepth
from naosu.ports.store import Store
from naosu.ports.store.digest import DigestBatch, DigestedEvent
from naosu.storage.memory import MemoryStore
from naosu.web.router import build_router
from naosu_sdk.classify import Matcher, load_pack, shipped_packs

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENVELOPES = Path(__file__).resolve().parents[4] / "shared" / "data" / "envelopes"
PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_password(PASSWORD)
SCRUBBER = Scrubber(pseudonym_key=b"for tests only")


@cache
def matcher() -> Matcher:
    """Return the matcher of the shipped packs."""
    return Matcher([load_pack(folder) for folder in shipped_packs()])


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class World:
    """An application on a store, and handles to what stands around it."""

    def __init__(self, *, clock: FixedClock | None = None, public_url: str = "http://testserver") -> None:
        self.store: Store = MemoryStore()
        self.clock = clock or FixedClock()
        self.depth = InboxDepth(report_count=0, stored_bytes=0)
        self.redriven: list[Report] = []
        self.context = ApiContext(
            store=self.store,
            clock=self.clock,
            inbox_depth=lambda: self.depth,
            redrive=self.redriven.append,
            processes=list,
            public_url=public_url,
            version="0.1.0",
        )
        self.app: FastAPI = create_app(self.context)
        self.app.include_router(build_router())
        self.project, self.key = self.store.create_project(name="Shop", slug="shop", now=self.clock.now())

    def person(self, role: Role = Role.ADMIN, *, email: str = "", language: str = "") -> str:
        """Make an account and return its address."""
        address = email or f"{role}@example.com"
        self.store.create_account(
            email=address, password_hash=PASSWORD_HASH, role=role, language=language, now=self.clock.now()
        )
        return address

    def visitor(self) -> TestClient:
        """Return a browser that nobody has signed in with."""
        return TestClient(self.app, follow_redirects=False)

    def browser(self, role: Role = Role.ADMIN, *, language: str = "") -> "Browser":
        """Return a browser in which someone of this role has signed in."""
        if self.store.find_account(f"{role}@example.com") is None:
            self.person(role, language=language)
        client = self.visitor()
        answer = client.post("/sign-in", data={"email": f"{role}@example.com", "password": PASSWORD})
        assert answer.status_code == 303
        return Browser(client)

    def record(self, *events: Event, classification: Classification | None = None) -> None:
        """Store these events as the digester would."""
        digested = tuple(
            DigestedEvent(
                event=event,
                grouping=grouping,
                classification=classification or classify(event, matcher()),
                body=zstandard.compress(event.payload),
            )
            for event, grouping in zip(events, group_events(events), strict=True)
        )
        self.store.record(DigestBatch(events=digested), now=self.clock.now())


class Browser:
    """A signed-in browser that sends forms as a page would, with the session's token."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def send(self, path: str, **fields: Any) -> Any:
        page = self.client.get("/account").text
        token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        return self.client.post(path, data={"csrf_token": token, **fields})


def event_of(payload: dict[str, Any], *, at: datetime = NOW, project_id: int = 1, event_id: str = "") -> Event:
    """Return a payload as the digester would: scrubbed, then normalized."""
    sent = {**payload, "event_id": event_id or payload["event_id"], "timestamp": at.isoformat()}
    scrubbed = SCRUBBER.scrub(json.dumps(sent).encode())
    return to_event(scrubbed.payload, project_id=project_id, received_at=at, scrubbed=scrubbed.notes)


def payload_of(path: Path) -> dict[str, Any]:
    """Return the event of a recorded envelope."""
    lines = path.read_bytes().split(b"\n")
    return dict(json.loads(lines[2]))


def fill(world: World, *, newest: int = 40) -> None:
    """Fill a world with recorded errors, spread over a week, with drops and a dead letter."""
    now = world.clock.now()
    events = []
    for place, path in enumerate(sorted(ENVELOPES.glob("*.envelope"))[:newest]):
        payload = payload_of(path)
        for copy in range(1 + (place * 7) % 23):
            age = timedelta(hours=(copy * 11 + place * 3) % 160, minutes=(place * 13 + copy * 7) % 60)
            payload["user"] = {**(payload.get("user") or {}), "id": str((place + copy) % 40)}
            payload["release"] = "shop@1.4.2" if age < timedelta(days=2) else "shop@1.4.1"
            events.append(event_of(payload, at=now - age, event_id=f"{place:04x}{copy:04x}" + payload["event_id"][8:]))
    world.record(*sorted(events, key=lambda event: event.received_at))
    world.store.record(_noise(world, now), now=now)


def _noise(world: World, now: datetime) -> DigestBatch:
    minute = now.replace(second=0, microsecond=0)
    fates = (
        (Outcome.LIMITED, "rate_limit", DataCategory.ERROR, 318),
        (Outcome.FILTERED, "session_not_kept", DataCategory.SESSION, 1204),
        (Outcome.INVALID, "unknown_key", DataCategory.ERROR, 12),
        (Outcome.LOST_BY_CLIENT, "network_error", DataCategory.ERROR, 41),
        (Outcome.LOST_BY_CLIENT, "before_send", DataCategory.ERROR, 7),
    )
    ledger = tuple(
        LedgerEntry(
            project_id=0 if reason == "unknown_key" else world.project.id,
            minute=minute - timedelta(minutes=3 * ago),
            category=category,
            outcome=outcome,
            reason=reason,
            quantity=max(1, quantity // (ago + 1)),
        )
        for outcome, reason, category, quantity in fates
        for ago in range(6)
    )
    report = Report(
        project_id=world.project.id, key_id=1, kind=ReportKind.ENVELOPE, received_at=now, body=b"\x00broken"
    )
    letter = DeadLetter(
        project_id=world.project.id,
        reason="invalid_json",
        detail="Expected a value at byte 17.",
        died_at=now - timedelta(minutes=12),
        attempts=3,
        report=report,
    )
    return DigestBatch(ledger=ledger, dead_letters=(letter,))


def hostile_event(text: str, *, at: datetime = NOW) -> Event:
    """Return an event that holds this text wherever an attacker can put one."""
    frame = {
        "function": text,
        "filename": text,
        "module": text,
        "context_line": text,
        "pre_context": [text],
        "post_context": [text],
        "lineno": 3,
        "in_app": True,
        "vars": {text: {text: [text]}},
    }
    payload = {
        "event_id": "ab" * 16,
        "platform": "python",
        "level": "error",
        "transaction": text,
        "server_name": text,
        "release": text,
        "environment": text,
        "logger": text,
        "message": text,
        "exception": {"values": [{"type": text, "value": text, "module": text, "stacktrace": {"frames": [frame]}}]},
        "tags": {text[:30]: text},
        "user": {"id": text, "email": text, "username": text, "data": {text: text}},
        "request": {
            "method": text,
            "url": text,
            "query_string": text,
            "headers": {text: text},
            "cookies": {text: text},
            "data": {text: text},
        },
        "contexts": {text: {text: text}, "runtime": {"name": text}},
        "extra": {text: text},
        "modules": {text: text},
        "breadcrumbs": {"values": [{"message": text, "category": text, "type": text, "data": {text: text}}]},
        "sdk": {"name": text, "version": text},
        "unknown_field": {text: text},
    }
    # Not scrubbed and not normalized: the screens must hold on their own.
    return Event(
        event_id="ab" * 16,
        project_id=1,
        occurred_at=at,
        received_at=at,
        platform="python",
        transaction=text,
        server_name=text,
        release=text,
        environment=text,
        logger=text,
        message=text,
        sdk=text,
        trace_id=text,
        user=User(id=text, email=text, username=text),
        tags=((text[:30], text),),
        exceptions=(ExceptionValue(type=text, value=text, module=text, frames=(Frame(function=text, module=text),)),),
        payload=json.dumps(payload).encode(),
        scrubbed=(ScrubNote(text, text),),
    )
