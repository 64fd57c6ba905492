import pytest
from source_of import TextTree

from naosu.repair.reading import read_log

LINES = {
    "uvicorn": 'INFO:     127.0.0.1:53648 - "GET /orders/7?x=1 HTTP/1.1" 500 Internal Server Error',
    "gunicorn": '127.0.0.1 - - [21/Nov/2026:22:55:36 +0000] "GET /orders/7?x=1 HTTP/1.1" 500 145 "-" "curl/8"',
    "hypercorn": "[2026-11-21 22:55:36 +0000] [7] [INFO] 127.0.0.1:4 - - [21/Nov/2026:22:55:36 +0000] "
    '"GET /orders/7?x=1 1.1" 500 12 "-" "-"',
    "werkzeug": '127.0.0.1 - - [21/Nov/2026 22:55:36] "\x1b[35m\x1b[1mGET /orders/7?x=1 HTTP/1.1\x1b[0m" 500 -',
    "django": '[21/Nov/2026 22:55:36] "GET /orders/7?x=1 HTTP/1.1" 500 145',
    "daphne": '127.0.0.1:53888 - - [21/Nov/2026:22:55:36] "GET /orders/7?x=1" 500 12',
    "nginx": '10.0.0.9 - ann [21/Nov/2026:22:55:36 +0000] "GET /orders/7?x=1 HTTP/2.0" 500 145 "https://a/" "Moz"',
    "a proxy's whole address": '"GET http://shop.test/orders/7?x=1 HTTP/1.1" 500 1',
    "logfmt": 'at=info method=GET path="/orders/7?x=1" host=shop status=500 bytes=12',
    "json": '{"level": "info", "event": "request", "method": "GET", "path": "/orders/7?x=1", "status": 500}',
}


def requests(log: str):
    return [(request.line, request.status) for request in read_log(log, TextTree({})).requests]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_line_of_an_access_log_gives_its_request(line):
    assert requests(line) == [("GET /orders/7?x=1", 500)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[2026-11-21 22:55:36,123] ERROR in app: Exception on /threads [POST]", ("POST /threads", 500)),
        ("Internal Server Error: /items/", ("GET /items/", 500)),
        ("ERROR 2026-11-21 22:55:36 log Internal Server Error: /items/", ("GET /items/", 500)),
        ("Bad Request: /items/", ("GET /items/", 400)),
        ("[2026-11-21 22:55:36 +0000] [7] [ERROR] Error handling request /items", ("GET /items", 500)),
    ],
)
def test_a_failure_that_is_only_named_gives_its_request(line, expected):
    assert requests(line) == [expected]


def test_a_named_failure_is_not_added_to_the_access_line_that_tells_its_method():
    log = 'Internal Server Error: /items/\n[21/Nov/2026 22:55:36] "POST /items/ HTTP/1.1" 500 145\n'
    assert requests(log) == [("POST /items/", 500)]


def test_failed_requests_come_first_then_the_others_as_they_came():
    log = '"GET /a HTTP/1.1" 200\n"GET /b HTTP/1.1" 500\n"GET /c HTTP/1.1" 404\n'
    assert requests(log) == [("GET /b", 500), ("GET /a", 200), ("GET /c", 404)]


@pytest.mark.parametrize("statuses", [(200, 500), (500, 200)])
def test_a_request_that_failed_once_has_failed(statuses):
    assert requests("".join(f'"GET /a HTTP/1.1" {status}\n' for status in statuses)) == [("GET /a", 500)]


@pytest.mark.parametrize(
    "line",
    [
        'DEBUG:urllib3.connectionpool:http://localhost:8000 "GET /x HTTP/1.1" 200 15',
        'INFO:httpx:HTTP Request: GET http://x/y "HTTP/1.1 200 OK"',
        '"GET / HTTP/1.1" abc',
        "GET /x",
    ],
)
def test_what_the_application_asked_of_others_is_no_request_to_it(line):
    assert requests(line) == []
