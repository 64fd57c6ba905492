import libcst as cst
import pytest

from naosu.fixers.body_draining import drainings, read_on_the_way, replay
from naosu.fixers.body_reading import buffer, reading_of, tee
from naosu.fixers.call_next import is_kept, passings
from naosu.fixers.places import Place


def place(text):
    return Place("app.py", cst.parse_module(text))


def reading(body, callee=""):
    where = place("async def dispatch(request, call_next):\n" + "".join(f"    {line}\n" for line in body))
    return reading_of(next(passings(where)), callee)


def test_a_function_that_only_counts_keeps_no_body_in_memory():
    module = tee(
        reading(["response = await call_next(request)", "size = len(response.body)", "log(size)", "return response"])
    )
    assert "join" not in module.code
    assert "+= len(chunk)" in module.code


def test_a_name_that_the_function_has_from_elsewhere_is_changed_there():
    module = tee(
        reading(["seen = 0", "response = await call_next(request)", "seen += len(response.body)", "return response"])
    )
    assert "nonlocal seen" in module.code


@pytest.mark.parametrize(
    "line",
    [
        'response.headers["X-Size"] = str(len(response.body))',
        "response.set_cookie('n', response.body.decode())",
        "response.status_code = 500 if b'error' in response.body else 200",
        "if not response.body: raise ValueError",
    ],
)
def test_what_decides_the_answer_is_not_put_off_until_it_is_sent(line):
    found = reading(["response = await call_next(request)", line, "return response"])
    assert tee(found) is None
    assert "content-length" in buffer(found).code


def test_what_runs_after_the_answer_may_be_set_while_it_is_sent():
    found = reading(
        ["response = await call_next(request)", "response.background = Task(save, response.body)", "return response"]
    )
    assert tee(found) is not None


def test_what_reads_a_header_that_may_not_be_set_goes_where_it_is_set():
    found = reading(
        [
            "response = await call_next(request)",
            'response.headers["ETag"] = digest(response.body)',
            'if request.headers.get("if-none-match") == response.headers["ETag"]:',
            "    return Response(status_code=304)",
            "return response",
        ]
    )
    lines = buffer(found).code.splitlines()
    assert lines[-1] == "    return response"
    assert next(line for line in lines if "if-none-match" in line).startswith("        if")


@pytest.mark.parametrize(
    "lines",
    [
        [
            "response = await call_next(request)",
            "if hasattr(response, 'body'):",
            "    log(response.body)",
            "return response",
        ],
        ["response = await call_next(request)", "response = Response(b'x')", "log(response.body)", "return response"],
    ],
)
def test_an_answer_that_was_asked_or_replaced_is_not_that_of_the_next_in_line(lines):
    assert not is_kept(reading(lines).passing)


def test_every_blank_line_is_empty():
    module = tee(reading(["response = await call_next(request)", "log(response.body)", "return response"]))
    assert not [line for line in module.code.splitlines() if line != line.rstrip()]


def test_a_loop_that_leaves_chunks_out_is_replayed_instead():
    where = place(
        "async def dispatch(request, call_next):\n    response = await call_next(request)\n"
        "    async for chunk in response.body_iterator:\n        if not chunk:\n            break\n        log(chunk)\n"
        "    return response\n"
    )
    found = next(drainings(where))
    assert read_on_the_way(found) is None
    assert replay(found).code.count("iterate_in_threadpool(iter(chunks))") == 2


@pytest.mark.parametrize("last", ["return Response(body)", "response.body_iterator = again(body)\n    return response"])
def test_a_drained_answer_that_is_not_sent_or_gets_a_new_iterator_is_no_fault(last):
    where = place(
        "async def dispatch(request, call_next):\n    response = await call_next(request)\n"
        f"    body = b''.join([c async for c in response.body_iterator])\n    {last}\n"
    )
    assert not [one for one in drainings(where) if one.passing is not None]
