"""Which web origins may send to a project."""

from collections.abc import Sequence
from urllib.parse import urlsplit

ANY_ORIGIN = "*"


def is_origin_allowed(origin: str, allowed: Sequence[str]) -> bool:
    """Say whether a browser page of this origin may send.

    A pattern is ``*``, an origin (``https://shop.example``), a host in any scheme (``shop.example``), or either with
    ``*.`` for all subdomains. ``null`` (a file, a sandboxed frame) needs ``*``.
    """
    if ANY_ORIGIN in allowed:
        return True
    try:
        parts = urlsplit(origin.lower())
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and any(
        _matches(pattern.lower().rstrip("/"), parts.scheme, parts.netloc, host) for pattern in allowed
    )


def _matches(pattern: str, scheme: str, authority: str, host: str) -> bool:
    wanted_scheme, separator, wanted = pattern.rpartition("://")
    if separator and wanted_scheme != scheme:
        return False
    if wanted.startswith("*."):
        return host.endswith(wanted[1:])
    return wanted in (authority, host)
