import pytest
from trial import (
    FAULT,
    GET_ITEM,
    GET_LIST,
    JSON,
    MENDED,
    POST_ITEM,
    answer,
    failure,
    judged,
    plan,
    run,
    with_healthy,
)

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Exchange, Observation
from naosu.domain.repair import Expectation, Verdict


def faulty(**changes) -> Observation:
    return run(answer(**changes), failure(), crashes=(FAULT,))


def verdict_of(first: bytes, second: bytes, after: bytes) -> Verdict:
    return judged(with_healthy(body=after), before=faulty(body=first), again=faulty(body=second))[0]


@pytest.mark.parametrize(
    "body",
    [b'{"a": 2}', b'{"a": "1"}', b'{"a": 1, "b": 2}', b"{}", b'{"a": null}', b"[1]", b"", b"not json"],
)
def test_another_json_body_is_worse(body):
    assert verdict_of(b'{"a": 1}', b'{"a": 1}', body) is Verdict.WORSE


def test_json_is_compared_by_value_not_by_text():
    assert verdict_of(b'{"a": 1, "b": 2}', b'{"a": 1, "b": 2}', b'{"b":2,"a":1}') is Verdict.FIXED


def test_a_value_that_varies_by_itself_is_learnt_from_the_two_runs_before():
    assert verdict_of(b'{"id": 4}', b'{"id": 9}', b'{"id": 17}') is Verdict.FIXED


@pytest.mark.parametrize("body", [b'{"id": null}', b'{"id": "17"}', b"{}"])
def test_a_value_that_varies_keeps_its_type_and_its_place(body):
    assert verdict_of(b'{"id": 4}', b'{"id": 9}', body) is Verdict.WORSE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-11-22T04:00:01Z", "2026-11-22T04:00:09.123+00:00"),
        ("3f2b8c1e-5d47-4a6b-9c0d-1e2f3a4b5c6d", "00000000-0000-4000-8000-000000000000"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.xyz"),
        ("q8sLk3JdZ0aB7fGh2kLm", "a8sLk3JdZ0aB7fGh2kLz"),
    ],
)
def test_times_ids_and_tokens_may_differ_though_they_were_alike_twice(before, after):
    first, second = (f'{{"v": "{value}"}}'.encode() for value in (before, after))
    assert verdict_of(first, first, second) is Verdict.FIXED


@pytest.mark.parametrize(("before", "after"), [("2026-11-22T04:00:01Z", "soon"), ("ann", "bob"), ("", "x")])
def test_plain_texts_may_not_differ(before, after):
    first, second = (f'{{"v": "{value}"}}'.encode() for value in (before, after))
    assert verdict_of(first, first, second) is Verdict.WORSE


def test_a_moment_in_seconds_may_differ_a_little_and_an_amount_may_not():
    assert verdict_of(b'{"t": 1790000000}', b'{"t": 1790000000}', b'{"t": 1790000007}') is Verdict.FIXED
    assert verdict_of(b'{"t": 1790}', b'{"t": 1790}', b'{"t": 1791}') is Verdict.WORSE
    assert verdict_of(b'{"t": 1790000000}', b'{"t": 1790000000}', b'{"t": 2790000000}') is Verdict.WORSE


def test_a_list_that_lost_an_entry_is_worse_and_one_that_grows_by_itself_is_not():
    assert verdict_of(b"[1, 2]", b"[1, 2]", b"[1]") is Verdict.WORSE
    assert verdict_of(b"[1]", b"[1, 2]", b"[1, 2, 3]") is Verdict.FIXED


def test_nested_values_are_named_by_their_place():
    _, checks = judged(
        with_healthy(body=b'{"rows": [{"n": 1}, {"n": 3}]}'), before=faulty(body=b'{"rows": [{"n": 1}, {"n": 2}]}')
    )
    assert "GET /items: body.rows[1].n was 2, now 3" in checks["healthy_requests"].detail


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (b"a,b\n1,2\n", b"a,b\n1,2\n", Verdict.FIXED),
        (b"a,b\n1,2\n", b"a,b\n", Verdict.WORSE),
        (b"at 2026-11-22T04:00:01Z ok", b"at 2026-11-22T05:00:01Z ok", Verdict.FIXED),
        (b"<Obj 0x7f01>", b"<Obj 0x7f02>", Verdict.FIXED),
    ],
)
def test_other_texts_are_compared_without_what_varies(before, after, verdict):
    assert verdict_of(before, before, after) is verdict


def test_the_schema_of_the_api_may_change_with_a_repair():
    schema = WebRequest(method="GET", path="/openapi.json")
    before = run(answer(schema, body=b'{"required": ["a"]}'), failure(), crashes=(FAULT,))
    assert judged(run(answer(schema, body=b"{}"), answer(GET_ITEM)), before=before)[0] is Verdict.FIXED


