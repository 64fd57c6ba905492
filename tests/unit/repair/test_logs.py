"""Logs as servers and collectors really print them."""

import json
from textwrap import dedent, indent

import pytest
from source_of import TextTree

from naosu.repair.reading import join_evidence, read_log

APP = "def handler():\n    return work(None)\n\n\ndef work(item):\n    return item.price\n"
TREE = TextTree({"shop/views.py": APP})
TRACE = dedent(
    """\
    Traceback (most recent call last):
      File "/usr/lib/python3.11/site-packages/flask/app.py", line 1511, in wsgi_app
        response = self.full_dispatch_request()
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      File "/srv/releases/42/shop/views.py", line 2, in handler
        return work(None)
               ^^^^^^^^^^
      File "/srv/releases/42/shop/views.py", line 6, in work
        return item.price
               ^^^^^^^^^^
    AttributeError: 'NoneType' object has no attribute 'price'
    """
)
FRAMES = [("shop/views.py", 2, "handler"), ("shop/views.py", 6, "work")]


def crashes(log: str):
    return read_log(log, TREE).crashes


def only(log: str):
    (crash,) = crashes(log)
    return crash


def own(crash):
    return [(frame.source_path, frame.line, frame.function) for frame in crash.own_frames]


def prefixed(prefix: str, text: str = TRACE) -> str:
    return indent(text, prefix, lambda _: True)


ANSWERED = 'INFO:     127.0.0.1:5 - "GET /p HTTP/1.1" 500 Internal Server Error'
GUNICORN = "[2026-11-21 22:55:36 +0000] [71]"
WERKZEUG = '127.0.0.1 - - [21/Nov/2026 22:55:36] "GET /p HTTP/1.1" 500 -'
COLLECTED = {
    "bare": TRACE,
    "windows line ends": TRACE.replace("\n", "\r\n"),
    "uvicorn": f"{ANSWERED}\nERROR:    Exception in ASGI application\n{TRACE}",
    "uvicorn in colour": f"\x1b[31mERROR\x1b[0m:    Exception in ASGI\n{TRACE}\x1b[32mINFO\x1b[0m:     done",
    "gunicorn": f"{GUNICORN} [ERROR] Error handling request /p\n{TRACE}{GUNICORN} [INFO] Worker exiting",
    "hypercorn": f"{GUNICORN} [ERROR] Error in ASGI Framework\n{TRACE}",
    "flask": f"[2026-11-21 22:55:36,123] ERROR in app: Exception on /p [GET]\n{TRACE}{WERKZEUG}",
    "django": f'Internal Server Error: /p\n{TRACE}[21/Nov/2026 22:55:36] "GET /p HTTP/1.1" 500 65123\n',
    "journald": prefixed("Nov 21 22:55:36 web1 uvicorn[812]: "),
    "journald iso": prefixed("2026-11-21T22:55:36+0000 web1 uvicorn[812]: "),
    "docker compose": prefixed("web-1  | "),
    "docker timestamps": prefixed("2026-11-21T22:55:36.123456789Z "),
    "kubernetes": prefixed("2026-11-21T22:55:36.123456789Z stderr F "),
    "heroku": prefixed("2026-11-21T22:55:36.123456+00:00 app[web.1]: "),
    "syslog": prefixed("<11>1 2026-11-21T22:55:36Z web1 app 812 - - "),
    "compose over timestamps": prefixed("web-1  | 2026-11-21T22:55:36.123456789Z "),
    "each line with its format": prefixed("2026-11-21 22:55:36,123 ERROR [shop] "),
    "indented": prefixed("    "),
    "json": json.dumps({"level": "error", "message": "boom", "exc_info": TRACE}),
    "json with the trace as message": json.dumps({"severity": "ERROR", "message": TRACE}),
    "docker json file": "\n".join(json.dumps({"log": f"{line}\n", "stream": "stderr"}) for line in TRACE.splitlines()),
    "gcp": json.dumps({"jsonPayload": {"message": "boom", "exception": TRACE}}),
    "loguru": f"2026-11-21 22:55:36.123 | ERROR    | shop.views:f:2 - boom\n{TRACE.replace('  File', '> File', 1)}",
}


