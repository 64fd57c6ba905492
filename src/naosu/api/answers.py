"""JSON answers, encoded by msgspec, and how their pages are linked."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response

from naosu.api.schemas import schema_of

_encoder = msgspec.json.Encoder()


def json_answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with a value: structs, dicts, dates and all that msgspec encodes."""
    return Response(_encoder.encode(value), status, headers, "application/json")


def empty_answer() -> Response:
    """Answer 204."""
    return Response(status_code=204)


def page_links(request: Request, next_cursor: str | None) -> dict[str, str]:
    """Return RFC 8288 `Link` headers for the next page; none on the last one."""
    if next_cursor is None:
        return {}
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    target = f"{request.url.path}?{urlencode([*query, ('cursor', next_cursor)])}"
    return {"Link": f'<{target}>; rel="next"'}


def documented_answer(
    shape: Any, description: str, example: Any = None, *, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Document a JSON answer for OpenAPI: `shape` is a struct, or a list of one as ``list[Struct]``."""
    content: dict[str, Any] = {"schema": schema_of(shape)}
    if example is not None:
        content["example"] = example
    return {status: {"description": description, "content": {"application/json": content}}}
