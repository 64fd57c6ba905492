"""Reading payloads as SDKs sent them: whatever is not of the expected kind reads as absent."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec


def decode_payload(payload: bytes) -> dict[str, Any]:
    """Return the payload as a dict; empty for what is none."""
    try:
        decoded = msgspec.json.decode(payload or b"{}")
    except msgspec.DecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def as_dict(value: object) -> dict[str, Any]:
    """Return a dict; empty for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return a list; ``{"values": […]}`` is one, as SDKs wrap them; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("values")
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """Return a text; numbers and flags as JSON writes them. None for null and for what has parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    return None


def as_pairs(value: object) -> list[tuple[str, Any]]:
    """Return key and value pairs of a dict, or of a list of pairs."""
    if isinstance(value, Mapping):
        return [(str(key), one) for key, one in value.items()]
    pairs = value if isinstance(value, list) else []
    return [(str(pair[0]), pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) == 2]  # noqa: PLR2004 - a pair


def as_time(value: object) -> str | None:
    """Return a time in ISO 8601: SDKs send that, or seconds since 1970. None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, tz=UTC).isoformat().replace("+00:00", "Z")
        except (ValueError, OverflowError, OSError):
            return None
    return None
