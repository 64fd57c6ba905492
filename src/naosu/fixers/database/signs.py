"""What databases and their libraries say when something is wrong: found in tracebacks, and in logs without one."""

import re
from collections.abc import Collection, Sequence

from naosu.domain.evidence import CodeFrame, Crash, FaultEvidence

_NUMBERS = re.compile(r"0x[0-9a-f]+|\d{6,}")
_MISSING_TABLE = (
    re.compile(r"no such table: (?:main\.)?[\"'`]?(?P<name>[\w.$-]+)"),
    re.compile(r'relation "(?P<name>[\w.$-]+)" does not exist'),
    re.compile(r"Table '(?:[\w$-]+\.)?(?P<name>[\w$-]+)' doesn't exist"),
)
_MISSING_COLUMN = (
    re.compile(r"no such column: [\"'`]?(?P<name>[\w.$]+)"),
    re.compile(r"table [\"'`]?(?P<table>\w+)[\"'`]? has no column named (?P<name>\w+)"),
    re.compile(r'column "(?P<name>[\w.$]+)" of relation "(?P<table>\w+)" does not exist'),
    re.compile(r'column "?(?P<name>[\w.$]+)"? does not exist'),
    re.compile(r"Unknown column '(?P<name>[\w.$]+)' in"),
)


def crashes_with(evidence: FaultEvidence, types: Collection[str], phrases: Sequence[str]) -> tuple[Crash, ...]:
    """Return the crashes in whose chain one of these classes was raised with one of these phrases (case ignored).

    No classes: any class will do. They are named without their module.
    """
    wanted = [phrase.casefold() for phrase in phrases]
    return tuple(
        crash
        for crash in evidence.crashes
        if any(
            (not types or raised.name in types) and any(phrase in raised.message.casefold() for phrase in wanted)
            for raised in crash.chain
        )
    )


def missing_tables(crash: Crash) -> tuple[str, ...]:
    """Return the tables that a crash misses, as the database named them."""
    return _named(crash, _MISSING_TABLE)


def missing_columns(crash: Crash) -> tuple[str, ...]:
    """Return the columns that a crash misses, with their table where the database named it: ``users.is_active``."""
    return _named(crash, _MISSING_COLUMN)


def _named(crash: Crash, patterns: Sequence[re.Pattern[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for raised in crash.chain:
        for pattern in patterns:
            for match in pattern.finditer(raised.message):
                groups = match.groupdict()
                found[f"{groups['table']}.{groups['name']}" if groups.get("table") else groups["name"]] = None
    return tuple(found)


def told(crash: Crash) -> str:
    """Return what a crash said, as one line of evidence."""
    first = next((line for line in crash.last.message.splitlines() if line.strip()), "")
    return f"{crash.last.type}: {first}"[:300]


def place(frame: CodeFrame) -> str:
    """Return where a frame is, as one line of evidence."""
    code = f": {frame.code}" if frame.code else ""
    return f"{frame.source_path or frame.path}:{frame.line} in {frame.function}{code}"


def crash_lines(crashes: Sequence[Crash]) -> tuple[str, ...]:
    """Return what crashes said and where the application's own code was, without repetition."""
    lines: dict[str, None] = {}
    for crash in crashes:
        if not any(_NUMBERS.sub("", told(crash)) == _NUMBERS.sub("", line) for line in lines):
            lines[told(crash)] = None
        if crash.own_frames:
            lines[place(crash.own_frames[-1])] = None
    return tuple(lines)


def log_lines(evidence: FaultEvidence, *phrases: str) -> tuple[str, ...]:
    """Return the distinct lines of the log that contain one of these phrases (case ignored), at most 20."""
    wanted = [phrase.casefold() for phrase in phrases]
    lines = dict.fromkeys(
        line.strip() for line in evidence.log.splitlines() if any(phrase in line.casefold() for phrase in wanted)
    )
    return tuple(lines)[:20]
