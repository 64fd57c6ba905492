"""Pages as Sentry links them: both directions named, each with ``results`` and ``cursor``."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from fastapi import Request

from naosu.api.context import context_of
from naosu.domain.errors import InvalidInputError

Item = TypeVar("Item")

OFFSET_MAX = 1_000_000


def sentry_links(request: Request, next_cursor: str | None, *, total: int | None = None) -> dict[str, str]:
    """Return the `Link` header; its ``previous`` never has results, since pages are only walked forward here."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    base = f"{context_of(request).public_url}{quote(request.url.path)}"

    def link(rel: str, cursor: str, results: str) -> str:
        target = f"{base}?{urlencode([*query, ('cursor', cursor)])}"
        return f'<{target}>; rel="{rel}"; results="{results}"; cursor="{cursor}"'

    onward = link("next", next_cursor or "0:0:0", "true" if next_cursor else "false")
    headers = {"Link": f"{link('previous', '0:0:1', 'false')}, {onward}"}
    if total is not None:
        headers["X-Hits"] = str(total)
    return headers


def store_cursor(cursor: str | None) -> str | None:
    """Return the store's cursor in a Sentry-shaped parameter; Sentry's own "first page" cursors mean none."""
    return None if cursor in (None, "", "0:0:0", "0:0:1") else cursor


def offset_of(cursor: str | None) -> int:
    """Return where a page begins: ``0:100:0`` → 100. Raises InvalidInputError."""
    if not cursor:
        return 0
    parts = cursor.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):  # noqa: PLR2004 - value:offset:is_prev
        raise InvalidInputError("That cursor is not one of ours.")
    return min(int(parts[1]), OFFSET_MAX)


def page_of(items: Sequence[Item], *, cursor: str | None, limit: int) -> tuple[Sequence[Item], str | None]:
    """Return a page of a short list, and the cursor of the next one. Raises InvalidInputError."""
    offset = offset_of(cursor)
    end = offset + limit
    return items[offset:end], f"0:{end}:0" if end < len(items) else None
