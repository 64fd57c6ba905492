"""Facts that stand only in the text of a message."""

import pytest

from naosu_sdk.classify import ExceptionFact, extract_facts
from naosu_sdk.classify.extract import wrapped_driver_exception


@pytest.mark.parametrize(
    ("message", "field", "value"),
    [
        ("[Errno 28] No space left on device", "errno", 28),
        ("Connection refused (os error 111)", "errno", 111),
        ("connect ECONNREFUSED 127.0.0.1:5432", "errno_name", "ECONNREFUSED"),
        ("SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry", "sqlstate", "23000"),
        ("ERROR: duplicate key (SQLSTATE 23505)", "sqlstate", "23505"),
        ("(1062, \"Duplicate entry 'a'\")", "code", "1062"),
        ("ORA-00942: table or view does not exist", "code", "ORA-00942"),
        ("An error occurred (SlowDown) when calling the PutObject operation", "code", "SlowDown"),
        ("rpc error: code = DeadlineExceeded desc = late", "grpc", "DEADLINE_EXCEEDED"),
        ("status = StatusCode.UNAVAILABLE", "grpc", "UNAVAILABLE"),
    ],
)
def test_a_code_in_a_message_is_found(message: str, field: str, value: object) -> None:
    assert getattr(extract_facts(ExceptionFact(type="E", message=message)), field) == value


@pytest.mark.parametrize("message", ["an ERROR happened", "", "EXPIRED", "order 1062, and more", "UNKNOWN thing"])
def test_ordinary_words_are_no_codes(message: str) -> None:
    assert extract_facts(ExceptionFact(type="E", message=message)) == ExceptionFact(type="E", message=message)


def test_what_the_sender_said_stays() -> None:
    assert extract_facts(ExceptionFact(type="E", message="[Errno 28] x", errno=5)).errno == 5


def test_a_quoted_driver_exception_is_unwrapped() -> None:
    fact = wrapped_driver_exception("(psycopg.errors.UniqueViolation) duplicate key\n[SQL: INSERT]")
    assert fact is not None
    assert (fact.module, fact.type, fact.message) == ("psycopg.errors", "UniqueViolation", "duplicate key")
    assert wrapped_driver_exception("plain (a.B) text") is None
