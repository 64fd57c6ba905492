"""A whole server on PostgreSQL: it takes, digests and shows; and what it took survives the loss of every connection."""

import json
import os
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from running import Serving, run_naosu, wait_until

from naosu.storage.postgres import open_postgres_store

POSTGRES_URL = os.environ.get("NAOSU_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
EVENTS = 600
OUTAGES = 6


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    """A connection that may make databases: on this machine's server, else on one of the test's own."""
    try:
        connection = psycopg.connect(POSTGRES_URL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pgserver = pytest.importorskip("pgserver", reason="PostgreSQL is not reachable, and pgserver is not installed")
        server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
        connection = psycopg.connect(server.get_uri(), autocommit=True)
        with connection:
            yield connection
        server.cleanup()
    else:
        with connection:
            yield connection


@pytest.fixture(scope="module")
def database(admin: psycopg.Connection) -> Iterator[str]:
    """The URL of a throw-away database."""
    name = f"naosu_e2e_{uuid.uuid4().hex[:12]}"
    admin.execute(f"CREATE DATABASE {name}")
    given = conninfo_to_dict(admin.info.dsn)
    where = f"?host={given['host']}" if str(given.get("host", "")).startswith("/") else ""
    authority = "" if where else f"{given.get('host', '127.0.0.1')}:{given.get('port', 5432)}"
    password = f":{admin.info.password}" if admin.info.password else ""
    yield f"postgresql://{admin.info.user}{password}@{authority}/{name}{where}"
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("serve") / "data", "--database", database) as serving:
        yield serving


def send(server: Serving, event_id: str) -> bool:
    """Send one event as an SDK does, and return whether it was acknowledged."""
    dsn = urlsplit(server.dsn)
    event = json.dumps({"event_id": event_id, "level": "error", "message": f"order {event_id[:2]} was not shipped"})
    header = json.dumps({"event_id": event_id})
    body = f'{header}\n{{"type":"event","length":{len(event)}}}\n{event}\n'.encode()
    request = urllib.request.Request(
        f"{server.url}/api{dsn.path}/envelope/",
        data=body,
        headers={"X-Sentry-Auth": f"Sentry sentry_key={dsn.username}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_an_event_is_taken_digested_and_shown(server: Serving, database: str) -> None:
    done = run_naosu("send-test", "--dsn", server.dsn, "--message", "kept in the other store")
    assert done.returncode == 0, done.stderr
    arguments = ("errors", "--json", "--data", str(server.data))
    wait_until(lambda: "kept in the other store" in run_naosu(*arguments, NAOSU_DATABASE=database).stdout)
    assert not (server.data / "naosu.db").exists(), "the errors lie in PostgreSQL only"
    assert server.get("/readyz") == 200


def test_no_acknowledged_event_is_lost_or_doubled_when_all_connections_break_under_load(
    server: Serving, database: str, admin: psycopg.Connection
) -> None:
    store = open_postgres_store(database)
    before = store.totals().stored_event_count
    stop = threading.Event()
    broken: list[int] = []

    def break_connections() -> None:
        name = urlsplit(database).path.lstrip("/")
        while not stop.wait(0.4) and len(broken) < OUTAGES:
            ended = admin.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", (name,)
            ).fetchone()
            broken.append(ended[0] if ended else 0)

    breaker = threading.Thread(target=break_connections)
    breaker.start()
    ids = [uuid.uuid4().hex for _ in range(EVENTS)]
    with ThreadPoolExecutor(4) as pool:
        acknowledged = [
            name for name, taken in zip(ids, pool.map(lambda one: send(server, one), ids), strict=True) if taken
        ]
    breaker.join()
    stop.set()
    assert sum(broken) > 0
    assert len(acknowledged) == EVENTS, "the inbox does not need the store"

    def stored() -> int:
        return store.totals().stored_event_count - before

    wait_until(lambda: server.get("/readyz") == 200 and stored() >= EVENTS, timeout_s=60)
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT encode(event_id, 'hex') FROM event").fetchall()
    names = [row[0] for row in found]
    assert set(acknowledged) <= set(names)
    assert len(names) == len(set(names)) == before + EVENTS
    totals = store.totals()
    assert totals.event_count == totals.stored_event_count == before + EVENTS
    assert totals.dead_count == 0
    store.close()
