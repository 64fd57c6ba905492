"""JSON bodies, decoded once into typed values."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from fastapi import Request

from naosu.api.problems import MalformedRequestError
from naosu.api.schemas import schema_of
from naosu.domain.errors import InvalidInputError

Decoded = TypeVar("Decoded")


def decode_body(content: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """Decode a JSON body.

    Raises:
        InvalidInputError: It is JSON, but not of the wanted shape.
        MalformedRequestError: It is not JSON.
    """
    if b"\\u0000" in content:
        raise InvalidInputError("Texts have no NUL characters here.")
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise InvalidInputError(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequestError(f"The body is not JSON: {error}") from error


def json_body(shape: type[Decoded], *, default: bytes = b"") -> Callable[[Request], Awaitable[Decoded]]:
    """Return a dependency that gives the body as `shape`; an empty body counts as `default`."""
    decoder = msgspec.json.Decoder(shape)

    async def read(request: Request) -> Decoded:
        content = await request.body()
        return decode_body(content or default, decoder)

    return read


def documented_body(shape: type, example: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """Return `openapi_extra` for an operation that reads `json_body(shape)`."""
    content = {"application/json": {"schema": schema_of(shape), "example": example}}
    return {"requestBody": {"required": required, "content": content}}
