"""Fingerprints set by hand: the client's own, and a project's rules, with their ``{{ variables }}``."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, GroupingRule
from naosu.group.crash import Crash
from naosu.group.masks import mask, settle_quotes, text_of

_FIELDS = frozenset({"level", "logger", "transaction", "release", "environment", "platform", "dist"})
PARTS_MAX = 32
PART_CHARS_MAX = 500
_VARIABLE = re.compile(r"\{\{\s{0,4}([\w.\-]{1,100})\s{0,4}\}\}")


def _values(event: Event, crash: Crash, field: str) -> tuple[str, ...]:
    """All values that the event has for a rule's field."""
    frames = (
        [frame for value in event.exceptions for frame in value.frames]
        if field in {"module", "function", "path"}
        else []
    )
    match field:
        case "type" | "error.type":
            return tuple(value.type for value in event.exceptions)
        case "message" | "value" | "error.value":
            return (event.message, *(value.value for value in event.exceptions))
        case "module":
            return tuple(frame.module for frame in frames)
        case "function":
            return tuple(frame.function for frame in frames)
        case "path":
            return tuple(path for frame in frames for path in (frame.abs_path, frame.filename))
        case _ if field in _FIELDS:
            return (str(getattr(event, field)),)
        case _ if field.startswith("tags."):
            return tuple(value for key, value in event.tags if key == field[5:])
    return ()


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    """Runs of stars are one star, so that no pattern can make the match explode."""
    return re.compile(fnmatch.translate(re.sub(r"\*{2,}", "*", pattern[:200])), re.IGNORECASE)


def _holds(event: Event, crash: Crash, field: str, pattern: str) -> bool:
    if not pattern:
        return False
    glob = _glob(pattern)
    return any(value and glob.match(value[:2000]) for value in _values(event, crash, field))


def matching_rule(event: Event, crash: Crash, rules: Sequence[GroupingRule]) -> GroupingRule | None:
    """The first rule all of whose conditions hold; a rule without conditions or fingerprint never matches."""
    for rule in rules:
        if (
            rule.match
            and rule.fingerprint
            and all(_holds(event, crash, field, pattern) for field, pattern in rule.match)
        ):
            return rule
    return None


def _variable(event: Event, crash: Crash, name: str) -> str:
    name = name.removeprefix("error.").removeprefix("stack.")
    if name in _FIELDS:
        return str(getattr(event, name))
    if name.startswith(("tags.", "tag.")):
        return dict(event.tags).get(name.partition(".")[2], "")
    if name in {"message", "value"}:
        return text_of(crash.shape or settle_quotes(mask(crash.message)))
    module = crash.site.module
    known = {"type": crash.type, "function": crash.site.function, "module": module, "package": module.split(".")[0]}
    return known.get(name, module if name in {"abs_path", "path"} else "")


def is_default(part: str) -> bool:
    """Whether the part stands for what would count without it."""
    found = _VARIABLE.fullmatch(part.strip())
    return found is not None and found.group(1) == "default"


def fill(parts: Sequence[str], event: Event, crash: Crash, default: Sequence[str]) -> tuple[str, ...]:
    """The parts, variables filled in; ``{{ default }}`` becomes `default`, a message loses its values."""
    filled: list[str] = []
    for part in parts[:PARTS_MAX]:
        if is_default(part):
            filled.extend(("default", *default))
        else:
            filled.append(_VARIABLE.sub(lambda found: _variable(event, crash, found.group(1)), part[:PART_CHARS_MAX]))
    return tuple(filled)


def preview(rule: GroupingRule, stored: Iterable[tuple[Event, Grouping]]) -> Iterator[tuple[str, str, str]]:
    """``(event_id, fingerprint now, then)`` of each stored event that `rule` would move; nothing is changed."""
    from naosu.group.assign import group  # noqa: PLC0415 — assign reads rules
    from naosu.group.crash import locate  # noqa: PLC0415

    for event, grouping in stored:
        crash = locate(event)
        if matching_rule(event, crash, (rule,)) is None:
            continue
        if any(map(is_default, rule.fingerprint)):
            moved = group(event, crash, None, rules=(rule,), default=(grouping.fingerprint,))[0]
        else:
            moved = group(event, crash, None, rules=(rule,))[0]
        if moved.fingerprint != grouping.fingerprint:
            yield event.event_id, grouping.fingerprint, moved.fingerprint
