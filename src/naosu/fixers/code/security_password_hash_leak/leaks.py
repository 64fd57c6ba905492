"""Hashes of passwords in answers, and the fields that hold them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from naosu.domain.observation import Exchange
from naosu.ports.fixer import Workplace

HASH = re.compile(
    r"^(\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(id|i|d)\$.+|pbkdf2[_:]sha\d+[$:].+|scrypt:\d+:\d+:\d+\$.+"
    r"|\$pbkdf2-sha\d+\$.+|bcrypt(_sha256)?\$.+|\$scrypt\$.+|\$[56]\$[^$]+\$[./A-Za-z0-9]{40,})"
)
_FIELD = re.compile(r"(?i)passw|pwd|hash")


@dataclass(frozen=True)
class Leak:
    """One answer with hashes in it.

    Attributes:
        fields: The keys under which they are.
        keys: All keys of the objects that hold them.
        is_list: The answer is a list of such objects.
        is_nested: They are deeper in the answer.
    """

    exchange: Exchange
    fields: tuple[str, ...]
    keys: frozenset[str]
    is_list: bool
    is_nested: bool


def leaks(work: Workplace) -> Iterator[Leak]:
    """Yield the answers of the run as it is that hold hashes of passwords."""
    for exchange in work.baseline.exchanges:
        try:
            body = json.loads(exchange.body)
        except (ValueError, UnicodeDecodeError, RecursionError):
            continue
        found = list(_objects(body))
        if found:
            fields = tuple(sorted({name for one in found for name in _hashes(one)}))
            keys = frozenset(name for one in found for name in one)
            top = body if isinstance(body, list) else [body]
            is_nested = not all(any(one is there for there in top) for one in found)
            yield Leak(exchange, fields, keys, isinstance(body, list), is_nested)


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        if _hashes(value):
            yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _hashes(value: dict[str, object]) -> list[str]:
    return [name for name, inner in value.items() if isinstance(inner, str) and HASH.match(inner)]


def is_secret_field(name: str) -> bool:
    """Tell whether a field is called as what holds a password or its hash."""
    return bool(_FIELD.search(name))
