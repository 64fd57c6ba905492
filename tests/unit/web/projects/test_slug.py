import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.errors import InvalidInputError
from naosu.web.projects.screen import slug_of
from naosu.web.projects.settings_form import LINE_LENGTH_MAX, LINES_MAX, read_lines


@pytest.mark.parametrize(
    ("name", "slug"), [("Shop API", "shop-api"), ("--a__b--", "a-b"), ("店", ""), ("", ""), ("X" * 60, "x" * 50)]
)
def test_a_name_becomes_what_can_stand_in_short_ids(name: str, slug: str):
    assert slug_of(name) == slug


@given(st.text(max_size=80))
def test_every_slug_is_empty_or_safe_in_a_url(name: str):
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug_of(name))


def test_lines_are_trimmed_and_each_is_kept_once():
    assert read_lines(" a \n\nb\r\na\n") == ("a", "b")


@pytest.mark.parametrize("text", ["\n".join(map(str, range(LINES_MAX + 1))), "x" * (LINE_LENGTH_MAX + 1)])
def test_more_lines_than_anybody_needs_are_refused(text: str):
    with pytest.raises(InvalidInputError):
        read_lines(text)


def test_exactly_as_many_lines_as_allowed_are_taken():
    assert len(read_lines("\n".join(map(str, range(LINES_MAX))))) == LINES_MAX
