"""Paths to which SDKs send."""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

_SLASHES = re.compile(r"/{2,}")
_CACHED_CHARS_MAX = 128
_RESERVED = frozenset({"0", "v1"})  # Sentry's REST interface, and ours


class RouteKind(StrEnum):
    """What comes along a path."""

    ENVELOPE = "envelope"
    STORE = "store"
    SECURITY = "security"
    CRON = "cron"
    OTLP_TRACES = "otlp_traces"
    OTLP_LOGS = "otlp_logs"
    MINIDUMP = "minidump"
    UNREAL = "unreal"
    ATTACHMENTS = "attachments"


class Route(msgspec.Struct, frozen=True):
    """A path, taken apart.

    Attributes:
        project: As it stands in the path, not checked. Empty on the legacy path that has none.
        path_key: DSN key in the path.
        slug: Of the cron monitor.
    """

    kind: RouteKind
    project: str
    path_key: str = ""
    slug: str = ""


_PLAIN = {
    "envelope": RouteKind.ENVELOPE,
    "store": RouteKind.STORE,
    "security": RouteKind.SECURITY,
    "csp-report": RouteKind.SECURITY,
    "nel": RouteKind.SECURITY,
    "minidump": RouteKind.MINIDUMP,
}
_OTLP = {"traces": RouteKind.OTLP_TRACES, "logs": RouteKind.OTLP_LOGS}


def parse_route(path: str) -> Route | None:
    """Return what a path means to the door, with or without slash at the end. None: it is not for the door."""
    return _parse_cached(path) if len(path) <= _CACHED_CHARS_MAX else _parse(path)


@lru_cache(maxsize=4096)
def _parse_cached(path: str) -> Route | None:
    return _parse(path)


def _parse(path: str) -> Route | None:
    segments = _SLASHES.sub("/", path).removesuffix("/").split("/")
    match segments:
        case ["", "api", "store"]:
            return Route(RouteKind.STORE, "")
        case ["", "api", project, *rest] if project not in _RESERVED:
            return _parse_rest(project, rest)
        case _:
            return None


def _parse_rest(project: str, rest: list[str]) -> Route | None:
    match rest:
        case [plain] if plain in _PLAIN:
            return Route(_PLAIN[plain], project)
        case ["cron", slug]:
            return Route(RouteKind.CRON, project, slug=slug)
        case ["cron", slug, key]:
            return Route(RouteKind.CRON, project, path_key=key, slug=slug)
        case ["otlp", "v1", signal] | ["integration", "otlp", "v1", signal] if signal in _OTLP:
            return Route(_OTLP[signal], project)
        case ["unreal", key]:
            return Route(RouteKind.UNREAL, project, path_key=key)
        case ["events", _, "attachments"]:
            return Route(RouteKind.ATTACHMENTS, project)
        case _:
            return None
