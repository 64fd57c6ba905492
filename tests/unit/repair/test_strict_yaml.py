from enum import StrEnum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.repair.strict_yaml import YamlFaultError, decode_yaml


class Colour(StrEnum):
    RED = "red"
    OFF = "off"


class Circle(msgspec.Struct, tag_field="shape", tag="circle", forbid_unknown_fields=True):
    radius_mm: Annotated[int, msgspec.Meta(ge=1)]


class Group(msgspec.Struct, tag_field="shape", tag="group", forbid_unknown_fields=True):
    parts: tuple["Circle | Group", ...]


class Drawing(msgspec.Struct, forbid_unknown_fields=True):
    version: Literal[1]
    shapes: tuple[Circle | Group, ...] = ()
    colours: dict[str, Colour] = {}
    title: str | None = None
    is_large: bool = False

    def __post_init__(self) -> None:
        if self.title == "":
            raise ValueError("expected a title, found none")


def read(text: str) -> Drawing:
    return decode_yaml(text, Drawing, name="d.yaml")


def complaint(text: str) -> str:
    with pytest.raises(YamlFaultError) as caught:
        read(text)
    assert caught.value.mend
    return str(caught.value)


def complaint_if_any(text: str) -> str:
    try:
        read(text)
    except YamlFaultError as error:
        return str(error)
    return ""


def test_what_is_right_is_read():
    drawing = read("version: 1\nshapes: [{shape: circle, radius_mm: 3}]\ncolours: {a: red}\nis_large: true\n")
    assert drawing == Drawing(version=1, shapes=(Circle(radius_mm=3),), colours={"a": Colour.RED}, is_large=True)


def test_off_is_a_word_and_not_false():
    assert read("version: 1\ncolours: {a: off}\n").colours == {"a": Colour.OFF}


@pytest.mark.parametrize("text", ["yes", "no", "2026-11-22"])
def test_what_looks_like_a_word_is_one(text):
    assert read(f"version: 1\ntitle: {text}\n").title == text


WRONG = {
    "version: 2": "1:10: `version`: expected one of 1, found 2",
    "shapes: []": "1:1: expected `version`, found only shapes",
    "": ": expected `version`, found nothing",
    "[]": "1:1: expected `object`, found `array`",
    "version: 1\ncolour: red": "2:1: expected one of version, shapes, colours, title, is_large, found `colour`; "
    "did you mean `colours`?",
    "version: 1\ncolours:\n  a: red\n  b: blue": "4:6: `colours.b`: expected one of red, off, found 'blue'",
    "version: 1\nis_large: yes": "2:11: `is_large`: expected `bool`, found 'yes'",
    "version: 1\nshapes:\n- shape: star": "3:10: `shapes[0].shape`: expected one of circle, group, found 'star'",
    "version: 1\nshapes:\n- shape: group\n  parts:\n  - {shape: circle, radius_mm: 0}": "5:32: "
    "`shapes[0].parts[0].radius_mm`: expected `int` >= 1, found 0",
    "version: 1\nshapes:\n- {shape: circle, radius: 1}": "3:19: `shapes[0]`: expected one of radius_mm, "
    "found `radius`; did you mean `radius_mm`?",
    "version: 1\ntitle: ''": "1:1: expected a title, found none",
    "version: 1\nversion: 1": "2:1: expected each name once, found `version` again",
    "version: 1\ntitle: [": "2:9: expected valid YAML",
    "version: 1\ntitle: *x": "2:8: expected valid YAML",
    "version: 1\nshapes: &x []\ncolours: *x": "2:9: expected each value written out, found an alias of this one",
    "version: 1\ntitle: !!python/name:os.system x": "2:8: expected valid YAML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named_with_line_column_what_was_expected_and_what_was_found(text):
    said = complaint(text)
    assert said.startswith("d.yaml" + (":" if WRONG[text][0].isdigit() else "") + WRONG[text])


def test_aliases_that_grow_a_value_are_refused_before_it_grows():
    bomb = "a: &a [x,x]\n" + "".join(f"{n}: &n{n} [*{p},*{p}]\n" for p, n in [("a", "b"), *[("nb", "c")]])
    assert "alias" in complaint(bomb)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("avrsct", max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_a_file_holds_the_complaint_names_the_file(value):
    text = msgspec.json.encode({"version": 1, "shapes": value, "colours": value}).decode()
    said = complaint_if_any(text)
    assert not said or (said.startswith("d.yaml") and "expected" in said)


@given(st.text(alphabet="ab:-[]{}&*!'\"\n \t#|>%@`,?0", max_size=40))
def test_whatever_the_text_it_is_read_or_refused(text):
    assert complaint_if_any(text)[:6] in {"", "d.yaml"}
