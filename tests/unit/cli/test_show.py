import json

from hypothesis import given
from hypothesis import strategies as st

from naosu.cli.show import clean, print_fields, print_json, print_table


@given(st.text())
def test_nothing_that_an_application_sent_can_steer_a_terminal(text):
    assert all(char.isprintable() or char == "\u3000" or not char.isascii() for char in clean(text))
    assert not set(clean(text)) & {"\x1b", "\n", "\r", "\x9b", "\u202e", "\u2028"}


def test_nothing_is_shown_for_none():
    assert clean(None) == ""


def test_a_pipe_gets_plain_columns(capsys):
    print_table(("id", "name"), [(1, "shop"), (22, "x\x1b[31m")], empty="none")
    assert capsys.readouterr().out == "id  name\n1   shop\n22  x [31m\n"


def test_an_empty_table_says_so(capsys):
    print_table(("id",), [], empty="no projects")
    assert capsys.readouterr().out == "no projects\n"


def test_json_in_a_pipe_is_one_line(capsys):
    print_json({"a": [1, "é"]})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"a": [1, "é"]}


def test_fields_are_aligned(capsys):
    print_fields({"id": 1, "dsn": "http://x"})
    assert capsys.readouterr().out == "id   1\ndsn  http://x\n"
