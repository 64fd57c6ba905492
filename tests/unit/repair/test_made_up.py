import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.repair.made_up import Make, Maker
from naosu.repair.patterns import text_for


def made(schema: dict, make: Make = Make.LEAST, name: str = "x"):
    return Maker({}, make).value(schema, name)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 5}, 6),
        ({"type": "integer", "maximum": 0}, 0),
        ({"type": "integer", "multipleOf": 5}, 5),
        ({"type": "number"}, 1),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": "string"}, "example"),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "format": "date"}, "2026-01-15"),
        ({"type": "string", "pattern": r"^[A-Z]{2}-\d{4}$"}, "AA-7777"),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 7}, 7),
        ({"type": "integer", "example": 9}, 9),
        ({"type": "integer", "examples": [8, 9]}, 8),
        ({"type": "integer", "default": 6}, 6),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"type": ["string", "null"]}, "example"),
        (
            {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {}}}]},
            {"a": 1},
        ),
        ({}, "example"),
    ],
)
def test_a_value_fits_its_schema(schema, value):
    assert made(schema) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", "ann@example.com"), ("password", "Correct-horse-7"), ("created_at", "2026-01-15T10:30:00Z")],
)
def test_a_text_means_what_its_name_says(name, value):
    assert made({"type": "string"}, name=name) == value


PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "minLength": 2}, "age": {"type": "integer", "default": 30}},
}


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (Make.LEAST, {"name": "Ann Example"}),
        (Make.WHOLE, {"name": "Ann Example", "age": 30}),
        (Make.POOR, {"name": "xx"}),
        (Make.WRONG, {"name": {"wrong": True}}),
    ],
)
def test_an_object_is_made_least_whole_poor_or_wrong(make, value):
    assert made(PERSON, make) == value


def test_a_poor_value_keeps_to_its_choices():
    assert made({"enum": ["a", "b"]}, Make.POOR) == "a"


@pytest.mark.parametrize(
    "pattern",
    [r"^\d+$", r"[a-f0-9]{8}", r"^(?:GB|FR)\d{2}$", r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$", r"^\+?[1-9]\d{7,14}$", r"a|b",
     r"^\w+(-\w+)*$", r"^(?P<y>\d{4})-(?P<m>\d\d)$", r"^\S+$", r"^.{3,}$", "^$"],
)  # fmt: skip
def test_a_text_matches_its_pattern(pattern):
    assert re.search(pattern, text_for(pattern))


@pytest.mark.parametrize("pattern", [r"(?=x)y", r"(a)\1", "[", "(", r"\bx", "(?i)x"])
def test_a_pattern_that_is_beyond_it_gives_none(pattern):
    assert text_for(pattern) is None


@given(st.text(alphabet=r"ab\d\w[](){}*+?|^$.,0-9", max_size=20))
def test_whatever_the_pattern_a_text_matches_it_or_there_is_none(pattern):
    text = text_for(pattern)
    assert text is None or re.search(pattern, text)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["string", "object", "array", "integer", "#/x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "$ref", "anyOf", "allOf", "enum", "minimum", "required", "pattern"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_like, st.sampled_from(Make))
def test_no_schema_however_odd_is_an_error(schema, make):
    Maker({"x": schema} if isinstance(schema, dict) else {}, make).value(schema)
