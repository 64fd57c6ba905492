"""Tracebacks as Python prints them → chains of exceptions. What was cut off at either end is read as far as it goes."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from naosu.domain.evidence import CodeFrame, Raised
from naosu.repair.access import begins_entry

Chain = tuple[Raised, ...]

_HEADER = re.compile(r"(?P<indent>\s*)(?:Exception Group )?Traceback \(most recent call last\):")
_FRAME = re.compile(r'[>\s]*File "(?P<path>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_RAISED = re.compile(r"(?P<type>[^\W\d]\w*(?:\.(?:\w+|<locals>))*)(?:: ?(?P<message>.*))?$")
_CHAINED = re.compile(
    r"\s*(?:During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception):"
)
_MARKS = re.compile(r"[\s~^│└├─]*$|.*└ |\s*\[Previous line repeated \d+ more times?\]|\s*\.\.\.<\d+ lines>\.\.\.$")
_GOES_ON = re.compile(
    r"For further information|\[SQL|\[parameters|\(Background on|ERRORS:|WARNINGS:|HINT|DETAIL|LINE \d|\s+\S"
)
_ENDPOINT = re.compile(r"\s+(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /")
_ERROR_LIKE = re.compile(r"(?:[\w.]*\.)?\w*(?:Error|Exception|Warning|Exit|Interrupt|Timeout|Group)\b(?::|$)")
_MARGIN = re.compile(r"(?P<indent>\s*)(?P<mark>[|+])(?P<rest>.*)$")
_MEMBER = re.compile(r"-?\+?-{4,} ?(?P<number>\d+|\.\.\.) ?-{4,}$")
_GROUP_HEADER = re.compile(r"\s*\+ Exception Group Traceback \(most recent call last\):")
_STRAY_LINES_MAX = 20
_MESSAGE_LINES_MAX = 80
_FRAMES_MAX = 400
_MEMBERS_MAX = 15


def read_tracebacks(lines: Sequence[str]) -> Iterator[Chain]:
    """Yield the chain of each traceback, in the order in which they were printed.

    Exceptions stand in the order in which they were raised. An exception group yields one chain for each member, in
    which the group stands *before* the member that it carried: what is wrong is in the member.
    """
    at = 0
    while at < len(lines):
        if _GROUP_HEADER.match(lines[at]):
            block, at = _margined(lines, at)
            yield from _of_group(block)
        elif _HEADER.match(lines[at]) or _FRAME.match(lines[at]):
            chain, at = _read_chain(lines, at)
            if chain:
                yield chain
        else:
            at += 1


def _read_chain(lines: Sequence[str], at: int) -> tuple[Chain, int]:
    chain: list[Raised] = []
    while True:
        raised, at = _read_one(lines, at)
        chain.append(raised)
        after = _next_filled(lines, at)
        if after >= len(lines) or not _CHAINED.match(lines[after]):
            break
        after = _next_filled(lines, after + 1)
        if after >= len(lines) or not _HEADER.match(lines[after]):
            break
        at = after
    told = [raised for raised in chain if raised.type]
    return tuple(told or [raised for raised in chain if raised.frames]), at


def _read_one(lines: Sequence[str], at: int) -> tuple[Raised, int]:
    """Read one traceback: its frames, the exception, and all lines of its message."""
    header = _HEADER.match(lines[at])
    indent = header["indent"] if header else ""
    at += bool(header)
    frames: list[CodeFrame] = []
    end, strays = at, 0
    while at < len(lines) and strays <= _STRAY_LINES_MAX:
        line = lines[at].removeprefix(indent)
        if _HEADER.match(line) or _GROUP_HEADER.match(line) or _CHAINED.match(line):
            break
        if frame := _FRAME.match(line):
            _add(frames, frame)
            end = at + 1
        elif frames and line.startswith("  ") and not begins_entry(line):
            _add_code(frames, line)
            end = at + 1
        elif _surfaces(line, after_gap=at > 0 and not lines[at - 1].strip()):
            return _with_message(lines, at, indent, frames)
        else:
            strays += 1  # another process wrote in between, or the end was cut off
        at += 1
    return Raised(type="", message="", frames=tuple(frames)), end


def _surfaces(line: str, *, after_gap: bool) -> bool:
    """Tell whether a line names the exception; after an empty line it must look much like one."""
    if begins_entry(line) or not _RAISED.match(line):
        return False
    return not after_gap or bool(_ERROR_LIKE.match(line))


def _add(frames: list[CodeFrame], frame: re.Match[str]) -> None:
    if len(frames) < _FRAMES_MAX:
        frames.append(
            CodeFrame(path=frame["path"], line=int(frame["line"]), function=(frame["function"] or "").strip())
        )


def _add_code(frames: list[CodeFrame], line: str) -> None:
    if not frames[-1].code and not _MARKS.match(line):
        frames[-1] = msgspec.structs.replace(frames[-1], code=line.strip())


def _with_message(lines: Sequence[str], at: int, indent: str, frames: Sequence[CodeFrame]) -> tuple[Raised, int]:
    raised = _RAISED.match(lines[at].removeprefix(indent))
    assert raised is not None  # noqa: S101 -- `_surfaces` matched the same line
    message = [raised["message"] or ""]
    at += 1
    while at < len(lines) and len(message) < _MESSAGE_LINES_MAX and (count := _belonging(lines, at)):
        message.extend(line.removeprefix(indent) for line in lines[at : at + count])
        at += count
    return Raised(type=raised["type"], message="\n".join(message).strip(), frames=tuple(frames)), at


def _belonging(lines: Sequence[str], at: int) -> int:
    """Return how many of the lines from here on still belong to a message. 0: it has ended."""
    following = _next_filled(lines, at)
    if following >= len(lines) or following - at > 1:
        return 0
    line = lines[following]
    if _HEADER.match(line) or _GROUP_HEADER.match(line) or _CHAINED.match(line) or begins_entry(line):
        return 0
    if _FRAME.match(line):
        is_endpoint = following + 1 < len(lines) and _ENDPOINT.match(lines[following + 1])
        return following - at + 2 if is_endpoint else 0  # FastAPI says to which route a validation error belongs
    return following - at + 1 if following == at or _GOES_ON.match(line) else 0


def _next_filled(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


class _Node(msgspec.Struct):
    """An exception of a group's tree: its own lines, and its members."""

    lines: list[str]
    members: list["_Node"]


