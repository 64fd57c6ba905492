"""What the matcher decides, by which order, and what it says about it."""

import pytest

from naosu_sdk.classify import ExceptionFact, Fact, Fault, Matcher, Verdict
from naosu_sdk.classify.index import SHAPES_REMEMBERED_MAX, TYPES_REMEMBERED_MAX

RULE = '[[rule]]\nid = "{id}"\nwhen = {when}\ncategory = "{category}"\nseverity = "LOW"\ntext = "t"\n'


def rule(name: str, when: str, category: str = "CODE", extra: str = "") -> str:
    return RULE.format(id=name, when=when, category=category) + extra + "\n"


def fault(*chain: ExceptionFact, **fields) -> Fault:
    return Fault(exceptions=chain, **fields)


def exc(name: str, message: str = "", **fields) -> ExceptionFact:
    return ExceptionFact(type=name, message=message, **fields)


@pytest.mark.parametrize(
    ("when", "matching", "other"),
    [
        ('{ exc = "A" }', fault(exc("A", module="x")), fault(exc("B"))),
        ('{ exc = "x.A" }', fault(exc("A", module="x")), fault(exc("A", module="y"))),
        ('{ exc = "A" }', fault(exc("Outer"), exc("A")), fault(exc("Outer"))),
        ('{ exc = "A" }', fault(exc("B", mro=("lib.A", "Exception"))), fault(exc("B", mro=("Exception",)))),
        ('{ exc = "*Timeout" }', fault(exc("PayTimeout")), fault(exc("TimeoutPay"))),
        ('{ exc = "A", cause = "B" }', fault(exc("A"), exc("B")), fault(exc("B"), exc("A"))),
        ('{ module = "a.b" }', fault(exc("X", module="a.b.c")), fault(exc("X", module="a.bc"))),
        ('{ crash_module = "jwt" }', fault(exc("X", crash_module="jwt.api")), fault(exc("X", crash_module="jwtx"))),
        ('{ exc = "X", crash_line = "f(" }', fault(exc("X", crash_line="a = f(1)")), fault(exc("X", crash_line="g()"))),
        ("{ status = 404 }", fault(status=404), fault(status=405)),
        ('{ status = "5xx" }', fault(status=599), fault(status=499)),
        ("{ errno = 28 }", fault(exc("O", errno=28)), fault(exc("O", errno=29))),
        ('{ errno = "ENOSPC" }', fault(exc("O", errno_name="ENOSPC")), fault(exc("O"))),
        ('{ sqlstate = "23505" }', fault(exc("E", sqlstate="23505")), fault(exc("E", sqlstate="23503"))),
        ('{ code = "1062" }', fault(exc("E", code="1062")), fault(exc("E", code="1063"))),
        ('{ grpc = "UNAVAILABLE" }', fault(exc("E", grpc="UNAVAILABLE")), fault(exc("E", grpc="OK"))),
        ('{ header = { Retry-After = "*" } }', fault(headers={"retry-after": "3"}), fault()),
        ('{ header = { Server = "cloud" } }', fault(headers={"server": "CloudX"}), fault(headers={"server": "y"})),
        ('{ url = "/pay" }', fault(url="http://h/PAY/1"), fault(url="http://h/x")),
        (
            '{ endpoint = "POST h/*/pay" }',
            fault(method="POST", url="https://h/v1/pay?x=1"),
            fault(url="https://h/v1/pay"),
        ),
        ('{ logger = "csp" }', fault(logger="csp.report"), fault(logger="cspx")),
        ('{ level = ["warning", "info"] }', fault(level="info"), fault(level="error")),
        ('{ exc = "A", platform = "node" }', fault(exc("A"), platform="node"), fault(exc("A"), platform="python")),
        ('{ message = { contains = "Big Word" } }', fault(message="a Big  Word"), fault(message="a big word")),
        ('{ message = { icontains = ["x1", "y2"] } }', fault(exc("E", "is Y2")), fault(exc("E", "is z"))),
        ('{ message = { regex = "id \\\\d{1,3}$" } }', fault(exc("E", "ID\u00a042")), fault(exc("E", "id x"))),
        ("{ context = { age_s = { gt = 60 } } }", fault(context={"age_s": 61}), fault(context={"age_s": 60})),
        ("{ context = { age_s = { lt = 60 } } }", fault(context={"age_s": 59}), fault(context={"age_s": 60})),
        ('{ context = { op = "push" } }', fault(context={"op": "push"}), fault(context={"op": "pop"})),
    ],
)
def test_a_rule_holds_on_its_field_and_on_nothing_else(make_pack, when: str, matching: Fault, other: Fault) -> None:
    matcher = Matcher.load([make_pack(rule("a", when))])
    assert matcher.classify(matching).rule_id == "mine/a"
    assert matcher.classify(other).rule_id == ""


