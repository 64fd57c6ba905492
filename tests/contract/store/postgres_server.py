"""A PostgreSQL to test with: the one on this machine, else one of the test's own, else none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

POSTGRES_URL = os.environ.get("NAOSU_TEST_POSTGRES", "postgresql://postgres@localhost:5432/postgres")


@contextmanager
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server on which schemas and databases may be made; skip the test where there is none."""
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError:
        pass
    else:
        yield POSTGRES_URL
        return
    # The wheel brings a server; without it, and on machines that it was not built for, there is none.
    pgserver = pytest.importorskip("pgserver", reason="PostgreSQL is not reachable, and pgserver is not installed")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
