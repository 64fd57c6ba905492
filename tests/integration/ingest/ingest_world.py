"""A door with a real inbox behind it, driven in process or through a socket."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import uvicorn

from naosu.api.ingest import GroupCommitter, IngestApp, KeyDirectory, bounded_protocol
from naosu.domain.errors import StoreUnavailableError
from naosu.domain.project import Key, Project, ProjectSettings, RateLimit
from naosu.domain.report import Report, Tally
from naosu.ingest.limits import IngestLimits
from naosu.ingest.storm import StormPolicy, StormSettings

KEY = "0123456789abcdef0123456789abcdef"
OFF_KEY = "0" * 32
LIMITED_KEY = "a" * 32
PICKY_KEY = "b" * 32
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = IngestLimits(
    body_bytes_max=100_000,
    decoded_bytes_max=1_000_000,
    items_max=20,
    item_bytes_max_by_type={"event": 500_000},
    json_depth_max=50,
)


class FixedClock:
    def now(self) -> datetime:
        return NOW


class DirectoryStore:
    """The part of the project store that the directory asks, with a switch to break it."""

    def __init__(self) -> None:
        self.is_broken = False
        self.asked_count = 0
        self.keys: dict[str, Key] = {}
        self.projects: dict[int, Project] = {}
        self.add(KEY, 1)
        self.add(OFF_KEY, 1, active=False)
        self.add(LIMITED_KEY, 2, rate_limits=(RateLimit(quantity=3, window_s=60),))
        self.add(PICKY_KEY, 3, allowed_origins=("https://shop.example",))

    def add(
        self, public_key: str, project_id: int, *, active: bool = True, rate_limits: tuple[RateLimit, ...] = (),
        allowed_origins: tuple[str, ...] = ("*",),
    ) -> None:  # fmt: skip
        settings = ProjectSettings(allowed_origins=allowed_origins)
        self.projects[project_id] = Project(
            id=project_id, slug=f"p{project_id}", name="P", created_at=NOW, settings=settings
        )
        self.keys[public_key] = Key(
            id=len(self.keys) + 1,
            project_id=project_id,
            public_key=public_key,
            active=active,
            rate_limits=rate_limits,
            created_at=NOW,
        )

    def list_keys(self, project_id: int | None = None) -> list[Key]:
        self.asked_count += 1
        if self.is_broken:
            raise StoreUnavailableError("broken on purpose")
        return list(self.keys.values())

    def list_projects(self) -> list[Project]:
        return list(self.projects.values())


class World:
    """The door, what it wrote, and a client."""

    def __init__(self, inbox: Any, storm: StormSettings | None = None, limits: IngestLimits = LIMITS) -> None:
        self.inbox = inbox
        self.store = DirectoryStore()
        self.committer = GroupCommitter(inbox)
        self.app = IngestApp(
            directory=KeyDirectory(self.store, miss_interval_s=0.0),  # type: ignore[arg-type]
            committer=self.committer,
            backlog=inbox,
            clock=FixedClock(),
            limits=limits,
            storm=StormPolicy(storm),
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://naosu.test") as client:
            yield client

    def post(self, path: str, content: bytes = b"", method: str = "POST", **headers: str) -> httpx.Response:
        """Send one request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def send() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, path, content=content, headers=named)

        return asyncio.run(send())

    def written(self) -> list[Report | Tally]:
        """Close the door, and return all that came through it."""
        self.committer.close()
        return [delivery.content for delivery in self.inbox.take(count_max=10**6, body_bytes_max=10**9)]

    def reports_and_counts(self) -> tuple[list[Report], dict[tuple[int, str, str, str], int]]:
        """Return the reports, and the ledger by (project, category, outcome, reason)."""
        reports: list[Report] = []
        counts: dict[tuple[int, str, str, str], int] = {}
        for content in self.written():
            if isinstance(content, Report):
                reports.append(content)
                continue
            for entry in content.ledger:
                key = (entry.project_id, entry.category.value, entry.outcome.value, entry.reason)
                counts[key] = counts.get(key, 0) + entry.quantity
        return reports, counts


class Server:
    """A real uvicorn in a thread, on a free port."""

    def __init__(self, app: Any, **bounds: Any) -> None:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, http=bounded_protocol(**bounds), ws="none", lifespan="off",
            log_level="critical", access_log=False,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def envelope(*items: tuple[str, bytes], event_id: str = "c" * 32, **header: Any) -> bytes:
    """Return the bytes of an envelope."""
    lines = [msgspec.json.encode(({"event_id": event_id} if event_id else {}) | header)]
    for item_type, payload in items:
        lines += [msgspec.json.encode({"type": item_type, "length": len(payload)}), payload]
    return b"\n".join(lines) + b"\n"