@pytest.mark.parametrize("log", COLLECTED.values(), ids=COLLECTED.keys())
def test_a_traceback_is_read_whoever_printed_or_collected_it(log):
    crash = only(log)
    assert (crash.last.type, crash.last.message) == ("AttributeError", "'NoneType' object has no attribute 'price'")
    assert own(crash) == FRAMES
    assert crash.last.frames[-1].code == "return item.price"
    assert len(crash.last.frames) == 3


def test_structured_exceptions_of_structlog_are_read():
    frames = [{"filename": f, "lineno": n, "name": w} for f, n, w in [("/x/shop/views.py", 2, "handler")]]
    stack = [
        {"exc_type": "ValueError", "exc_value": "outer", "is_cause": False, "frames": frames},
        {"exc_type": "KeyError", "exc_value": "'inner'", "is_cause": True, "frames": []},
    ]
    crash = only(json.dumps({"event": "boom", "level": "error", "exception": stack}))
    assert [raised.type for raised in crash.chain] == ["KeyError", "ValueError"]
    assert own(crash) == FRAMES[:1]


@pytest.mark.parametrize("stack", [7, [7], [{"frames": 7}], [{"frames": [7]}], [{}]])
def test_odd_structures_are_no_error(stack):
    assert len(crashes(json.dumps({"event": "boom", "exception": stack}))) <= 1


def test_a_traceback_that_rich_drew_is_read():
    box = dedent(
        """\
        ╭───────────── Traceback (most recent call last) ──────────────╮
        │ /srv/app/shop/views.py:6 in work                             │
        │                                                              │
        │   5 def work(item):                                          │
        │ ❱ 6 │   return item.price                                    │
        ╰──────────────────────────────────────────────────────────────╯
        AttributeError: 'NoneType' object has no attribute 'price'
        """
    )
    assert own(only(box)) == FRAMES[1:]


def test_a_chain_is_in_the_order_in_which_it_was_raised():
    log = dedent(
        """\
        Traceback (most recent call last):
          File "/srv/shop/views.py", line 6, in work
            return item.price
        KeyError: 'a'

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/srv/shop/views.py", line 2, in handler
            return work(None)
        shop.errors.Missing: b

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "<string>", line 1, in <module>
        RuntimeError
        """
    )
    crash = only(log)
    assert [(raised.type, raised.message) for raised in crash.chain] == [
        ("KeyError", "'a'"), ("shop.errors.Missing", "b"), ("RuntimeError", ""),
    ]  # fmt: skip
    assert crash.chain[1].name == "Missing"


SQL = """\
(sqlite3.OperationalError) no such table: tasks
[SQL: SELECT tasks.id AS tasks_id, tasks.title AS tasks_title
FROM tasks
WHERE tasks.id = ?]
[parameters: (1,)]
(Background on this error at: https://sqlalche.me/e/21/e3q8)"""
PYDANTIC = """\
1 validation error for Order
total
  Input should be a valid number [type=float_type, input_value=None, input_type=NoneType]
    For further information visit https://errors.pydantic.dev/2.14/v/float_type"""
REMOVED = (
    "`regex` is removed. use `pattern` instead\n\nFor further information visit https://errors.pydantic.dev/2.14/u"
)
POSTGRES = """\
relation "orders" does not exist
LINE 1: SELECT * FROM orders
                      ^
HINT:  Perhaps you meant "order"."""
ENDPOINT = '1 validation error:\n  {"loc": "x"}\n\n  File "/srv/shop/views.py", line 2, in handler\n    POST /orders'
CHECKS = "System check identified some issues:\n\nERRORS:\nshop.Order.item: (fields.E300) Field defines a relation."


