import libcst as cst
import pytest

from naosu.fixers.editing import (
    argument,
    enclosing_function,
    imported_names,
    nodes_of,
    parents_of,
    qualified_name,
    replace_nodes,
    with_argument,
    with_import,
    without_argument,
)


def call(code: str) -> cst.Call:
    return cst.ensure_type(cst.parse_expression(code), cst.Call)


def code_of(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def test_names_are_what_they_were_imported_as():
    module = cst.parse_module(
        "import sqlalchemy as sa\nimport os.path\nfrom ..db import Base as B\nfrom sqlalchemy.orm import relationship\n"
    )
    names = imported_names(module, "shop.models")
    assert names == {
        "sa": "sqlalchemy",
        "os": "os",
        "B": "shop.db.Base",
        "relationship": "sqlalchemy.orm.relationship",
    }
    assert qualified_name(cst.parse_expression("sa.orm.Session"), names) == "sqlalchemy.orm.Session"


@pytest.mark.parametrize(
    ("before", "source", "name", "after"),
    [
        ("from a import b\n", "a", "c", "from a import b, c\n"),
        ("from a import Mapped, relationship\n", "a", "Session", "from a import Mapped, Session, relationship\n"),
        ("from a import (\n    b,\n    d,\n)\n", "a", "c", "from a import (\n    b,\n    c,\n    d,\n)\n"),
        ("from a import (\n    b,\n    d,\n)\n", "a", "e", "from a import (\n    b,\n    d,\n    e,\n)\n"),
        ("from z import b\n", "asyncio", "", "import asyncio\n\nfrom z import b\n"),
        ("import os\n\nfrom z import b\n", "asyncio", "", "import asyncio\nimport os\n\nfrom z import b\n"),
        ("import os\n\nfrom m import b\n", "z", "c", "import os\n\nfrom m import b\nfrom z import c\n"),
        ('"""Doc."""\nx = 1\n', "a", "b", '"""Doc."""\n\nfrom a import b\nx = 1\n'),
        ("x = 1\n", "a", "b", "from a import b\nx = 1\n"),
    ],
)
def test_an_import_stands_where_its_kind_stands(before, source, name, after):
    assert with_import(cst.parse_module(before), source, name)[0].code == after


def test_what_is_imported_already_keeps_its_name():
    module = cst.parse_module("from a import b as c\nimport os\n")
    assert with_import(module, "a", "b") == (module, "c")
    assert with_import(module, "os") == (module, "os")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(k=1)"),
        ("f(a)", "f(a, k=1)"),
        ("f(a, k=2)", "f(a, k=1)"),
        ("f(\n    a,\n    b,\n)", "f(\n    a,\n    b,\n    k=1,\n)"),
        ("f(\n    a\n)", "f(\n    a,\n    k=1\n)"),
    ],
)
def test_an_argument_is_added_as_the_others_are_written(before, after):
    assert code_of(with_argument(call(before), "k", cst.Integer("1"))) == after


def test_an_argument_is_found_by_keyword_or_by_place():
    made = call("f(a, *b, k=c)")
    assert code_of(argument(made, "k").value) == "c"
    assert code_of(argument(made, "x", 0).value) == "a"
    assert argument(made, "x", 1) is None
    assert code_of(without_argument(made, made.args[-1])) == "f(a, *b)"


def test_nodes_are_replaced_by_identity_not_by_looks():
    module = cst.parse_module("x = f(1)\ny = f(1)\n")
    first, second = nodes_of(module, cst.Call)
    changed = replace_nodes(module, {second: lambda node: with_argument(node, "k", cst.Name("v")), first: first})
    assert changed.code == "x = f(1)\ny = f(1, k=v)\n"


def test_what_runs_at_import_is_in_no_function():
    module = cst.parse_module("a()\ndef f():\n    b()\n")
    parents = parents_of(module)
    outside, inside = nodes_of(module, cst.Call)
    assert enclosing_function(outside, parents) is None
    assert enclosing_function(inside, parents).name.value == "f"
