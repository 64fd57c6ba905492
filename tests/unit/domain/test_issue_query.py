from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.errors import NotFoundError
from naosu.domain.issue_query import (
    LINE_LENGTH_MAX,
    TERM_COUNT_MAX,
    IssueQuery,
    IssueSort,
    QuerySyntaxError,
    Term,
    parse_query,
)

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def parse(line: str, **given: Any) -> IssueQuery:
    return parse_query(line, now=NOW, project_id_of={"shop": 1, "web": 2}.__getitem__, **given)


@pytest.mark.parametrize(
    ("line", "terms", "words"),
    [
        ("", (), ()),
        ("  boom  bang ", (), ("boom", "bang")),
        ('"two words" x', (), ("two words", "x")),
        (r'"a \"quoted\" word"', (), ('a "quoted" word',)),
        ("is:unresolved", (Term(field="is", values=("unresolved",)),), ()),
        ("is:ignored", (Term(field="is", values=("muted",)),), ()),
        ("LEVEL:warn", (Term(field="level", values=("warning",)),), ()),
        ("level:ERROR", (Term(field="level", values=("error",)),), ()),
        ("category:database", (Term(field="category", values=("DATABASE",)),), ()),
        ("!release:1.2*", (Term(field="release", values=("1.2*",), negated=True),), ()),
        ('url:"a b"', (Term(field="url", values=("a b",)),), ()),
        ('level:[error, "fatal"] x', (Term(field="level", values=("error", "fatal")),), ("x",)),
        ("user.id:7 text", (Term(field="user.id", values=("7",)),), ("text",)),
        ("https://x/y std::vector", (), ("https://x/y", "std::vector")),
        ("release:shop@1.0:2", (Term(field="release", values=("shop@1.0:2",)),), ()),
    ],
)
def test_a_line_is_read(line: str, terms: tuple[Term, ...], words: tuple[str, ...]) -> None:
    query = parse(line, project_ids=(3,))
    assert (query.terms, query.words, query.project_ids) == (terms, words, (3,))


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("!level:error", Term(field="level", values=("error",), negated=True)),
        ("severity:high", Term(field="severity", values=("HIGH",))),
        ("is:archived", Term(field="is", values=("muted",))),
        ("IS:Unresolved", Term(field="is", values=("unresolved",))),
        ("is:escalating", Term(field="is", values=("regressed",))),
        ("status:resolved", Term(field="is", values=("resolved",))),
        ("firstRelease:1.0", Term(field="first-release", values=("1.0",))),
        ("env:prod", Term(field="environment", values=("prod",))),
        ("error.type:KeyError", Term(field="type", values=("KeyError",))),
        ("error.handled:false", Term(field="is", values=("unhandled",))),
        ("error.handled:yes", Term(field="is", values=("handled",))),
        ("!error.handled:1", Term(field="is", values=("handled",), negated=True)),
        ("error.unhandled:true", Term(field="is", values=("unhandled",))),
        ("error.unhandled:0", Term(field="is", values=("handled",))),
        ("user:7", Term(field="user.id", values=("7",))),
        ("user:a:b", Term(field="user.id", values=("a:b",))),
        ("user:email:a@b.c", Term(field="user.email", values=("a@b.c",))),
        ("user:[id:1, id:2]", Term(field="user.id", values=("1", "2"))),
        ("user.ip_address:1.2.3.4", Term(field="user.ip", values=("1.2.3.4",))),
        ("issue:SHOP-1", Term(field="id", values=("SHOP-1",))),
        ("Custom-Tag:x*", Term(field="Custom-Tag", values=("x*",))),
        ("url:https://shop.test/a", Term(field="url", values=("https://shop.test/a",))),
    ],
)
def test_names_of_other_trackers_become_ours(line: str, term: Term) -> None:
    assert parse(line) == IssueQuery(terms=(term,))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ValueError: bad", ("ValueError:", "bad")),
        ("boom:", ("boom:",)),
        ("12:30 3:x", ("12:30", "3:x")),
        ('"connection refused" now', ("connection refused", "now")),
        ('""', ()),
    ],
)
def test_what_is_no_field_with_a_value_is_text(line: str, words: tuple[str, ...]) -> None:
    assert parse(line) == IssueQuery(words=words)


