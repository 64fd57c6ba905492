import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.issue_query import IssueSort, QuerySyntaxError, Term, parse_query


@pytest.mark.parametrize(
    ("line", "terms", "words"),
    [
        ("", (), ()),
        ("  boom  bang ", (), ("boom", "bang")),
        ('"two words" x', (), ("two words", "x")),
        (r'"a \"quoted\" word"', (), ('a "quoted" word',)),
        ("is:unresolved", (Term(field="is", values=("unresolved",)),), ()),
        ("is:ignored", (Term(field="is", values=("muted",)),), ()),
        ("LEVEL:x", (Term(field="LEVEL", values=("x",)),), ()),
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
    query = parse_query(line, project_ids=(3,))
    assert (query.terms, query.words, query.project_ids) == (terms, words, (3,))


def test_the_order_is_part_of_the_line() -> None:
    assert parse_query("sort:events x").sort is IssueSort.EVENTS


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
    ],
)
def test_what_cannot_be_read_says_what_was_expected_and_found(
    line: str, expected: str, found: str, position: int
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(line)
    assert caught.value.expected.startswith(expected)
    assert caught.value.found == found
    assert caught.value.position == position


@given(st.text(alphabet='ab:!"[],\\ *.é\n', max_size=30) | st.text(max_size=20))
def test_any_line_is_read_or_refused_with_a_reason(line: str) -> None:
    position = 0
    try:
        parse_query(line)
    except QuerySyntaxError as error:
        position = error.position
    assert 0 <= position <= len(line)