@pytest.mark.parametrize("message", [SQL, PYDANTIC, REMOVED, POSTGRES, ENDPOINT, CHECKS, "first\nadded by add_note"])
@pytest.mark.parametrize(
    "after",
    [
        "",
        "INFO:     Application shutdown complete.",
        '127.0.0.1 - - [21/Nov/2026 22:55:36] "GET /p HTTP/1.1" 500 -',
        "[2026-11-21 22:55:36 +0000] [7] [INFO] Worker exiting",
        "2026-11-21 22:55:36,123 shop INFO bye",
        "\nsomething else",
    ],
)
def test_a_message_has_all_its_lines_and_no_more(message, after):
    crash = only(TRACE.replace("'NoneType' object has no attribute 'price'", message) + after)
    assert crash.last.message == message


def test_a_syntax_error_names_its_own_file_as_the_last_frame():
    log = dedent(
        """\
        Traceback (most recent call last):
          File "/srv/main.py", line 1, in <module>
            import shop.views
          File "/srv/shop/views.py", line 6
            return item.price
            ^^^^^^
        SyntaxError: 'return' outside function
        """
    )
    assert own(only(log)) == [("shop/views.py", 6, "")]
    assert only(log).last.type == "SyntaxError"


def test_a_recursion_is_read_past_its_repeated_lines():
    log = TRACE.replace(
        "AttributeError: 'NoneType' object has no attribute 'price'",
        "  [Previous line repeated 975 more times]\nRecursionError: maximum recursion depth exceeded",
    )
    assert only(log).last.type == "RecursionError"
    assert own(only(log)) == FRAMES


def test_code_over_several_lines_is_known_by_its_first():
    log = TRACE.replace(
        "    return item.price\n           ^^^^^^^^^^\n",
        "    return item.price\n    ~~~~^\n        1,\n    ...<2 lines>...\n    )\n    ^\n",
    )
    assert only(log).last.frames[-1].code == "return item.price"
    assert only(log).last.type == "AttributeError"


def test_a_group_gives_one_crash_for_each_member_the_group_first():
    log = dedent(
        """\
          + Exception Group Traceback (most recent call last):
          |   File "/srv/main.py", line 9, in <module>
          |     run()
          | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
          +-+---------------- 1 ----------------
            | Traceback (most recent call last):
            |   File "/srv/shop/views.py", line 6, in work
            |     return item.price
            | ValueError: one
            |
            | During handling of the above exception, another exception occurred:
            |
            | Traceback (most recent call last):
            |   File "/srv/shop/views.py", line 2, in handler
            |     return work(None)
            | KeyError: 'two'
            +---------------- 2 ----------------
            | Exception Group Traceback (most recent call last):
            |   File "/srv/main.py", line 4, in inner
            |     inner()
            | ExceptionGroup: nested (1 sub-exception)
            +-+---------------- 1 ----------------
              | TypeError: three
              +------------------------------------
        INFO:     127.0.0.1:5 - "GET /p HTTP/1.1" 500 Internal Server Error
        """
    )
    assert [[raised.type for raised in crash.chain] for crash in crashes(log)] == [
        ["ExceptionGroup", "ValueError", "KeyError"],
        ["ExceptionGroup", "ExceptionGroup", "TypeError"],
    ]
    assert own(crashes(log)[0]) == list(reversed(FRAMES))


def test_a_log_whose_head_was_cut_off_within_a_traceback_is_read():
    cut = TRACE.split("\n", 3)[3]
    assert own(only(cut)) == FRAMES


@pytest.mark.parametrize("lines", [8, 9, 10])
def test_a_log_whose_tail_was_cut_off_keeps_the_frames(lines):
    crash = only("\n".join(TRACE.splitlines()[:lines]))
    assert own(crash)[0] == FRAMES[0]
    assert crash.last.type == ""


