"""The one line that people read first: what was said, in its own words."""

from naosu.group.masks import first_lines

TITLE_CHARS_MAX = 200
WORD_CHARS_MAX = 60


def headline(kind: str, message: str) -> str:
    """``Type: first line of the message``; whichever of the two is missing is left out, and never made up."""
    said = " ".join(first_lines(message).split())
    if not kind or said.startswith(f"{kind}: "):
        return shortened(said)
    return shortened(f"{kind}: {said}" if said else kind)


def shortened(text: str) -> str:
    """At most 200 characters; a longer text ends with a whole word and ``…``."""
    if len(text) <= TITLE_CHARS_MAX:
        return text
    cut = text.rfind(" ", TITLE_CHARS_MAX - WORD_CHARS_MAX, TITLE_CHARS_MAX)
    # why: a word longer than this (a path, a token, a text without blanks) is itself what has to be cut
    return f"{text[: cut if cut > 0 else TITLE_CHARS_MAX - 1].rstrip()}…"
