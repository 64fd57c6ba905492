"""How an event was sent fits its rule's severity."""

import pytest

from naosu.classify import classify
from naosu.domain.classification import Category, Evidence, Severity

DIVISION = ("", "ZeroDivisionError", "division by zero")
DISK = ("", "OSError", "[Errno 28] No space left on device")
EXPIRED = ("jwt.exceptions", "ExpiredSignatureError", "Signature has expired")


@pytest.mark.parametrize(
    ("chain", "sent", "severity"),
    [
        (DIVISION, {"level": "error", "handled": None}, Severity.HIGH),
        (DIVISION, {"level": "warning", "handled": None}, Severity.MEDIUM),
        (DIVISION, {"level": "info", "handled": None}, Severity.LOW),
        (DIVISION, {"level": "debug", "handled": None}, Severity.LOW),
        (DISK, {"level": "error", "handled": True}, Severity.HIGH),
        (DISK, {"level": "warning", "handled": True}, Severity.MEDIUM),
        (EXPIRED, {"level": "error", "handled": True}, Severity.LOW),
        (EXPIRED, {"level": "error", "handled": False}, Severity.MEDIUM),
        (EXPIRED, {"level": "fatal", "handled": True}, Severity.HIGH),
        (DISK, {"level": "fatal", "handled": False}, Severity.CRITICAL),
    ],
)
def test_the_level_and_an_unhandled_end_bound_the_severity(
    matcher, make_event, chain, sent: dict, severity: Severity
) -> None:
    assert classify(make_event(chain, **sent), matcher).severity is severity


def test_what_changed_the_severity_is_in_the_evidence(matcher, make_event) -> None:
    assert Evidence("level", "info") in classify(make_event(DIVISION, level="info"), matcher).evidence
    assert Evidence("handled", "no") in classify(make_event(EXPIRED, handled=False), matcher).evidence


def test_an_unknown_unhandled_error_broke_a_function(matcher, make_event) -> None:
    verdict = classify(make_event(("app", "Odd", "x"), handled=False), matcher)
    assert (verdict.category, verdict.severity, verdict.rule_id) == (Category.UNKNOWN, Severity.HIGH, "")


def test_the_cause_decides_when_the_outer_exception_says_nothing(matcher, make_event) -> None:
    chain = (("shop", "DomainError", "checkout failed"), ("httpx", "ConnectError", "[Errno 111] Connection refused"))
    assert classify(make_event(*chain), matcher).category is Category.NETWORK


def test_a_quoted_drivers_exception_counts_when_the_chain_lacks_it(matcher, make_event) -> None:
    message = "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint"
    assert classify(make_event(("sqlalchemy.exc", "IntegrityError", message)), matcher).category is Category.DATABASE


def test_the_source_line_tells_a_token_library_from_other_text(matcher, make_event) -> None:
    error = ("", "AttributeError", "'str' object has no attribute 'decode'")
    assert (
        classify(make_event(error, line="return jwt.encode(claims, key).decode()"), matcher).category is Category.AUTH
    )
    assert classify(make_event(error, line="return name.decode()"), matcher).category is Category.CODE


def test_a_handler_of_validation_errors_that_fails_itself_is_a_validation_fault(matcher, make_event) -> None:
    chain = (("", "IndexError", "tuple index out of range"), ("fastapi.exceptions", "RequestValidationError", "[]"))
    assert classify(make_event(*chain), matcher).category is Category.VALIDATION


def test_an_event_of_nothing_is_unknown(matcher, make_event) -> None:
    assert classify(make_event(), matcher).category is Category.UNKNOWN


MEMORY = ("", "MemoryError", "")
DATABASE_DOWN = ("sqlalchemy.exc", "OperationalError", "(psycopg.OperationalError) Connection refused")


@pytest.mark.parametrize("chain", [MEMORY, DISK, ("", "OSError", "[Errno 24] Too many open files")])
@pytest.mark.parametrize(
    ("sent", "severity"),
    [
        ({"level": "error", "handled": True, "mechanism": "logging"}, Severity.HIGH),
        ({"level": "error", "handled": False, "mechanism": "starlette"}, Severity.HIGH),
        ({"level": "error", "handled": True, "mechanism": "excepthook"}, Severity.HIGH),
        ({"level": "error", "handled": False, "mechanism": "excepthook"}, Severity.CRITICAL),
        ({"level": "fatal", "handled": True}, Severity.CRITICAL),
    ],
)
def test_what_a_request_lacks_is_critical_only_when_the_process_died_of_it(
    matcher, make_event, chain, sent: dict, severity: Severity
) -> None:
    assert classify(make_event(chain, **sent), matcher).severity is severity


def test_a_database_that_cannot_be_reached_is_critical_even_when_handled(matcher, make_event) -> None:
    assert classify(make_event(DATABASE_DOWN, handled=True), matcher).severity is Severity.CRITICAL


def test_a_fatal_message_is_high_and_critical_only_when_the_system_is_meant(matcher, make_event) -> None:
    assert classify(make_event(message="billing is down", level="fatal"), matcher).severity is Severity.HIGH
    assert classify(make_event(message="No space left on device", level="fatal"), matcher).severity is Severity.CRITICAL


def test_an_errno_tells_the_system_s_refusal_from_the_application_s(matcher, make_event) -> None:
    refused = ("", "PermissionError", "not yours")
    assert classify(make_event(refused), matcher).category is Category.AUTH
    assert classify(make_event(refused, errno=13), matcher).category is Category.CONFIG


def test_a_deadline_over_a_cancellation_is_a_timeout(matcher, make_event) -> None:
    chain = (("", "TimeoutError", ""), ("asyncio.exceptions", "CancelledError", ""))
    verdict = classify(make_event(*chain), matcher)
    assert (verdict.category, verdict.severity) == (Category.NETWORK, Severity.HIGH)


@pytest.mark.parametrize("outer", [(), (("", "Error", "cannot load cart 991"),)])
@pytest.mark.parametrize(
    ("line", "category"),
    [("load(text)", Category.VALIDATION), ("data = (await fetch(url)).json()", Category.RESPONSE)],
)
def test_unreadable_json_is_the_same_fault_in_python_and_javascript(
    matcher, make_event, outer, line: str, category: Category
) -> None:
    python = make_event(*outer, ("json.decoder", "JSONDecodeError", "Expecting value"), line=line)
    node = make_event(*outer, ("", "SyntaxError", "Unexpected end of JSON input"), line=line, platform="node")
    verdicts = [classify(event, matcher) for event in (python, node)]
    assert [verdict.category for verdict in verdicts] == [category, category]
    assert verdicts[0].severity is verdicts[1].severity


def test_a_failed_fetch_is_what_its_cause_says(matcher, make_event) -> None:
    chain = (("", "TypeError", "fetch failed"), ("", "Error", "connect ECONNREFUSED 127.0.0.1:9"))
    verdict = classify(make_event(*chain, platform="node"), matcher)
    assert (verdict.category, verdict.severity, verdict.rule_id) == (
        Category.NETWORK,
        Severity.HIGH,
        "errno/errno_refused",
    )


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_s_status_is_the_network_s(matcher, make_event, status: int) -> None:
    raised = ("fastapi.exceptions", "HTTPException", "the warehouse is away")
    assert classify(make_event(raised, status_code=status), matcher).category is Category.NETWORK
    assert classify(make_event(raised, status_code=500), matcher).category is Category.CODE
