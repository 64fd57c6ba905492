"""By which columns a query looks for rows."""

import pytest

from naosu.fixers.database.performance_missing_index.predicates import Sought, candidates, sought, tables_in, tokens

COLUMNS = {"orders": ["customer_id", "status", "made_at", "total"], "customers": ["name", "region"]}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM orders WHERE customer_id = ? AND status = ?", Sought("orders", ("customer_id", "status"))),
        ("SELECT * FROM orders o WHERE o.customer_id = $1 AND o.made_at > $2", Sought("orders", ("customer_id",), ("made_at",))),  # noqa: E501
        ('SELECT * FROM "orders" WHERE "orders"."status" IN (%s, %s)', Sought("orders", ("status",))),
        ("SELECT * FROM orders WHERE status = ? ORDER BY made_at DESC LIMIT 5", Sought("orders", ("status",), (), ("made_at",))),  # noqa: E501
        ("SELECT * FROM shop.orders AS o WHERE o.made_at BETWEEN ? AND ?", Sought("orders", (), ("made_at",))),
        ("SELECT c.name, (SELECT sum(o.total) FROM orders o WHERE o.customer_id = c.id) FROM customers c", Sought("orders", ("customer_id",))),  # noqa: E501
    ],
    ids=["equal", "equal and range", "quoted, in", "equal and order", "schema, between", "correlated"],
)  # fmt: skip
def test_columns_are_found_by_how_they_are_compared(statement: str, expected: Sought):
    assert sought(statement, COLUMNS)["orders"] == expected


def test_a_column_inside_a_function_is_not_looked_for():
    assert "customers" not in sought("SELECT * FROM customers WHERE lower(name) = ?", COLUMNS)


def test_an_alias_stands_for_its_table_and_a_keyword_is_no_alias():
    words = tokens("SELECT 1 FROM orders o JOIN customers ON o.x = customers.id, regions AS r WHERE 1 = 1")
    assert tables_in(words) == {"orders": "orders", "o": "orders", "customers": "customers", "regions": "regions", "r": "regions"}  # fmt: skip  # noqa: E501


def test_a_text_in_quotes_is_one_token():
    assert tokens("status = 'it''s = fine'") == ["status", "=", "'it''s = fine'"]


def test_equality_comes_before_range_and_order():
    tried = candidates(Sought("orders", ("customer_id", "status"), ("made_at",), ("total",)))
    assert tried[0] == ("customer_id", "status", "made_at")
    assert ("customer_id", "status") in tried
    assert all(columns[0] in {"customer_id", "status"} for columns in tried)
