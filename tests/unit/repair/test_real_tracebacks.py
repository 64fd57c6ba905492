"""What Python itself prints is read back as what was raised."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_of import TextTree

from naosu.repair.log_lines import plain_lines
from naosu.repair.reading import read_log
from naosu.repair.tracebacks import read_tracebacks


def deep(count: int) -> int:
    return deep(count + 1)


def noted() -> None:
    error = ValueError("first line\nsecond line")
    error.add_note("a note\nof two lines")
    raise error


def caused() -> None:
    try:
        noted()
    except ValueError as error:
        raise KeyError("outer") from error


def handled() -> None:
    try:
        caused()
    except KeyError:
        raise RuntimeError  # noqa: B904 -- the context is what this is about


def unrelated() -> None:
    try:
        caused()
    except KeyError:
        raise RuntimeError("alone") from None


def unparsable() -> None:
    compile("def broken(:\n", "broken.py", "exec")


def grouped() -> None:
    errors: list[Exception] = [TypeError("never raised")]
    for raising in (handled, unparsable):
        try:
            raising()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it becomes a member
            errors.append(error)
    raise ExceptionGroup("several", [*errors, ExceptionGroup("nested", [OSError(2, "gone")])])


def caught(raising, *arguments) -> BaseException:
    try:
        raising(*arguments)
    except BaseException as error:  # noqa: BLE001 -- it is what is printed and read
        return error
    raise AssertionError("it raised nothing")


def chains(text: str) -> list[list[str]]:
    return [[raised.type for raised in chain] for chain in read_tracebacks(plain_lines(text))]


def printed(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("raising", "expected"),
    [
        (noted, ["ValueError"]),
        (caused, ["ValueError", "KeyError"]),
        (handled, ["ValueError", "KeyError", "RuntimeError"]),
        (unrelated, ["RuntimeError"]),
        (unparsable, ["SyntaxError"]),
    ],
)
def test_a_chain_is_what_was_raised(raising, expected):
    assert chains(printed(caught(raising))) == [expected]


def test_a_group_is_what_was_raised():
    assert chains(printed(caught(grouped))) == [
        ["ExceptionGroup", "TypeError"],
        ["ExceptionGroup", "ValueError", "KeyError", "RuntimeError"],
        ["ExceptionGroup", "SyntaxError"],
        ["ExceptionGroup", "ExceptionGroup", "FileNotFoundError"],
    ]


def test_a_recursion_ends_with_its_exception():
    assert chains(printed(caught(deep, 0))) == [["RecursionError"]]


def test_messages_and_notes_have_all_their_lines():
    ((raised,),) = read_tracebacks(plain_lines(printed(caught(noted))))
    assert raised.message == "first line\nsecond line\na note\nof two lines"


@pytest.mark.parametrize("raising", [noted, handled, grouped, unparsable])
def test_frames_are_those_of_the_traceback(raising):
    error = caught(raising)
    told = [
        (frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)
    ]
    chain = next(iter(read_tracebacks(plain_lines(printed(error)))))
    raised = chain[0] if raising is grouped else chain[-1]
    read = [(frame.path, frame.line, frame.function, frame.code) for frame in raised.frames]
    assert read[: len(told)] == told


PIECES = [
    *printed(caught(handled)).splitlines(),
    *printed(caught(grouped)).splitlines(),
    'INFO:     127.0.0.1:5 - "GET /p HTTP/1.1" 500 Internal Server Error',
    '{"level": "error", "exception": [{"frames": 7}]}',
    '{"message": "Traceback (most recent call last):"}',
    "web-1  | x",
    "",
    "╭─ Traceback (most recent call last) ─╮",
    "x Traceback (most recent call last):",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=40))
def test_no_log_however_torn_is_an_error(lines):
    evidence = read_log("\n".join(lines), TextTree({}))
    assert all(crash.chain for crash in evidence.crashes)


@given(st.integers(0, 60), st.integers(0, 60))
def test_whatever_is_cut_off_no_exception_is_read_that_was_not_raised(head, tail):
    lines = printed(caught(handled)).splitlines()
    kept = lines[min(head, len(lines)) : max(len(lines) - tail, 0)]
    assert {name for chain in chains("\n".join(kept)) for name in chain} <= {
        "ValueError",
        "KeyError",
        "RuntimeError",
        "",
    }
