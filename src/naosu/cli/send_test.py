"""``naosu send-test``: walks the way that an SDK's event takes, and checks the answer."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click

from naosu import __version__
from naosu.cli.show import json_option, print_json
from naosu.cli.transport import UnreachableError
from naosu.domain.errors import NaosuError

_TIMEOUT_S = 10.0


class RefusedEventError(NaosuError):
    """The server answered the test event, but did not take it. Its text says why."""

    code = "cli.test_refused"


@click.command("send-test")
@click.option("--dsn", required=True, envvar="SENTRY_DSN", help="As `naosu project list` prints it.  [env: SENTRY_DSN]")
@click.option("--message", default="naosu send-test: if you can read this, it works", help="Text of the error.")
@json_option
def command(dsn: str, message: str, as_json: bool) -> None:
    """Send one test error to a DSN, as an SDK does, and check that it was taken."""
    endpoint, key = parse_dsn(dsn)
    event_id = secrets.token_hex(16)
    answered = _send(endpoint, key, envelope(event_id, dsn=dsn, message=message, now=datetime.now(UTC)))
    if answered != event_id:
        raise RefusedEventError(
            f"{endpoint} answered for event {answered or '(none)'}, not {event_id}", mend="Is it a Naosu server?"
        )
    if as_json:
        print_json({"event_id": event_id, "endpoint": endpoint})
    else:
        server = endpoint.rpartition("/api/")[0]
        click.echo(f"accepted: event {event_id}\n  naosu events show {event_id} --url {server}")


def parse_dsn(dsn: str) -> tuple[str, str]:
    """Return the envelope endpoint and the public key of a DSN. Raises click.UsageError."""
    try:
        parts = urlsplit(dsn)
        port = parts.port
    except ValueError:
        raise click.UsageError(f"not a DSN: {dsn!r}") from None
    path, _, project = parts.path.rstrip("/").rpartition("/")
    if parts.scheme not in ("http", "https") or not parts.username or not parts.hostname or not project:
        raise click.UsageError(f"not a DSN: {dsn!r}. A DSN looks like http://KEY@127.0.0.1:8790/1")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    return f"{parts.scheme}://{place}{path}/api/{project}/envelope/", parts.username


def envelope(event_id: str, *, dsn: str, message: str, now: datetime) -> bytes:
    """Return an envelope with one event."""
    event: dict[str, Any] = {
        "event_id": event_id,
        "timestamp": now.timestamp(),
        "platform": "python",
        "level": "error",
        "environment": "test",
        "tags": {"source": "naosu send-test"},
        "exception": {"values": [{"type": "NaosuTestError", "value": message, "mechanism": {"type": "generic"}}]},
        "sdk": {"name": "naosu.send-test", "version": __version__},
    }
    body = json.dumps(event).encode()
    header = {"event_id": event_id, "dsn": dsn, "sent_at": now.isoformat()}
    item = {"type": "event", "length": len(body)}
    return json.dumps(header).encode() + b"\n" + json.dumps(item).encode() + b"\n" + body + b"\n"


def _send(endpoint: str, key: str, body: bytes) -> str:
    import httpx

    headers = {
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=naosu.send-test/{__version__}, sentry_key={key}",
        "Content-Type": "application/x-sentry-envelope",
    }
    try:
        answer = httpx.post(endpoint, content=body, headers=headers, timeout=_TIMEOUT_S)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise UnreachableError(
            f"no answer from {endpoint}: {error}", mend="Is the server running, and is the DSN's host the right one?"
        ) from error
    try:
        said = answer.json()
    except ValueError:
        said = {}
    if not answer.is_success:
        detail = said.get("detail") or f"HTTP {answer.status_code}"
        mend = said.get("mend") or "Compare the DSN with `naosu project list`."
        raise RefusedEventError(f"{endpoint} refused the event: {detail}", mend=mend)
    return str(said.get("id", ""))