@pytest.mark.parametrize("line", ["is:unassigned", "is:for_review", "is:inbox", "is:[resolved, inbox]"])
def test_what_is_true_of_every_issue_adds_no_term(line: str) -> None:
    assert parse(line) == IssueQuery()


@pytest.mark.parametrize("sort", [IssueSort.LAST_SEEN, IssueSort.USERS])
def test_the_order_in_the_line_beats_the_one_beside_it(sort: IssueSort) -> None:
    assert parse("sort:events x", sort=sort) == IssueQuery(words=("x",), sort=IssueSort.EVENTS)
    assert parse("x", sort=sort).sort is sort


def test_a_project_in_the_line_beats_the_one_beside_it() -> None:
    assert parse("project:[shop, web]", project_ids=(9,)) == IssueQuery(project_ids=(1, 2))
    assert parse("x", project_ids=(9,)).project_ids == (9,)


def test_a_project_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        parse_query("project:shop", now=NOW)


def test_last_seen_in_the_line_counts_back_from_now_and_beats_the_time_beside_it() -> None:
    earlier = NOW - timedelta(days=3)
    assert parse("lastSeen:-90m", seen_since=earlier).seen_since == NOW - timedelta(minutes=90)
    assert parse("x", seen_since=earlier).seen_since == earlier


@pytest.mark.parametrize(
    ("at_most", "too_much", "unit"),
    [
        ("x" * LINE_LENGTH_MAX, "x" * (LINE_LENGTH_MAX + 1), f"{LINE_LENGTH_MAX:,} characters"),
        ("a " * TERM_COUNT_MAX, "a " * (TERM_COUNT_MAX + 1), f"{TERM_COUNT_MAX} terms"),
        ("a:1 " * TERM_COUNT_MAX, "a:1 " * (TERM_COUNT_MAX + 1), f"{TERM_COUNT_MAX} terms"),
    ],
)
def test_a_line_may_have_so_many_characters_and_terms_and_no_more(at_most: str, too_much: str, unit: str) -> None:
    parse(at_most)
    with pytest.raises(QuerySyntaxError) as caught:
        parse(too_much)
    assert caught.value.expected == f"the end of the line, after {unit}"
    assert too_much[caught.value.position :].strip() in ("x", "a", "a:1")


@pytest.mark.parametrize(
    ("line", "expected", "found", "position"),
    [
        ("is:", "a value", "the end of the line", 3),
        ("x level: y", "a value", "a space", 8),
        ("is:broken", "one of open, unresolved", "“broken”", 3),
        ("level:loud", "one of fatal", "“loud”", 6),
        ('a:"open', "a closing", "the end of the line", 7),
        ("a:[x", "“,” or “]”", "the end of the line", 4),
        ("a:[]", "a value of the list", "“]”", 3),
        ("sort:luck", "one of last_seen", "“luck”", 5),
        ("sort:[events, users]", "one of last_seen", "“events, users”", 5),
        ("!sort:events", "a field without", "“!sort”", 6),
        ("!project:shop", "a field without", "“!project”", 9),
        ("lastSeen:1h", "a period", "“1h”", 9),
        ("lastSeen:-soon", "a period", "“-soon”", 9),
        ("lastSeen:[-1h, -2h]", "a period", "“-1h, -2h”", 9),
        ("!is:unassigned", "one of open, unresolved", "“unassigned”", 4),
        ("error.handled:maybe", "one of true", "“maybe”", 14),
        ("user:[id:1, email:a@b.c]", "users of one kind", "“id:1, email:a@b.c”", 5),
        ("a\0b", "a word", "a NUL character", 1),
    ],
)
def test_what_cannot_be_read_says_what_was_expected_and_found(
    line: str, expected: str, found: str, position: int
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(line)
    assert caught.value.expected.startswith(expected)
    assert caught.value.found == found
    assert caught.value.position == position


@given(st.text(alphabet='ab:!"[],\\ *.é\n', max_size=30) | st.text(max_size=20))
def test_any_line_is_read_or_refused_with_a_reason(line: str) -> None:
    position = 0
    try:
        parse(line)
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(line)
