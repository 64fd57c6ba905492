"""Lines that an application writes when all is well, as templates: a repair must not silence them."""

import re
from collections.abc import Iterable

from naosu.domain.observation import Exchange
from naosu.repair.log_lines import plain_lines

_VARIES = re.compile(
    r"""(?:https?://)?\d+\.\d+\.\d+\.\d+(?::\d+)?
    | (?:\d{4}[-/]\d\d[-/]\d\d|\d\d/[A-Z][a-z]{2}/\d{4})?[T :]?\d\d:\d\d:\d\d(?:[.,]\d+)?
    | \b(?=[\w-]*\d)[\w-]{8,}\b
    | \d+(?:\.\d+)?
    | '[^']*' | "[^"]*"
    """,
    re.VERBOSE,
)
_NOT_PROMISED = re.compile(
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK|PRAGMA|ALTER|CREATE|DROP)\b|\[(?:generated|cached|raw sql)"
    r"|\b(?:WARN(?:ING)?|ERROR|CRITICAL|FATAL|DEBUG)\b|Warning\b|Error\b|Exception\b|SLOW|slow query"
    r"|Traceback|^\s|^\^|HTTP/\d|\" \d{3}\b|^\[(?:SQL|parameters)|^\(Background"
)
"""Statements of the database, complaints, tracebacks, the server's own lines of access: a repair may change these."""


def promised_lines(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Return templates of what was written at these requests, and should be whenever they are answered."""
    return frozenset(
        template(line)
        for exchange in exchanges
        for line in plain_lines(exchange.log)
        if line.strip() and not _NOT_PROMISED.search(line)
    )


def template(line: str) -> str:
    """Return a line without its times, numbers, ids and quoted values."""
    return _VARIES.sub("#", line).strip()


def templates(log: str) -> frozenset[str]:
    """Return the templates of all lines of a log."""
    return frozenset(template(line) for line in plain_lines(log))