def _margined(lines: Sequence[str], at: int) -> tuple[list[re.Match[str]], int]:
    block: list[re.Match[str]] = []
    while at < len(lines) and (found := _MARGIN.match(lines[at])):
        block.append(found)
        at += 1
    return block, at


def _of_group(block: Sequence[re.Match[str]]) -> Iterator[Chain]:
    root = _Node([], [])
    path: list[tuple[int, _Node]] = [(len(block[0]["indent"]), root)]
    for line in block:
        column, rest = len(line["indent"]), line["rest"]
        while len(path) > 1 and path[-1][0] > column:
            path.pop()
        if line["mark"] == "+" and _MEMBER.match(rest):
            _enter_member(path, column + 2 if rest.startswith("-+") else column)
        elif not (line["mark"] == "+" and set(rest) <= {"-"}):
            path[-1][1].lines.append(rest.removeprefix(" "))
    yield from list(_chains(root))[:_MEMBERS_MAX]


def _enter_member(path: list[tuple[int, _Node]], column: int) -> None:
    while len(path) > 1 and path[-1][0] >= column:
        path.pop()
    member = _Node([], [])
    path[-1][1].members.append(member)
    path.append((column, member))


def _chains(node: _Node) -> Iterator[Chain]:
    own = _own_chain(node.lines)
    if not node.members and own:
        yield own
    for member in node.members:
        for chain in _chains(member):
            yield (*own, *chain)


def _own_chain(lines: Sequence[str]) -> Chain:
    """Return the chain that a member's lines tell; a member that was never raised has no traceback, only its name."""
    chain = next(read_tracebacks(lines), ())
    if chain or not lines:
        return chain
    named = _RAISED.match(lines[0])
    return (Raised(type=named["type"], message="\n".join([named["message"] or "", *lines[1:]])),) if named else ()