def test_any_of_several_conditions_is_enough(make_pack) -> None:
    matcher = Matcher.load([make_pack(rule("a", '[{ exc = "A" }, { sqlstate = "23505" }]'))])
    assert matcher.classify(fault(exc("A"))).rule_id == "mine/a"
    assert matcher.classify(fault(exc("B", sqlstate="23505"))).rule_id == "mine/a"


def test_more_fields_win_and_the_loser_is_the_runner_up(make_pack) -> None:
    rules = rule("plain", '{ exc = "A" }') + rule("told", '{ exc = "A", message = { icontains = "b" } }')
    verdict = Matcher.load([make_pack(rules)]).classify(fault(exc("A", "a b c")))
    assert (verdict.rule_id, verdict.runner_up) == ("mine/told", "mine/plain")


def test_the_longer_literal_wins_among_equal_fields(make_pack) -> None:
    rules = rule("short", '{ message = { icontains = "lock" } }') + rule(
        "long", '{ message = { icontains = "deadlock" } }'
    )
    assert Matcher.load([make_pack(rules)]).classify(fault(message="a deadlock")).rule_id == "mine/long"


def test_the_first_rule_wins_among_equals(make_pack) -> None:
    rules = rule("first", '{ exc = "A" }') + rule("second", '{ exc = ["A", "B"] }')
    assert Matcher.load([make_pack(rules)]).classify(fault(exc("A"))).rule_id == "mine/first"


def test_a_tier_wins_over_the_number_of_fields(make_pack) -> None:
    weak = rule("weak", '{ exc = "A", message = { icontains = "b" } }', extra='tier = "weak"\n')
    verdict = Matcher.load([make_pack(weak + rule("normal", '{ exc = "A" }'))]).classify(fault(exc("A", "b")))
    assert verdict.rule_id == "mine/normal"


def test_the_outer_exception_wins_between_equal_rules(make_pack) -> None:
    rules = rule("inner", '{ exc = "Inner" }') + rule("outer", '{ exc = "Outer" }')
    assert Matcher.load([make_pack(rules)]).classify(fault(exc("Outer"), exc("Inner"))).rule_id == "mine/outer"


def test_a_projects_own_pack_wins_over_a_shipped_rule_of_equal_rank(make_pack, shipped: Matcher) -> None:
    own = make_pack(rule("own", '{ exc = "RecursionError" }', "CONFIG"))
    matcher = Matcher.load([*(pack.folder for pack in shipped.packs), own])
    assert matcher.classify(fault(exc("RecursionError"), platform="python")).category == "CONFIG"


def test_nothing_matched_is_unknown_and_says_so(shipped: Matcher) -> None:
    assert shipped.classify(Fault()) == Verdict()
    assert shipped.classify(fault(exc("Odd", "nothing known"))).retryable is None


@pytest.mark.parametrize(
    ("retry", "retryable"), [("never", False), ("safe", True), ("if_idempotent", True), ("after_action", False)]
)
def test_retryable_follows_from_the_retry_class(make_pack, retry: str, retryable: bool) -> None:
    verdict = Matcher.load([make_pack(rule("a", '{ exc = "A" }', extra=f'retry = "{retry}"\n'))]).classify(
        fault(exc("A"))
    )
    assert (verdict.retry, verdict.retryable) == (retry, retryable)


def test_the_evidence_names_what_was_seen(shipped: Matcher) -> None:
    verdict = shipped.classify(fault(exc("OperationalError", "no such table: x", module="sqlite3")))
    assert Fact("exception.type", "sqlite3.OperationalError") in verdict.evidence
    assert Fact("message", "no such table: x") in verdict.evidence


def test_texts_are_filled_from_what_the_pattern_named(shipped: Matcher) -> None:
    verdict = shipped.classify(fault(exc("OperationalError", "no such table: invoices")))
    assert shipped.text(verdict.rule_id, "fr", verdict.captures).title == "La table invoices manque"
    assert shipped.text(verdict.rule_id, "ja", verdict.captures).title == "テーブル invoices がありません"
    assert shipped.captures(verdict.rule_id, "no such table: invoices") == {"name": "invoices"}


def test_an_unknown_rule_or_language_still_gives_a_text(shipped: Matcher) -> None:
    assert shipped.text("no/rule").title == "no/rule"
    assert shipped.text("python/key", "xx") == shipped.text("python/key", "en")


def test_braces_in_captured_text_are_not_placeholders(shipped: Matcher) -> None:
    assert "{x}" in shipped.text("python/none_attribute", "en", {"name": "{x}"}).title


def test_the_memory_of_types_is_bounded(make_pack) -> None:
    matcher = Matcher.load([make_pack(rule("a", '{ exc = "A" }'))])
    for number in range(5_000):
        matcher.classify(fault(exc(f"T{number}")))
    assert len(matcher._index._remembered) <= TYPES_REMEMBERED_MAX
    assert len(matcher._index.shapes) <= SHAPES_REMEMBERED_MAX
