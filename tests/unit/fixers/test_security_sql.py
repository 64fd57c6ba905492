import libcst as cst
import pytest

from naosu.fixers.sql_text import bind, is_sql, literal_of, pieces_of


def bound(source, free=()):
    pieces = pieces_of(cst.parse_expression(source.strip()))
    found = bind(
        pieces, lambda name, place: f":{name}", is_free=lambda node: cst.Module([]).code_for_node(node) in free
    )
    return found and (literal_of(found, source), found.values)


X = [("x", "x")]
XY = [("x", "x"), ("y", "y")]


@pytest.mark.parametrize(
    ("source", "statement", "values"),
    [
        ("""f"SELECT a FROM t WHERE b = '{x}'" """, "SELECT a FROM t WHERE b = :x", X),
        (
            """f"SELECT a FROM t WHERE b={x.y} LIMIT {n}" """,
            "SELECT a FROM t WHERE b=:y LIMIT :n",
            [("y", "x.y"), ("n", "n")],
        ),
        ("""f"SELECT a FROM t WHERE b LIKE '%{x}%'" """, "SELECT a FROM t WHERE b LIKE :x", [("x", 'f"%{x}%"')]),
        (""""SELECT a FROM t WHERE b = '%s'" % x""", "SELECT a FROM t WHERE b = :x", X),
        (""""SELECT a FROM t WHERE b = '" + x + "'" """, "SELECT a FROM t WHERE b = :x", X),
        (
            """"SELECT a FROM t WHERE b = {} AND c = {d}".format(x, d=y)""",
            "SELECT a FROM t WHERE b = :x AND c = :y",
            XY,
        ),
        ("""f"INSERT INTO t (a, b) VALUES ('{x}', {y})" """, "INSERT INTO t (a, b) VALUES (:x, :y)", XY),
        ("""f"SELECT 'it' FROM t WHERE b = '{x}'" """, "SELECT 'it' FROM t WHERE b = :x", X),
        ("""f"SELECT a FROM t WHERE b = {x} OR c = {x}" """, "SELECT a FROM t WHERE b = :x OR c = :x", [*X, *X]),
    ],
)
def test_a_statement_of_text_becomes_one_with_bound_values(source, statement, values):
    assert bound(source) == (f'"{statement}"', values)


@pytest.mark.parametrize(
    "source",
    [
        'f"SELECT a FROM {x} WHERE b = 1"',
        'f"SELECT a FROM t ORDER BY {x}"',
        'f"SELECT a FROM t ORDER BY b, {x}"',
        'f"SELECT {x} FROM t"',
        'f"SELECT a FROM t WHERE b IN ({x})"',
        'f"SELECT a FROM t WHERE t.{x} = 1"',
        'f"SELECT a FROM t WHERE b = \'{x}"',
    ],
)
def test_where_no_value_can_be_bound_nothing_is_planned(source):
    assert bound(source) is None


def test_a_name_of_a_table_that_is_no_value_stays_where_it_is():
    assert bound("f\"SELECT a FROM {T} WHERE b = '{x}'\"", free=("T",)) == (
        'f"SELECT a FROM {T} WHERE b = :x"',
        [("x", "x")],
    )


@pytest.mark.parametrize("source", ['f"update the {x} now"', 'f"Selected {x}"', 'f"hello {x}"'])
def test_a_sentence_is_no_statement(source):
    assert not is_sql(pieces_of(cst.parse_expression(source.strip())))
