"""One request to the application in the cell, and all that is worth knowing of its answer."""

import base64
import http.client
import time
from typing import Any
from urllib.parse import quote

BODY_BYTES_MAX = 1_000_000
_CHUNK_BYTES = 65_536
_SAFE = "%/?:@!$&'()*+,;=-._~[]"


def send(port: int, request: dict[str, Any], wait_s: float) -> dict[str, Any]:
    """Send a request on a connection of its own.

    Returns:
        ``status`` (0: no whole answer came, ``error`` says why), ``headers``, ``body`` as base64, ``first_byte_s``,
        ``total_s``.
    """
    answer: dict[str, Any] = {"status": 0, "headers": [], "body": "", "first_byte_s": 0.0, "total_s": 0.0, "error": ""}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=wait_s)
    began = time.perf_counter()
    body = bytearray()
    try:
        _put(connection, request)
        response = connection.getresponse()
        answer["headers"] = [[name.lower(), value] for name, value in response.getheaders()]
        _read_body(response, body, answer, began, wait_s)
        answer["status"] = response.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    answer["total_s"] = time.perf_counter() - began
    answer["first_byte_s"] = answer["first_byte_s"] or answer["total_s"]
    answer["body"] = base64.b64encode(bytes(body)).decode()
    return answer


def _put(connection: http.client.HTTPConnection, request: dict[str, Any]) -> None:
    body = base64.b64decode(request["body"]) if request["body"] is not None else None
    given = {name.lower() for name, _ in request["headers"]}
    connection.putrequest(
        request["method"],
        quote(request["path"], safe=_SAFE),
        skip_host="host" in given,
        skip_accept_encoding=True,
    )
    for name, value in request["headers"]:
        if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
            connection.putheader(name, value.encode("utf-8"))
    if body is not None or request["method"] in {"POST", "PUT", "PATCH"}:
        connection.putheader("Content-Length", str(len(body or b"")))
    if body and "content-type" not in given:
        connection.putheader("Content-Type", "application/json")
    connection.putheader("Connection", "close")
    connection.endheaders(body)


def _read_body(
    response: http.client.HTTPResponse, body: bytearray, answer: dict[str, Any], began: float, wait_s: float
) -> None:
    while chunk := response.read1(_CHUNK_BYTES):
        now = time.perf_counter()
        answer["first_byte_s"] = answer["first_byte_s"] or now - began
        body += chunk[: BODY_BYTES_MAX - len(body)]
        if now - began > wait_s:
            raise TimeoutError(f"the answer did not end within {wait_s:.0f} s")
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
