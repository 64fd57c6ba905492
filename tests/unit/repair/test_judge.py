import pytest
from trial import (
    FAULT,
    FAULTY,
    GET_ITEM,
    GET_LIST,
    MENDED,
    POST_ITEM,
    answer,
    crash,
    failure,
    finding,
    judged,
    plan,
    printed,
    run,
    with_healthy,
)

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Observation
from naosu.domain.repair import Expectation, Verdict

OTHER = crash("KeyError", "'total'", "billing.py", "total")


def test_a_fault_that_was_seen_and_is_gone_while_all_else_stayed_is_fixed():
    verdict, checks = judged(MENDED)
    assert verdict is Verdict.FIXED
    assert all(check.ok is not False for check in checks.values())


def test_every_check_says_what_was_expected():
    _, checks = judged(MENDED)
    assert all(check.detail.startswith("expected: ") for check in checks.values() if check.ok is not None)


def test_a_failed_check_says_what_came_instead():
    _, checks = judged(FAULTY)
    assert "but: AttributeError: no body (app.py, in f)" in checks["signature"].detail
    assert "GET /items/1 is still answered 500" in checks["replay"].detail


def test_nothing_changed_is_not_fixed():
    assert judged(FAULTY)[0] is Verdict.NOT_FIXED


def test_a_file_that_does_not_parse_is_worse_when_it_ran_before():
    verdict, checks = judged(Observation(started=False, log="boom"), tried=plan(after="def broken(:\n"))
    assert verdict is Verdict.WORSE
    assert "app.py" in checks["parse"].detail


def test_a_file_that_is_no_python_is_not_parsed():
    _, checks = judged(MENDED, tried=plan())
    assert checks["parse"].ok


def test_an_application_that_does_not_start_any_more_is_worse():
    verdict, checks = judged(
        Observation(started=False, log="x\nImportError: no\n", crashes=(crash("ImportError", "no"),))
    )
    assert verdict is Verdict.WORSE
    assert "ImportError: no" in checks["boot"].detail


def test_an_application_that_still_does_not_start_is_not_fixed():
    dead = Observation(started=False, crashes=(FAULT,))
    assert judged(dead, before=dead)[0] is Verdict.NOT_FIXED


def test_an_application_that_starts_now_and_answers_is_fixed():
    dead = Observation(started=False, crashes=(FAULT,))
    assert judged(MENDED, before=dead)[0] is Verdict.FIXED


def test_an_application_that_starts_now_but_fails_at_a_request_is_not_fixed():
    dead = Observation(started=False, crashes=(FAULT,))
    after = run(answer(), failure(fault=OTHER), crashes=(OTHER,))
    verdict, checks = judged(after, before=dead)
    assert verdict is Verdict.NOT_FIXED
    assert not checks["replay"].ok


def test_what_only_misses_a_network_is_not_held_against_an_application_that_starts_now():
    dead = Observation(started=False, crashes=(FAULT,))
    refused = crash("httpx.ConnectError", "[Errno 111] Connection refused")
    after = run(answer(), failure(fault=refused), crashes=(refused,))
    assert judged(after, before=dead)[0] is Verdict.FIXED


@pytest.mark.parametrize("line", [3, 30])
def test_the_same_fault_in_the_same_function_is_still_there_at_whatever_line(line):
    moved = crash()
    after = run(answer(), answer(GET_ITEM), crashes=(moved,), log=printed(moved).replace("line 3", f"line {line}"))
    assert judged(after)[1]["signature"].ok is False


def test_the_same_fault_that_moved_to_another_function_is_still_there():
    moved = crash(function="g")
    assert judged(run(answer(), answer(GET_ITEM), crashes=(moved,)))[1]["signature"].ok is False


def test_the_same_kind_of_fault_elsewhere_is_a_fault_of_its_own_if_it_was_there_before():
    elsewhere = crash(file="other.py", function="g")
    before = run(answer(), failure(), failure(GET_LIST, elsewhere), crashes=(FAULT, elsewhere))
    after = run(answer(), answer(GET_ITEM), failure(GET_LIST, elsewhere), crashes=(elsewhere,))
    assert judged(after, before=before)[0] is Verdict.FIXED


def test_numbers_and_addresses_in_the_message_do_not_make_it_another_fault():
    first, second = (crash("DetachedInstanceError", f"<Team at 0x{n}> is not bound") for n in ("7f10", "7fee"))
    before = run(answer(), failure(fault=first), crashes=(first,))
    after = run(answer(), answer(GET_ITEM), crashes=(second,))
    assert judged(after, before=before, fault=finding(first))[1]["signature"].ok is False


