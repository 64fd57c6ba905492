"""The test error: a real event, sent over a real connection through a project's DSN to this server's own door."""

import json
from datetime import datetime
from uuid import uuid4

import httpx
import msgspec

from naosu.domain.errors import InvalidInputError
from naosu.web.setup import Setup

TIMEOUT_S = 5.0


class Sent(msgspec.Struct, frozen=True):
    """What the door answered. `status` 0: nobody answered."""

    event_id: str
    status: int


def send_test_error(setup: Setup, *, server: tuple[str, int] | None, now: datetime) -> Sent:
    """Send one test error and return how it was received.

    Args:
        setup: Of the project that gets it.
        server: The address on which this server took the request; None: it is reached by the DSN alone.
        now: When it occurs.

    Raises:
        InvalidInputError: The project has no active key.
    """
    if setup.key is None:
        raise InvalidInputError("The project has no active key.", mend="Make one on the project's page.")
    event_id = uuid4().hex
    url = f"{own_base_url(setup, server)}/api/{setup.project.id}/envelope/"
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={setup.key.public_key}, sentry_client=naosu-test/1",
    }
    try:
        # No proxy: this goes to ourselves.
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            answer = client.post(url, content=error_envelope(event_id, now=now, dsn=setup.dsn), headers=headers)
    except httpx.HTTPError:
        return Sent(event_id, 0)
    return Sent(event_id, answer.status_code)


def own_base_url(setup: Setup, server: tuple[str, int] | None) -> str:
    """Return where this server is reached from itself: the very address that took the request."""
    if server is None or not server[1]:
        return setup.base_url
    host, port = server
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def error_envelope(event_id: str, *, now: datetime, dsn: str) -> bytes:
    """Return an envelope as an SDK would send it."""
    event = json.dumps(error_event(event_id, now=now)).encode()
    header = json.dumps({"event_id": event_id, "dsn": dsn, "sent_at": now.isoformat()}).encode()
    item = json.dumps({"type": "event", "content_type": "application/json", "length": len(event)}).encode()
    return b"\n".join((header, item, event, b""))


def error_event(event_id: str, *, now: datetime) -> dict[str, object]:
    """Return an error that no one could take for a real one."""
    frames = [
        {
            "filename": "naosu_test/shop.py",
            "module": "naosu_test.shop",
            "function": "open_shop",
            "lineno": 12,
            "in_app": True,
            "pre_context": ["def open_shop(till):", '    """Nobody gets in before the till is there."""'],
            "context_line": "    return count_coins(till)",
            "post_context": ["", ""],
            "vars": {"till": "None"},
        },
        {
            "filename": "naosu_test/till.py",
            "module": "naosu_test.till",
            "function": "count_coins",
            "lineno": 7,
            "in_app": True,
            "pre_context": ["def count_coins(till):"],
            "context_line": "    return sum(till.coins)",
            "post_context": [""],
            "vars": {"till": "None", "password": "this is scrubbed before it is stored"},
        },
    ]
    exception = {
        "type": "AttributeError",
        "value": "'NoneType' object has no attribute 'coins' (test error from Naosu)",
        "module": "builtins",
        "mechanism": {"type": "naosu-test", "handled": False},
        "stacktrace": {"frames": frames},
    }
    return {
        "event_id": event_id,
        "timestamp": now.isoformat(),
        "platform": "python",
        "level": "error",
        "transaction": "/open",
        "environment": "test",
        "release": "naosu-test@1",
        "exception": {"values": [exception]},
        "tags": {"sent_by": "naosu"},
        "user": {"id": "test"},
        "breadcrumbs": {
            "values": [{"timestamp": now.isoformat(), "category": "naosu", "message": "The shop is about to open."}]
        },
        "sdk": {"name": "naosu-test", "version": "1"},
    }
