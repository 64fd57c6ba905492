"""Asking an application in this process, without an HTTP client."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from naosu.cli.transport import InProcess


async def echo(request: Request) -> Response:
    body = await request.body()
    told = {
        "method": request.method,
        "name": request.path_params["name"],
        "query": request.query_params.multi_items(),
        "type": request.headers.get("content-type", ""),
        "body": body.decode(),
    }
    return JSONResponse(told, status_code=201)


async def stream(_: Request) -> Response:
    return StreamingResponse(iter([b"a\xe6\x97", b"\xa5", b"b"]), media_type="text/plain")


async def empty(_: Request) -> Response:
    return Response(status_code=204)


async def broken(_: Request) -> Response:
    raise ZeroDivisionError("oops")


async def half_broken(_: Request) -> Response:
    return Response("not JSON", media_type="application/json")


async def refuse(_: Request) -> Response:
    return PlainTextResponse("no", status_code=404)


def routed(path: str, handler: Any) -> Route:
    return Route(path, handler, methods=["GET", "POST", "DELETE"])


@pytest.fixture
def transport() -> Any:
    handlers = (stream, empty, broken, half_broken, refuse)
    routes = [routed("/echo/{name}", echo), *(routed(f"/{one.__name__}", one) for one in handlers)]
    closed: list[bool] = []
    made = InProcess(Starlette(routes=routes), close=lambda: closed.append(True))
    yield made
    made.close()
    assert closed == [True]


def test_a_question_arrives_as_it_was_put(transport: InProcess) -> None:
    answer = transport.ask(
        "POST", "/echo/caf%C3%A9%20x", query={"query": 'a&b "ü"', "limit": 3, "all": True}, body={"é": 1}
    )
    assert (answer.status, answer.is_success) == (201, True)
    assert answer.decoded() == {
        "method": "POST",
        "name": "café x",
        "query": [["query", 'a&b "ü"'], ["limit", "3"], ["all", "true"]],
        "type": "application/json",
        "body": '{"\\u00e9": 1}',
    }


def test_without_a_body_none_is_sent(transport: InProcess) -> None:
    told = transport.ask("DELETE", "/echo/x", query={}).decoded()
    assert (told["method"], told["body"], told["type"], told["query"]) == ("DELETE", "", "", [])


def test_other_types_are_text_and_nothing_is_none(transport: InProcess) -> None:
    assert transport.ask("GET", "/stream", query={}).decoded() == "a日b"
    assert transport.ask("GET", "/empty", query={}).decoded() is None


def test_a_refusal_is_an_answer(transport: InProcess) -> None:
    answer = transport.ask("GET", "/refuse", query={})
    assert (answer.status, answer.is_success, answer.decoded()) == (404, False, "no")


def test_a_defect_in_a_handler_is_a_500_and_the_next_question_is_answered(transport: InProcess) -> None:
    assert transport.ask("GET", "/broken", query={}).status == 500
    assert transport.ask("GET", "/empty", query={}).status == 204


def test_json_that_is_none_raises_value_error(transport: InProcess) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        transport.ask("GET", "/half_broken", query={}).decoded()


def test_an_application_that_answers_nothing_is_a_defect_that_shows() -> None:
    async def silent(*_: Any) -> None:
        raise ZeroDivisionError("oops")

    transport = InProcess(silent, close=lambda: None)
    with pytest.raises(ZeroDivisionError):
        transport.ask("GET", "/", query={})
    transport.close()