def test_a_pattern_that_should_be_gone_from_the_log_and_is_not_is_not_fixed():
    after = run(answer(), answer(GET_ITEM, log="SLOW QUERY 2.1 s"))
    verdict, checks = judged(after, tried=plan(gone=("SLOW QUERY",)))
    assert verdict is Verdict.NOT_FIXED
    assert "SLOW QUERY" in checks["signature"].detail


def test_a_new_crash_is_not_fixed():
    after = run(answer(), answer(GET_ITEM), crashes=(OTHER,))
    verdict, checks = judged(after)
    assert verdict is Verdict.NOT_FIXED
    assert "KeyError" in checks["new_crashes"].detail


def test_a_crash_that_was_there_before_is_not_new():
    before = run(answer(), failure(), failure(GET_LIST, OTHER), crashes=(FAULT, OTHER))
    after = run(answer(), answer(GET_ITEM), failure(GET_LIST, OTHER), crashes=(OTHER,))
    assert judged(after, before=before)[0] is Verdict.FIXED


@pytest.mark.parametrize("status", [200, 204, 307])
def test_a_recorded_request_that_failed_is_right_when_it_succeeds(status):
    assert judged(run(answer(), answer(GET_ITEM, status)))[0] is Verdict.FIXED


@pytest.mark.parametrize("status", [400, 404, 422, 503])
def test_a_recorded_request_that_failed_is_not_right_because_it_is_refused(status):
    assert judged(run(answer(), answer(GET_ITEM, status)))[0] is Verdict.NOT_FIXED


@pytest.mark.parametrize(
    ("kind", "status", "verdict"),
    [
        ("sqlalchemy.exc.IntegrityError", 409, Verdict.FIXED),
        ("sqlalchemy.exc.IntegrityError", 404, Verdict.NOT_FIXED),
        ("jwt.exceptions.ExpiredSignatureError", 401, Verdict.FIXED),
        ("KeyError", 409, Verdict.NOT_FIXED),
    ],
)
def test_a_recorded_request_may_be_refused_as_its_fault_calls_for(kind, status, verdict):
    fault = crash(kind)
    before = run(answer(), failure(fault=fault), crashes=(fault,))
    assert judged(run(answer(), answer(GET_ITEM, status)), before=before, fault=finding(fault))[0] is verdict


@pytest.mark.parametrize(("status", "verdict"), [(404, Verdict.FIXED), (422, Verdict.FIXED), (503, Verdict.NOT_FIXED)])
def test_a_request_that_was_made_up_may_be_refused_but_not_fail(status, verdict):
    made = WebRequest(method="GET", path="/items/7", is_made_up=True)
    before = run(answer(), failure(made), crashes=(FAULT,))
    assert judged(run(answer(), answer(made, status)), before=before)[0] is verdict


def test_an_answer_that_breaks_off_is_not_right():
    assert judged(run(answer(), answer(GET_ITEM, error="closed early")))[0] is Verdict.NOT_FIXED


def test_a_request_that_fails_by_another_fault_is_none_of_this_plans_business():
    before = run(failure(GET_LIST, OTHER), failure(), crashes=(OTHER, FAULT))
    after = run(failure(GET_LIST, OTHER), answer(GET_ITEM), crashes=(OTHER,))
    assert judged(after, before=before)[0] is Verdict.FIXED


def test_a_failure_without_a_traceback_belongs_to_the_only_fault_that_there_is():
    silent = answer(GET_ITEM, 500, b"")
    before = run(answer(), silent, crashes=(FAULT,))
    assert judged(run(answer(), silent), before=before)[0] is Verdict.NOT_FIXED


def test_a_connection_that_broke_by_the_fault_must_have_an_answer_now():
    broken = answer(GET_ITEM, 0, b"", error="connection closed", log=printed(FAULT))
    before = run(answer(), broken, crashes=(FAULT,))
    assert (
        judged(run(answer(), answer(GET_ITEM, 0, b"", error="connection closed")), before=before)[0]
        is Verdict.NOT_FIXED
    )
    assert judged(MENDED, before=before)[0] is Verdict.FIXED


EXPECT_409 = Expectation(request=POST_ITEM, status=(409, 409))


