"""What a search term means, said once for all stores."""

import re

from naosu.domain.errors import InvalidInputError
from naosu.domain.issue_query import Term

USER_KINDS = ("id", "email", "username", "ip")

FACET_ALIASES = {"caller": ":caller"}


def user_kind(field: str) -> str | None:
    """Return ``id`` for ``user.id``. None: the field is none of a user."""
    prefix, _, kind = field.partition(".")
    return kind if prefix == "user" and kind in USER_KINDS else None


def version_patterns(term: Term) -> tuple[str, ...]:
    """Return the term's values; a release named without its package (``1.2``) also matches ``shop@1.2``."""
    short = tuple(f"*@{value}" for value in term.values if "@" not in value and not value.startswith("*"))
    return term.values + short


def glob_to_regex(pattern: str) -> re.Pattern[str]:
    """Return the expression for a pattern in which only ``*`` is special."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def glob_to_like(pattern: str) -> str:
    r"""Return the pattern for SQL's ``LIKE … ESCAPE '\'``."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def contains_pattern(value: str) -> str:
    """Return the glob for free text: anywhere, unless the writer placed the stars."""
    folded = value.casefold()
    return folded if "*" in folded else f"*{folded}*"


def issue_ids(term: Term) -> tuple[list[int], list[tuple[str, int]]]:
    """Return the ids, and the short ids as ``(slug, number)``, that an ``id:`` term names."""
    ids: list[int] = []
    short_ids: list[tuple[str, int]] = []
    for value in term.values:
        if value.isascii() and value.isdigit():
            ids.append(min(int(value), 2**63 - 1))
        else:
            short_ids.append(split_short_id(value))
    return ids, short_ids


def split_short_id(short_id: str) -> tuple[str, int]:
    """Return ``("shop", 12)`` for ``SHOP-12``. Raises InvalidInputError for what cannot be one."""
    slug, dash, number = short_id.rpartition("-")
    if not dash or not slug or not (number.isascii() and number.isdigit()):
        raise InvalidInputError(f"“{short_id}” is no issue id.", mend="Ids look like 42 or SHOP-12.")
    return slug.lower(), min(int(number), 2**31 - 1)
