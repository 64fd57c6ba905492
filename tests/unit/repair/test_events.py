import json

import pytest
from source_of import TextTree

from naosu.repair.reading import read_event

TREE = TextTree({"shop/views.py": "def handler():\n    return work(None)\n"})
FRAME = {"abs_path": "/srv/shop/views.py", "lineno": 2, "function": "handler", "context_line": "    return work(None)"}


def value(kind: str, message: str = "m", module: str | None = None, **mechanism) -> dict:
    return {
        "type": kind, "value": message, "module": module, "mechanism": mechanism, "stacktrace": {"frames": [FRAME]},
    }  # fmt: skip


def read(*values: dict, **event):
    return read_event({"exception": {"values": list(values)}, **event}, TREE)


def types(evidence) -> list[list[str]]:
    return [[raised.type for raised in crash.chain] for crash in evidence.crashes]


def test_a_chain_keeps_its_order_and_its_modules():
    evidence = read(
        value("KeyError"), value("OperationalError", module="sqlalchemy.exc"), value("Boom", module="builtins")
    )
    assert types(evidence) == [["KeyError", "sqlalchemy.exc.OperationalError", "Boom"]]


def test_frames_are_found_in_the_source_tree():
    (crash,) = read(value("KeyError")).crashes
    assert [(frame.source_path, frame.line, frame.code) for frame in crash.own_frames] == [
        ("shop/views.py", 2, "return work(None)")
    ]


def test_a_group_gives_one_crash_for_each_member_with_its_causes():
    evidence = read(
        value("OSError", exception_id=3, parent_id=2, source="__cause__"),
        value("KeyError", exception_id=2, parent_id=0, source="exceptions[1]"),
        value("ValueError", exception_id=1, parent_id=0, source="exceptions[0]"),
        value("ExceptionGroup", exception_id=0, is_exception_group=True),
    )
    assert types(evidence) == [["ExceptionGroup", "ValueError"], ["ExceptionGroup", "OSError", "KeyError"]]


def request(**fields):
    made = read(
        value("KeyError", handled=False), request={"url": "http://shop.test/orders/7", "method": "post", **fields}
    )
    return made.requests[0]


def test_a_request_has_method_path_and_status():
    made = request(query_string="a=1&b=2")
    assert (made.line, made.status) == ("POST /orders/7?a=1&b=2", 500)


@pytest.mark.parametrize("query", ["a=1&b=x+y", "?a=1&b=x+y", [["a", "1"], ["b", "x y"]], {"a": "1", "b": "x y"}])
def test_a_query_is_read_however_it_was_sent(query):
    assert request(query_string=query).path == "/orders/7?a=1&b=x+y"


@pytest.mark.parametrize("headers", [{"Accept": "a/b", "Host": "x"}, [["Accept", "a/b"], ["Host", "x"]]])
def test_headers_are_read_but_for_those_of_the_connection(headers):
    assert request(headers=headers).headers == (("accept", "a/b"),)


def test_what_was_scrubbed_is_not_sent():
    headers = {"Authorization": "[Filtered]", "X": "1", "sentry-trace": "a", "X-Forwarded-For": "1.1.1.1"}
    made = request(headers=headers, cookies={"a": "[Filtered]", "b": "2"}, data="[Filtered]")
    assert made.headers == (("x", "1"), ("cookie", "b=2"))
    assert made.body is None


@pytest.mark.parametrize(
    ("data", "kind", "body"),
    [
        ({"a": [1]}, "application/json", b'{"a":[1]}'),
        ('{"a": 1}', "application/json", b'{"a": 1}'),
        ({"a": "1", "b": ["x", "y"]}, "application/x-www-form-urlencoded", b"a=1&b=x&b=y"),
        ("", "text/plain", None),
        (None, "text/plain", None),
    ],
)
def test_a_body_is_sent_as_its_content_type_says(data, kind, body):
    assert request(data=data, headers={"Content-Type": kind}).body == body


def test_a_body_without_a_content_type_is_json():
    assert ("content-type", "application/json") in request(data={"a": 1}).headers


def test_the_status_of_the_answer_is_taken_where_it_was_sent():
    evidence = read(
        value("KeyError", handled=True), request={"url": "http://x/a"}, contexts={"response": {"status_code": 418}}
    )
    assert (evidence.requests[0].line, evidence.requests[0].status) == ("GET /a", 418)


def test_what_the_application_said_is_its_log():
    evidence = read(
        value("KeyError"),
        breadcrumbs={"values": [{"level": "warning", "message": "SLOW QUERY 2 s"}, {"category": "x"}]},
        logentry={"message": "failed %s", "formatted": "failed at postgresql://a:hunter22@db/x"},
    )
    assert evidence.log.splitlines() == [
        "WARNING: SLOW QUERY 2 s", "ERROR: failed at postgresql://a:***@db/x", "KeyError: m",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{",
        {},
        {"exception": None},
        {"exception": {"values": [None, 7, {}]}},
        {"exception": {"values": "x"}},
        {"exception": {"values": [{"type": 7, "mechanism": "x"}]}},
        {"exception": [{"type": "A", "stacktrace": {"frames": [None, {"lineno": "x"}]}}]},
        {"request": {"url": ""}},
        {"request": "x"},
        {"breadcrumbs": 7},
    ],
)
def test_an_odd_event_is_no_error(payload):
    evidence = read_event(payload, TREE)
    assert evidence.requests == ()


def test_bytes_are_decoded():
    assert types(read_event(json.dumps({"exception": {"values": [value("KeyError")]}}).encode(), TREE)) == [
        ["KeyError"]
    ]