@pytest.mark.parametrize("lost", ["set-cookie", "x-total", "cache-control"])
def test_a_lost_header_is_worse(lost):
    headers = (*JSON, ("set-cookie", "a=1; Path=/"), ("x-total", "3"), ("cache-control", "no-store"))
    after = with_healthy(headers=tuple(pair for pair in headers if pair[0] != lost))
    verdict, checks = judged(after, before=faulty(headers=headers))
    assert verdict is Verdict.WORSE
    assert f"{lost} is missing" in checks["headers"].detail


def test_one_of_two_cookies_lost_is_worse_even_where_headers_may_change():
    two = (*JSON, ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/"))
    after = with_healthy(headers=(*JSON, ("set-cookie", "b=2; Path=/")))
    assert judged(after, before=faulty(headers=two), tried=plan(may_change=("headers",)))[0] is Verdict.WORSE


def test_another_content_type_is_worse():
    assert judged(with_healthy(headers=(("content-type", "text/plain"), JSON[1])))[0] is Verdict.WORSE


def test_a_new_header_is_worse_unless_it_is_intended():
    after = with_healthy(headers=(*JSON, ("x-frame-options", "DENY")))
    assert judged(after)[0] is Verdict.WORSE
    assert judged(after, tried=plan(may_change=("headers",)))[0] is Verdict.FIXED


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("sid=abc; Path=/; HttpOnly", "sid=xyz; HttpOnly; Path=/", Verdict.WORSE),
        ("sid=abc; Path=/; HttpOnly", "sid=xyz; Path=/; HttpOnly", Verdict.FIXED),
        (
            "sid=abc; expires=Mon, 01 Jan 2026 00:00:00 GMT",
            "sid=abc; expires=Tue, 02 Jan 2026 00:00:00 GMT",
            Verdict.FIXED,
        ),
        ("sid=abc; Path=/; HttpOnly", "sid=abc; Path=/", Verdict.WORSE),
    ],
)
def test_cookies_are_compared_by_name_and_attributes(before, after, verdict):
    made = with_healthy(headers=(*JSON, ("set-cookie", after)))
    assert judged(made, before=faulty(headers=(*JSON, ("set-cookie", before))))[0] is verdict


def test_headers_that_vary_by_themselves_are_not_compared():
    headers = [(*JSON, ("date", f"{n}"), ("x-request-id", f"id-{n}")) for n in range(3)]
    before, again = (faulty(headers=one) for one in headers[:2])
    assert judged(with_healthy(headers=headers[2]), before=before, again=again)[0] is Verdict.FIXED


@pytest.mark.parametrize(("first_byte_s", "verdict"), [(0.02, Verdict.FIXED), (0.59, Verdict.WORSE)])
def test_what_was_streamed_must_still_be_streamed(first_byte_s, verdict):
    before = faulty(first_byte_s=0.02, total_s=0.6)
    assert judged(with_healthy(first_byte_s=first_byte_s, total_s=0.6), before=before)[0] is verdict


def test_what_was_never_streamed_need_not_be():
    assert "streaming" not in judged(MENDED)[1]


def log_run(line: str, fault: bool = False) -> Observation:
    exchange = answer(log=f"{line}\n")
    return run(exchange, failure(), crashes=(FAULT,)) if fault else run(exchange, answer(GET_ITEM))


def test_a_line_that_used_to_be_logged_and_is_not_any_more_is_worse():
    verdict, checks = judged(log_run(""), before=log_run("audit: GET /items 42 bytes", fault=True))
    assert verdict is Verdict.WORSE
    assert "audit: GET /items # bytes" in checks["log_lines"].detail


def test_a_logged_line_may_have_other_numbers_and_times():
    before = log_run("2026-11-22 04:00:00,123 audit: 42 bytes", fault=True)
    assert judged(log_run("2026-11-22 04:09:00,999 audit: 7 bytes"), before=before)[0] is Verdict.FIXED


def test_a_logged_line_may_quote_other_values():
    assert judged(log_run("served 'ann'"), before=log_run("served 'bob'", fault=True))[0] is Verdict.FIXED


@pytest.mark.parametrize(
    "line",
    [
        "INFO:sql:QUERY SELECT a FROM b",
        "WARNING: Valid config keys have changed in V2",
        'INFO:     127.0.0.1:5 - "GET /items HTTP/1.1" 200 OK',
        "SLOW QUERY 1.2 s",
    ],
)
def test_statements_complaints_and_access_lines_may_vanish(line):
    assert judged(log_run(""), before=log_run(line, fault=True))[0] is Verdict.FIXED


