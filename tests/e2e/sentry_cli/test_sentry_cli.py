"""The real sentry-cli, as its npm package installs it, against a listening server."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn

from naosu.api.app import create_app
from naosu.api.auth.secrets import sha256_of
from naosu.api.context import ApiContext
from naosu.domain.account import Role
from naosu.ports.inbox import InboxDepth
from naosu.storage.memory import MemoryStore

TOKEN = "naosu_sentry-cli"
Cli = Callable[..., str]


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("sentry-cli: node and npm are not installed")
    folder = tmp_path_factory.mktemp("npm")
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "@sentry/cli"]
    try:
        done = subprocess.run(install, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("sentry-cli: npm did not install @sentry/cli within 90 s")
    found = folder / "node_modules" / ".bin" / "sentry-cli"
    if done.returncode or subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"sentry-cli: npm could not install @sentry/cli: {done.stderr.strip()[-200:]}")
    return found


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    now = datetime.now(UTC)
    store.create_project(name="Shop", slug="shop", now=now)
    store.create_token(name="cli", role=Role.OPERATOR, token_sha256=sha256_of(TOKEN), now=now)
    return store


@pytest.fixture
def server_url(store: MemoryStore) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    context = ApiContext(
        store=store,
        clock=SystemClock(),
        inbox_depth=lambda: InboxDepth(report_count=0, stored_bytes=0),
        redrive=lambda _report: None,
        processes=list,
        public_url=url,
        version="0.1.0",
    )
    server = uvicorn.Server(uvicorn.Config(create_app(context), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield url
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def cli(binary: Path, server_url: str, tmp_path: Path) -> Cli:
    git = ["git", "-c", "user.email=aiko@example.org", "-c", "user.name=Aiko"]
    subprocess.run([*git, "init", "-q", "."], cwd=tmp_path, check=True)
    for message in ("Lay the foundation", "Mend the cart"):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], cwd=tmp_path, check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")},
        "SENTRY_URL": server_url,
        "SENTRY_AUTH_TOKEN": TOKEN,
        "SENTRY_ORG": "our-company",
        "SENTRY_PROJECT": "shop",
        "SENTRY_DISABLE_UPDATE_CHECK": "1",
    }

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [binary, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, f"sentry-cli {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


def test_a_release_is_made_finalised_and_deployed(cli: Cli, store: MemoryStore):
    assert "Created release shop@1.0" in cli("releases", "new", "shop@1.0")
    assert "Success" in cli("releases", "set-commits", "shop@1.0", "--local")
    assert "Finalized release" in cli("releases", "finalize", "shop@1.0")
    assert "production" in cli("deploys", "new", "--release", "shop@1.0", "-e", "production")
    assert "shop@1.0" in cli("releases", "list")
    assert "shop@1.0" in cli("releases", "info", "shop@1.0")
    assert "production" in cli("deploys", "list", "--release", "shop@1.0")
    release = store.get_release(1, "shop@1.0")
    assert release.released_at is not None
    assert b"Mend the cart" in release.refs
    assert [deploy.environment for deploy in store.list_deploys(release.id)] == ["production"]


def test_commits_can_be_named_and_a_release_finalised_at_once(cli: Cli, store: MemoryStore):
    cli("releases", "new", "--finalize", "shop@2.0")
    cli("releases", "set-commits", "shop@2.0", "--commit", f"acme/shop@{'a' * 40}")
    release = store.get_release(1, "shop@2.0")
    assert release.released_at is not None
    # Without a repository connected, sentry-cli sends what it finds in the local one.
    assert b"Mend the cart" in release.refs
    cli("releases", "delete", "shop@2.0")
    assert store.list_releases(1) == []


def test_the_client_sees_who_it_is_and_what_there_is(cli: Cli):
    assert "project:releases" in cli("info")
    assert "naosu" in cli("organizations", "list")
    assert "shop" in cli("projects", "list")
    assert "No issues found" in cli("issues", "list")
    assert "No events found" in cli("events", "list")
    assert "No repos found" in cli("repos", "list")


def test_what_is_not_kept_is_refused_with_its_reason(cli: Cli):
    cli("releases", "new", "shop@3.0")
    assert "stay listed until they are deleted" in cli("releases", "archive", "shop@3.0", code=1)