def test_what_the_proof_expects_decides_over_the_kind_of_the_request():
    before = run(answer(), failure(POST_ITEM), crashes=(FAULT,))
    refused = run(answer(), answer(POST_ITEM, 409), answer(POST_ITEM, 409))
    accepted = run(answer(), answer(POST_ITEM, 201), answer(POST_ITEM, 201))
    assert judged(refused, before=before, tried=plan(expect=(EXPECT_409,)))[0] is Verdict.FIXED
    assert judged(accepted, before=before, tried=plan(expect=(EXPECT_409,)))[0] is Verdict.NOT_FIXED
    assert judged(refused, before=before)[0] is Verdict.NOT_FIXED


def test_an_expected_request_that_was_not_sent_is_not_fixed():
    verdict, checks = judged(MENDED, tried=plan(expect=(EXPECT_409,)))
    assert verdict is Verdict.NOT_FIXED
    assert "POST /items was not sent" in checks["replay"].detail


def test_the_last_answer_to_an_expected_request_counts_since_those_of_the_proof_are_sent_last():
    expected = Expectation(request=GET_ITEM, status=(200, 200), body='"a"')
    after = run(answer(), answer(GET_ITEM), answer(GET_ITEM, 500))
    assert judged(after, tried=plan(expect=(expected,)))[0] is Verdict.NOT_FIXED


def test_a_fault_that_was_not_seen_cannot_be_told_to_be_fixed():
    assert judged(MENDED, before=MENDED)[0] is Verdict.CANNOT_TELL


def test_a_fault_that_was_seen_in_the_second_run_only_was_seen():
    assert judged(MENDED, before=MENDED, again=FAULTY)[0] is Verdict.FIXED


def test_a_silent_fault_is_seen_by_an_answer_that_falls_short_of_what_is_expected():
    expected = Expectation(request=GET_LIST, headers={"x-frame-options": "DENY"})
    tried = plan(expect=(expected,), may_change=("headers",))
    after = run(answer(headers=(*answer().headers, ("x-frame-options", "DENY"))))
    assert judged(after, before=run(answer()), fault=finding(), tried=tried)[0] is Verdict.FIXED
    assert judged(after, before=after, fault=finding(), tried=tried)[0] is Verdict.CANNOT_TELL
    assert judged(run(answer()), before=run(answer()), fault=finding(), tried=tried)[0] is Verdict.NOT_FIXED


def test_a_further_run_before_with_the_requests_of_the_proof_shows_the_fault_too():
    expected = Expectation(request=POST_ITEM, status=(201, 201))
    after = run(answer(), answer(POST_ITEM, 201))
    options = {"before": run(answer()), "fault": finding(), "tried": plan(expect=(expected,))}
    assert judged(after, **options)[0] is Verdict.CANNOT_TELL
    assert judged(after, **options, also=(run(answer(POST_ITEM, 422)),))[0] is Verdict.FIXED
    assert judged(after, **options, also=(run(answer(POST_ITEM, 201)),))[0] is Verdict.CANNOT_TELL


def test_a_silent_fault_is_seen_by_what_the_log_said():
    before = run(answer(log="SLOW QUERY 2 s"))
    assert judged(run(answer()), before=before, fault=finding(), tried=plan(gone=("SLOW",)))[0] is Verdict.FIXED


def test_a_script_that_says_yes_shows_the_fault_unless_it_said_so_before():
    tried = plan(script="print()")
    proven = run(answer(), proof_ok=True)
    unproven = run(answer(), proof_ok=False)
    assert judged(proven, before=run(answer()), fault=finding(), tried=tried)[0] is Verdict.FIXED
    assert judged(proven, before=run(answer()), fault=finding(), tried=tried, also=(unproven,))[0] is Verdict.FIXED
    assert judged(proven, before=run(answer()), fault=finding(), tried=tried, also=(proven,))[0] is Verdict.CANNOT_TELL


@pytest.mark.parametrize(("said", "verdict"), [(False, Verdict.NOT_FIXED), (None, Verdict.CANNOT_TELL)])
def test_a_script_that_says_no_or_cannot_run_is_never_fixed(said, verdict):
    after = run(answer(), answer(GET_ITEM), proof_ok=said)
    assert judged(after, tried=plan(script="print()"))[0] is verdict


@pytest.mark.parametrize("status", [0, 404, 500])
def test_a_request_that_worked_and_does_not_any_more_is_worse(status):
    assert judged(with_healthy(status=status))[0] is Verdict.WORSE


def test_worse_wins_over_not_fixed():
    after = run(answer(status=500), failure(), crashes=(FAULT,))
    assert judged(after)[0] is Verdict.WORSE


def test_a_request_that_did_not_answer_alike_twice_is_not_compared():
    assert (
        judged(with_healthy(status=503), again=run(answer(status=404), failure(), crashes=(FAULT,)))[0] is Verdict.FIXED
    )
