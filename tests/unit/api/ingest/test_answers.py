"""What the door says."""

import json

import pytest

from naosu.api.ingest.answers import PREFLIGHT, Answer, accepted, accepted_otlp, refused
from naosu.domain.errors import NaosuError, NotFoundError
from naosu.ingest.errors import (
    BodyTooLargeError,
    CredentialsMalformedError,
    CredentialsMissingError,
    IngestError,
    KeyRejectedError,
    MalformedReportError,
    MethodRefusedError,
    OverloadedError,
    RateLimitedError,
    UnsupportedEncodingError,
    UnsupportedKindError,
)
from naosu.ports.inbox import InboxFullError


def header(answer: Answer, name: bytes) -> str:
    values = [value for key, value in answer.headers if key == name]
    assert len(values) <= 1
    return values[0].decode("ascii") if values else ""


PLAIN = (
    BodyTooLargeError, CredentialsMalformedError, CredentialsMissingError, IngestError, KeyRejectedError,
    MalformedReportError, MethodRefusedError, OverloadedError, UnsupportedEncodingError, UnsupportedKindError,
)  # fmt: skip
ERRORS: list[NaosuError] = [
    *(kind("It is so.", reason="why", mend="Do that.") for kind in PLAIN),
    RateLimitedError("It is so.", reason="why", retry_after_s=7, limits_header="7::key:why"),
    InboxFullError("It is so."),
    NotFoundError("It is so."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_refusal_is_problem_details_that_name_the_code_and_the_reason(error: NaosuError) -> None:
    answer = refused(error)
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"]) == (error.status, error.status)
    assert (problem["code"], problem["type"]) == (error.code, f"urn:naosu:error:{error.code}")
    assert (problem["detail"], problem["causes"]) == ("It is so.", [problem["reason"]])
    assert problem["title"]
    assert problem.get("mend", "") == error.mend
    assert header(answer, b"content-type") == "application/problem+json"
    assert int(header(answer, b"content-length")) == len(answer.body)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_only_what_may_work_later_says_when(error: NaosuError) -> None:
    waits = header(refused(error), b"retry-after")
    assert bool(waits) == error.retryable
    assert not waits or int(waits) > 0


def test_a_rate_limit_tells_sdks_what_to_hold_back_and_for_how_long() -> None:
    answer = refused(RateLimitedError("Over.", reason="why", retry_after_s=7, limits_header="7:error:key:why"))
    assert (header(answer, b"retry-after"), header(answer, b"x-sentry-rate-limits")) == ("7", "7:error:key:why")


@pytest.mark.parametrize("text", ["a\r\nset-cookie: x", "日本", "\x00\x7f", "é" * 500, "a" * 5000])
def test_whatever_an_error_repeats_its_header_stays_one_short_line_of_ascii(text: str) -> None:
    shown = header(refused(MalformedReportError(text, reason="why")), b"x-sentry-error")
    assert shown.isprintable()
    assert 1 <= len(shown) <= 200


def test_an_accepted_event_is_answered_with_its_id_and_nothing_with_an_empty_object() -> None:
    assert json.loads(accepted("c" * 32).body) == {"id": "c" * 32}
    assert json.loads(accepted("").body) == {}
    limited = accepted("c" * 32, limits_header="60:error:key:rate_limit")
    assert (limited.status, header(limited, b"x-sentry-rate-limits")) == (200, "60:error:key:rate_limit")
    assert header(accepted(""), b"x-sentry-rate-limits") == ""


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/json; charset=utf-8", b"{}"),
        ("application/x-protobuf", b""),
        ("", b""),
    ],
)
def test_exporters_are_answered_in_their_own_encoding(content_type: str, body: bytes) -> None:
    answer = accepted_otlp(content_type)
    assert (answer.status, answer.body, header(answer, b"content-length")) == (200, body, str(len(body)))
    assert ("json" in header(answer, b"content-type")) == ("json" in content_type)


@pytest.mark.parametrize(
    "answer", [PREFLIGHT, accepted(""), accepted_otlp(""), *map(refused, ERRORS)], ids=lambda answer: str(answer.status)
)
def test_every_answer_can_be_read_by_a_page_of_any_origin(answer: Answer) -> None:
    assert header(answer, b"access-control-allow-origin") == "*"
    exposed = header(answer, b"access-control-expose-headers").split(", ")
    assert exposed == ["x-sentry-error", "x-sentry-rate-limits", "retry-after"]
    assert header(answer, b"content-length") == str(len(answer.body))