def test_an_exception_that_was_cut_off_is_not_completed_from_the_next_entries():
    log = "\n".join(TRACE.splitlines()[:9]) + "\nINFO:     Started\nINFO:     Application startup complete.\n"
    assert only(log).last.type == ""


def test_a_line_of_another_process_in_between_does_no_harm():
    lines = TRACE.splitlines()
    lines.insert(5, 'INFO:     127.0.0.1:5 - "GET /health HTTP/1.1" 200 OK')
    evidence = read_log("\n".join(lines), TREE)
    assert own(evidence.crashes[0]) == FRAMES
    assert [request.line for request in evidence.requests] == ["GET /health"]


def test_a_traceback_that_begins_within_another_ends_it():
    log = "\n".join(TRACE.splitlines()[:6]) + "\n" + TRACE
    assert [crash.last.type for crash in crashes(log)] == ["", "AttributeError"]


def test_equal_crashes_are_counted_and_the_most_frequent_comes_first():
    other = TRACE.replace("AttributeError: 'NoneType' object has no attribute 'price'", "KeyError: 'x'")
    found = crashes(other + TRACE + TRACE + TRACE)
    assert [(crash.last.type, crash.count) for crash in found] == [("AttributeError", 3), ("KeyError", 1)]


def test_crashes_that_differ_in_addresses_numbers_and_times_only_are_equal():
    log = "".join(TRACE.replace("'price'", f"'price' of <Item {n} at 0x7f{n}>") for n in range(3))
    assert only(log).count == 3


def test_crashes_at_different_lines_are_different():
    moved = TRACE.replace("line 2, in handler\n    return work(None)", "line 1, in handler\n    x")
    assert len(crashes(TRACE + moved)) == 2


@pytest.mark.parametrize("log", ["", "INFO: all is well\n", "{}", "{broken", "Traceback", "\x00\x01"])
def test_a_log_without_a_traceback_has_no_crashes(log):
    assert crashes(log) == ()


def test_prose_about_errors_is_no_crash():
    assert crashes('ERROR: see File "x.py", line 3 for ValueError: bad\nValueError: bad\n') == ()


def test_only_the_end_of_a_very_long_log_is_read(monkeypatch):
    monkeypatch.setattr("naosu.repair.reading.LOG_CHARS_MAX", 2000)
    assert only(TRACE.replace("price", "old") + "x\n" * 2000 + TRACE).last.message.endswith("'price'")


def test_what_stands_far_below_a_message_is_not_its_end():
    assert only(f"{TRACE}\n\n\n  indented, but far away\n").last.message.endswith("'price'")


def test_a_plain_word_after_a_cut_off_traceback_is_no_exception():
    assert only("\n".join(TRACE.splitlines()[:9]) + "\n\ndone\n").last.type == ""


def test_a_line_without_end_is_cut():
    assert len(read_log("x" * 100_000, TREE).log) == 20_000


def test_joined_evidence_has_each_thing_once():
    first = read_log(TRACE + 'x "GET /p HTTP/1.1" 500', TREE)
    joined = join_evidence(first, first, read_log("", TREE))
    assert [crash.count for crash in joined.crashes] == [2]
    assert len(joined.requests) == 1


SECRETS = [
    "postgresql://ann:hunter22@db/x",
    "Authorization: Bearer abcdefgh12345678",
    "token eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl",
    "password=hunter22 user=ann",
    '{"api_key": "hunter22"}',
    "SECRET_KEY='hunter22'",
]


@pytest.mark.parametrize("line", SECRETS)
def test_secrets_are_not_kept_in_the_log(line):
    log = read_log(f"INFO: {line}\n", TREE).log
    assert not any(secret in log for secret in ("hunter22", "abcdefgh12345678", "c2lnbmF0dXJl"))


@pytest.mark.parametrize("line", ["Value error, password too short", "password: Field required", "token_type bearer"])
def test_what_only_speaks_of_secrets_is_kept(line):
    assert read_log(line, TREE).log == line
