"""SQL in tokens: only what all engines read alike, so that no statement means more to one of them than it does here."""

import re

import msgspec

from naosu.actions.apply_fix.errors import PlanRefusedError

_TOKEN = re.compile(
    r"""(?P<space>[\ \t\r\n]+)
    | (?P<string>'(?:[^'\\]|'')*')
    | (?P<quoted>"(?:[^"\\]|"")+" | `[^`\\]+` | \[[^\]\\\[]+\])
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>::|<>|<=|>=|!=|\|\||\[\]|[(),.=<>+\-*/%])""",
    re.VERBOSE,
)
_FORBIDDEN = ("--", "/*", "*/", "#")


class Token(msgspec.Struct, frozen=True):
    """One token.

    Attributes:
        text: As it is written.
        start: Where it begins.
    """

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword that it may be, in capitals. Empty: it is none."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def is_name(self) -> bool:
        """It can name a table or a column."""
        return self.kind in ("word", "quoted")


def tokens_of(statement: str, backend: str) -> list[Token]:
    """Return the tokens of one statement.

    Raises:
        PlanRefusedError: It holds a comment, a second statement, an escape, or what only one engine understands.
    """
    text = statement.strip().removesuffix(";")
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or text.startswith(_FORBIDDEN, place):
            raise refusal(statement, f"what stands at {text[place : place + 10]!r} is not understood")
        kind = match.lastgroup or ""
        glued = found and found[-1].start + len(found[-1].text) == place
        if kind == "string" and glued and found[-1].kind == "word":
            raise refusal(statement, "a string has a prefix")
        if kind == "quoted" and not _quotes_names(match.group()[0], backend):
            raise refusal(statement, f"{match.group()[0]} does not quote names there")
        if kind != "space":
            found.append(Token(kind, match.group(), place))
        place = match.end()
    return found


def name_of(raw: str, backend: str) -> str:
    """Return the name that the engine stores for what is written."""
    if raw[0] in '"`[':
        return raw[1:-1].replace('""', '"')
    return raw.lower() if backend == "postgresql" else raw


def refusal(statement: str, why: str) -> PlanRefusedError:
    """Return the error for a statement that is not run."""
    return PlanRefusedError(f"a statement is not run, for {why}: {' '.join(statement.split())[:200]}")


def _quotes_names(sign: str, backend: str) -> bool:
    return sign in {"postgresql": '"', "sqlite": '"`[', "mysql": "`", "mariadb": "`"}.get(backend, "")
