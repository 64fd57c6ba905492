"""Finding what a crash says, and saying it again as evidence."""

import re
from collections.abc import Sequence

import msgspec

from naosu.domain.evidence import CodeFrame, Crash, FaultEvidence


class Seen(msgspec.Struct, frozen=True):
    """A message that was recognised.

    Attributes:
        match: Of the pattern in the message.
        crash: None: the message stood in the log, without a traceback.
    """

    match: re.Match[str]
    crash: Crash | None
    line: str


def seen(evidence: FaultEvidence, pattern: re.Pattern[str], *types: str) -> list[Seen]:
    """Return where a pattern occurs in what was raised (by these classes; any without), else in the log's own lines."""
    found = [
        Seen(match, crash, f"{raised.type}: {_first_line(raised.message)}")
        for crash in evidence.crashes
        for raised in crash.chain
        if (not types or raised.name in types) and (match := pattern.search(f"{raised.type}: {raised.message}"))
    ]
    if found:
        return found
    lines = dict.fromkeys(line.strip() for line in evidence.log.splitlines())
    return [
        Seen(match, None, line[:300])
        for line in lines
        if (match := pattern.search(line)) and (not types or any(name in line for name in types))
    ]


def _first_line(message: str) -> str:
    return next((line for line in message.splitlines() if line.strip()), "")[:300]


def place(frame: CodeFrame) -> str:
    """Return where a frame is, as one line of evidence."""
    code = f": {frame.code}" if frame.code else ""
    return f"{frame.source_path or frame.path}:{frame.line} in {frame.function}{code}"


def crashes_of(found: Sequence[Seen]) -> tuple[Crash, ...]:
    """Return the crashes among what was recognised, each once."""
    crashes: list[Crash] = []
    for one in found:
        if one.crash is not None and one.crash not in crashes:
            crashes.append(one.crash)
    return tuple(crashes)


def told(found: Sequence[Seen], *facts: str) -> tuple[str, ...]:
    """Return lines of evidence: what was said, the application's own code nearest to it, and further facts."""
    lines: dict[str, None] = dict.fromkeys(one.line for one in found)
    for crash in crashes_of(found):
        lines.update(dict.fromkeys(place(frame) for frame in crash.own_frames[-1:]))
    return (*lines, *facts)