def with_schema(schema: dict[str, dict[str, str]], fault: bool = False, **other) -> Observation:
    exchanges = (answer(), failure()) if fault else (answer(), answer(GET_ITEM))
    return run(*exchanges, crashes=(FAULT,) if fault else (), schema=schema, **other)


USERS = {"users": {"id": "INTEGER", "name": "VARCHAR"}}


@pytest.mark.parametrize(
    ("schema", "verdict"),
    [
        (USERS, Verdict.FIXED),
        ({"users": {**USERS["users"], "is_active": "BOOLEAN"}, "orders": {"id": "INTEGER"}}, Verdict.FIXED),
        ({"users": {"id": "integer", "name": "varchar"}}, Verdict.FIXED),
        ({"users": {"id": "INTEGER"}}, Verdict.WORSE),
        ({"users": {"id": "INTEGER", "name": "BLOB"}}, Verdict.WORSE),
        ({}, Verdict.WORSE),
    ],
)
def test_a_schema_may_gain_but_not_lose(schema, verdict):
    assert judged(with_schema(schema), before=with_schema(USERS, fault=True))[0] is verdict


@pytest.mark.parametrize(("rows", "verdict"), [(2, Verdict.FIXED), (3, Verdict.FIXED), (1, Verdict.WORSE)])
def test_a_table_may_not_have_fewer_rows(rows, verdict):
    before = with_schema(USERS, fault=True, row_counts={"users": 2})
    assert judged(with_schema(USERS, row_counts={"users": rows}), before=before)[0] is verdict


@pytest.mark.parametrize(
    ("passed", "verdict"),
    [(("a", "b"), Verdict.FIXED), (("a", "b", "c"), Verdict.FIXED), (("a",), Verdict.WORSE), (None, Verdict.WORSE)],
)
def test_tests_that_passed_must_still_pass(passed, verdict):
    before = with_schema({}, fault=True, tests_passed=("a", "b"))
    assert judged(with_schema({}, tests_passed=passed), before=before)[0] is verdict


def test_a_test_that_did_not_pass_twice_need_not_pass():
    before, again = (with_schema({}, fault=True, tests_passed=names) for names in (("a", "flaky"), ("a",)))
    assert judged(with_schema({}, tests_passed=("a",)), before=before, again=again)[0] is Verdict.FIXED


def test_what_a_repaired_write_wrote_may_show_in_what_is_read_later():
    before = run(failure(POST_ITEM), answer(GET_LIST, body=b"[]"), crashes=(FAULT,))
    after = run(answer(POST_ITEM, 201), answer(GET_LIST, body=b"[1]"))
    assert judged(after, before=before)[0] is Verdict.FIXED


def test_what_is_read_before_a_repaired_write_may_not_change():
    before = run(answer(GET_LIST, body=b"[]"), failure(POST_ITEM), crashes=(FAULT,))
    after = run(answer(GET_LIST, body=b"[1]"), answer(POST_ITEM, 201))
    assert judged(after, before=before)[0] is Verdict.WORSE


def refused(request: WebRequest = POST_ITEM, status: int = 422) -> Exchange:
    return answer(request, status)


def test_a_refusal_is_an_answer_that_must_stay():
    before = run(refused(), failure(), crashes=(FAULT,))
    assert judged(run(answer(POST_ITEM), answer(GET_ITEM)), before=before)[0] is Verdict.WORSE


def test_an_answer_that_the_plan_expects_otherwise_may_change():
    before = run(refused(), failure(), crashes=(FAULT,))
    tried = plan(expect=(Expectation(request=POST_ITEM, status=(200, 201)),))
    assert judged(run(answer(POST_ITEM), answer(GET_ITEM)), before=before, tried=tried)[0] is Verdict.FIXED


@pytest.mark.parametrize("part", ["status", "body"])
def test_what_the_plan_intends_to_change_may_change(part):
    change = {"status": {"status": 201}, "body": {"body": b'{"a": 2}'}}[part]
    assert judged(with_healthy(**change))[0] is Verdict.WORSE
    assert judged(with_healthy(**change), tried=plan(may_change=(part,)))[0] is Verdict.FIXED


def test_no_plan_may_intend_a_failure():
    assert judged(with_healthy(status=500), tried=plan(may_change=("status",)))[0] is Verdict.WORSE


def test_a_run_in_which_fewer_requests_were_answered_proves_nothing():
    before = run(failure(), answer(), crashes=(FAULT,))
    assert judged(run(answer(GET_ITEM)), before=before)[0] is Verdict.CANNOT_TELL
