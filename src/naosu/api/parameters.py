"""Path and query parameters that many routes take, bounded so that every store can hold them."""

from typing import Annotated

from fastapi import Path, Query

ID_MAX = 2**31 - 1

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
Limit = Annotated[int, Query(ge=1, le=100, description="Entries in a page.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]
ProjectFilter = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[A-Za-z0-9_-]+$", description="Slug or id of a project; all if absent."),
]
ProjectRef = Annotated[
    str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$", description="Slug or id of a project.", examples=["shop"])
]
IssueRef = Annotated[
    str,
    Path(max_length=120, pattern=r"^[A-Za-z0-9_-]+$", description="Issue id, or short id.", examples=["SHOP-12"]),
]
IssueFilter = Annotated[
    str | None,
    Query(max_length=120, pattern=r"^[A-Za-z0-9_-]+$", description="Issue id, or short id; all issues if absent."),
]
EventId = Annotated[
    str,
    Path(
        max_length=36,
        pattern=r"^[0-9a-fA-F-]{32,36}$",
        description="32 hex digits, with or without hyphens.",
        examples=["9ec79c33ec9942ab8353589fcb2e04dc"],
    ),
]
Period = Annotated[
    str,
    Query(max_length=10, pattern=r"^[0-9]{1,9}[smhdw]$", description="A number and s, m, h, d or w.", examples=["24h"]),
]
