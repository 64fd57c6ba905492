"""The search line."""

from datetime import UTC, datetime, timedelta

import pytest

from naosu.api.issue_search import (
    LINE_LENGTH_MAX,
    TERM_COUNT_MAX,
    InvalidSearchError,
    parse_period,
    parse_search,
    split_values,
)
from naosu.domain.issue_query import IssueQuery, Term

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def parse(line: str, **given: object) -> IssueQuery:
    return parse_search(line, now=NOW, project_id_of={"shop": 1, "web": 2}.__getitem__, **given)


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("level:error", Term(field="level", values=("error",))),
        ("!level:error", Term(field="level", values=("error",), negated=True)),
        ("level:[error, fatal]", Term(field="level", values=("error", "fatal"))),
        ('release:"my app@1.2"', Term(field="release", values=("my app@1.2",))),
        ("category:database", Term(field="category", values=("DATABASE",))),
        ("severity:high", Term(field="severity", values=("HIGH",))),
        ("is:ignored", Term(field="is", values=("muted",))),
        ("IS:Unresolved", Term(field="is", values=("unresolved",))),
        ("firstRelease:1.0", Term(field="first-release", values=("1.0",))),
        ("error.type:KeyError", Term(field="type", values=("KeyError",))),
        ("error.handled:false", Term(field="is", values=("unhandled",))),
        ("error.unhandled:true", Term(field="is", values=("unhandled",))),
        ("user:7", Term(field="user.id", values=("7",))),
        ("user:email:a@b.c", Term(field="user.email", values=("a@b.c",))),
        ("user.ip_address:1.2.3.4", Term(field="user.ip", values=("1.2.3.4",))),
        ("Custom-Tag:x*", Term(field="Custom-Tag", values=("x*",))),
        ("url:https://shop.test/a", Term(field="url", values=("https://shop.test/a",))),
    ],
)
def test_one_term_in_our_names(line, term):
    assert parse(line) == IssueQuery(terms=(term,))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("connection refused", ("connection", "refused")),
        ('"connection refused" now', ("connection refused", "now")),
        ("ValueError: bad", ("ValueError:", "bad")),
        ("https://shop.test/a", ("https://shop.test/a",)),
        ('""', ()),
        ("", ()),
    ],
)
def test_what_is_no_term_is_free_text(line, words):
    assert parse(line) == IssueQuery(words=words)


@pytest.mark.parametrize("line", ["is:unassigned", "is:for_review", "is:inbox"])
def test_what_is_always_true_here_adds_no_term(line):
    assert parse(line) == IssueQuery()


def test_a_project_in_the_line_wins_over_the_parameter():
    assert parse("project:[shop,web]", project_ids=(9,)).project_ids == (1, 2)


def test_last_seen_counts_back_from_now():
    assert parse("lastSeen:-90m").seen_since == NOW - timedelta(minutes=90)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_line_may_be_as_long_as_the_limit_and_no_longer(extra):
    line = "x" * (LINE_LENGTH_MAX + extra)
    if extra:
        with pytest.raises(InvalidSearchError):
            parse(line)
    else:
        assert parse(line).words == (line,)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_line_may_have_so_many_terms_and_no_more(extra):
    line = "a " * (TERM_COUNT_MAX + extra)
    if extra:
        with pytest.raises(InvalidSearchError):
            parse(line)
    else:
        assert len(parse(line).words) == TERM_COUNT_MAX


@pytest.mark.parametrize("line", ["is:lost", "lastSeen:1h", "lastSeen:-soon", "a\0b"])
def test_what_means_nothing_is_refused(line):
    with pytest.raises(InvalidSearchError):
        parse(line)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5_400), ("1h", 3_600), ("14d", 1_209_600), ("2w", 1_209_600), ("0h", 0)]
)
def test_a_period_has_a_number_and_a_unit(text, seconds):
    assert parse_period(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "h", "1", "1y", "-1h", "1.5h", "1 h", "٣h", "1h "])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(InvalidSearchError):
        parse_period(text)


def test_an_enormous_period_stays_representable():
    assert NOW - parse_period("999999999w") > datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("a", ("a",)),
        ('"a b"', ("a b",)),
        ("[a,b]", ("a", "b")),
        ('["a b", c]', ("a b", "c")),
        ("[]", ("",)),
        ('"', ('"',)),
    ],
)
def test_values_are_one_quoted_or_a_list(value, values):
    assert split_values(value) == values
