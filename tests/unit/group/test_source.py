import pytest

from naosu.group.masks import text_of
from naosu.group.source import (
    fault_expression,
    has_words,
    is_bare,
    is_overflow,
    raises,
    shape_from_line,
    shape_from_mask,
)


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError('x')",
        "if x: raise E",
        "throw new Error(`x`);",
        "panic(fmt.Sprintf(x))",
        'return fmt.Errorf("x %w", err)',
        "assert x > 0",
        "=> throw e",
        "else abort('x')",
    ],
)
def test_a_line_that_raises_is_known(line: str) -> None:
    assert raises(line) is True


@pytest.mark.parametrize("line", ["return d['tax']", "x.raise_for_status()", "rethrown = 3", "self.assertions.run()"])
def test_a_line_that_fails_is_no_raise(line: str) -> None:
    assert raises(line) is False


@pytest.mark.parametrize("line", ["", "   ", "{snip} a.b {snip}"])
def test_without_a_line_nothing_is_known(line: str) -> None:
    assert raises(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError(f'cannot process {v} now')",
        "raise ValueError('cannot process %s now' % v)",
        "raise ValueError('cannot process {} now'.format(v))",
        "raise ValueError('cannot process ' + v + ' now')",
        "throw new Error(`cannot process ${v} now`);",
        'throw new Exception("cannot process " + v + " now");',
        'throw new Exception($"cannot process {v} now");',
        'raise ArgumentError, "cannot process #{v} now"',
        'return fmt.Errorf("cannot process %v now", v)',
        'throw new Exception("cannot process $v now");',
        'throw new E(String.format("cannot process %s now", v));',
    ],
)
def test_the_template_is_read_from_the_line(line: str) -> None:
    shape = shape_from_line("cannot process Ana now", line)
    assert shape is not None
    assert text_of(shape.tokens) == "cannot process <*> now"
    assert shape.settled


def test_a_line_that_does_not_contain_the_message_gives_nothing() -> None:
    assert shape_from_line("card declined", "raise RuntimeError(message)") is None
    assert shape_from_line("card declined", "raise RuntimeError(T['x'])") is None


def test_a_constant_message_is_constant() -> None:
    shape = shape_from_line("upstream failed", "raise UpstreamError('upstream failed')")
    assert shape is not None
    assert shape.constant


@pytest.mark.parametrize(
    "reason", ["card_declined", "insufficient_funds", "declined", "insufficient funds", "CardExpired"]
)
def test_a_reason_at_the_end_is_kept_to_be_learnt(reason: str) -> None:
    shape = shape_from_line(f"payment failed: {reason}", "raise E(f'payment failed: {r}')")
    assert shape is not None
    assert not shape.settled
    assert shape.tokens[-1] == reason.rsplit(maxsplit=1)[-1]


@pytest.mark.parametrize("value", ["Ana", "u7@ex.example", "17", "'some words'"])
def test_a_value_at_the_end_is_a_value(value: str) -> None:
    shape = shape_from_line(f"unknown user: {value}", "raise E(f'unknown user: {u}')")
    assert shape is not None
    assert shape.settled
    assert shape.tokens[-1] == "<*>"


def test_prose_in_a_slot_is_a_message_of_its_own() -> None:
    shape = shape_from_line("sync failed: the index is being rebuilt", "raise E(f'sync failed: {e}')")
    assert shape is not None
    assert not shape.settled
    assert "rebuilt" in shape.tokens


@pytest.mark.parametrize(
    ("kind", "message", "line", "expression"),
    [
        ("KeyError", "'tax'", "return d['tax'] * 2", "d['tax']"),
        ("ZeroDivisionError", "division by zero", "return sum(x) / len(x)", "/ len(x)"),
        ("AttributeError", "'NoneType' object has no attribute 'id'", "    return x.id", "x.id"),
        ("TypeError", "Cannot read properties of undefined (reading 'id')", "  return cart.id;", "cart.id"),
        ("ValueError", "bad", "return int(text)", "int"),
        ("ValueError", "bad", "x" * 1000, ""),
    ],
)
def test_the_failed_expression_is_cut_out(kind: str, message: str, line: str, expression: str) -> None:
    assert fault_expression(kind, message, line) == expression


def test_an_edit_elsewhere_on_the_line_changes_nothing() -> None:
    assert fault_expression("KeyError", "'n'", "x = d['n']") == fault_expression(
        "KeyError", "'n'", "y = 2 * d['n']  # net"
    )


def test_a_parsers_complaint_describes_its_input() -> None:
    one = shape_from_mask("Expecting value: line 1", "JSONDecodeError", "json.loads(text)")
    other = shape_from_mask("Extra data: line 2", "JSONDecodeError", "json.loads(text)")
    assert one == other
    assert one.source == "parser"


def test_an_sql_syntax_error_is_no_parsers_complaint() -> None:
    assert shape_from_mask("near SELEC", "SQLSyntaxError", "c.execute(sql)").source == "mask"


def test_a_template_of_placeholders_has_no_words() -> None:
    assert not has_words("%s")
    assert not has_words("{}: %d")
    assert has_words("batch %d")


def test_raising_what_was_made_elsewhere_is_known() -> None:
    assert is_bare("raise error")
    assert is_bare("throw e;")
    assert not is_bare("raise Error('x')")


def test_a_full_stack_is_known_in_any_language() -> None:
    assert is_overflow("RecursionError", "")
    assert is_overflow("RangeError", "Maximum call stack size exceeded")
    assert not is_overflow("RangeError", "Invalid array length")
