"""A project's own patterns: only those that cannot run away are let in."""

import re

from naosu.domain.errors import InvalidInputError

_LENGTH_MAX = 500
_COUNT_MAX = 50
_WAYS_MAX, _WAYS_BESIDE_LARGE_MAX = 256, 32
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_QUANTIFIER = re.compile(r"[*+?]|\{\d*(?:,\d*)?\}")
_REPEAT_MAX = 1000


def check_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern whose search takes bounded time, whatever the text.

    Raises:
        InvalidInputError: It does not compile, matches the empty text, is too long, or has what lets a search run
            away: back-references, look-around, a repeated group that itself repeats or branches, more than one
            repetition beyond fifty, or too many branches and short repetitions. Not retryable.
    """
    if len(text) > _LENGTH_MAX:
        raise InvalidInputError(f"The pattern is longer than {_LENGTH_MAX} characters.")
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInputError(f"The pattern is not a regular expression: {error}") from None
    if pattern.match("") or pattern.search(""):
        raise InvalidInputError("The pattern matches the empty text.", mend="Make it need at least one character.")
    _refuse_runaways(text)
    return pattern


def _refuse_runaways(text: str) -> None:
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", text) or "(?P=" in text or "(?(" in text:
        raise InvalidInputError("The pattern refers back to a group.", mend="Write out what may repeat.")
    if re.search(r"\(\?(?:=|!|<=|<!)", text):
        raise InvalidInputError("The pattern looks around.", mend="Match the surroundings, too.")
    bare = _CLASS.sub("C", _ESCAPE.sub("E", text))
    large, ways = _repetitions(bare)
    if large > 1:
        raise InvalidInputError(
            f"The pattern repeats more than {_COUNT_MAX} times in more than one place.", mend="Use {1,20}."
        )
    if ways > (_WAYS_BESIDE_LARGE_MAX if large else _WAYS_MAX):
        raise InvalidInputError("The pattern can match in too many ways.", mend="Repeat and branch less.")


def _repetitions(bare: str) -> tuple[int, int]:
    """Return how many repetitions are large or without bound, and in how many ways the others can match."""
    groups: list[bool] = []  # for each open group: whether it repeats or branches inside
    branches = [1]
    large, ways, at = 0, 1, 0
    while at < len(bare):
        char = bare[at]
        at += 1
        if char == "(":
            groups.append(False)
            branches.append(1)
            at += 1 if bare.startswith("?", at) else 0
            continue
        if char == "|":
            groups = [True] * len(groups)
            branches[-1] += 1
            continue
        varied = bool(groups.pop()) if char == ")" and groups else False
        ways *= branches.pop() if char == ")" and len(branches) > 1 else 1
        quantifier = _QUANTIFIER.match(bare, at)
        if quantifier is None:
            groups[-1:] = [True] if varied and groups else groups[-1:]
            continue
        at = quantifier.end()
        at += 1 if bare[at : at + 1] in ("?", "+") else 0
        counts = _counts(quantifier[0], varied=varied)
        large += counts > _COUNT_MAX
        ways *= counts if counts <= _COUNT_MAX else 1
        groups = [True] * len(groups)
    return large, ways


def _counts(quantifier: str, *, varied: bool) -> int:
    """Return how many counts a quantifier allows, and at least its own; refuse one of a group that itself varies."""
    numbers = [int(number) for number in re.findall(r"\d+", quantifier)]
    if varied and quantifier != "?" and (not numbers or max(numbers) > 1):
        raise InvalidInputError(
            "The pattern repeats a group that itself repeats or branches.", mend="Flatten the group."
        )
    if numbers and max(numbers) > _REPEAT_MAX:
        raise InvalidInputError(f"The pattern repeats more than {_REPEAT_MAX} times.")
    if quantifier in "*+" or quantifier.endswith(",}"):
        return _REPEAT_MAX
    if quantifier == "?":
        return 2
    least, most = (numbers[0] if "{," not in quantifier else 0), numbers[-1]
    return most if most > _COUNT_MAX else most - least + 1
