"""What is remembered between payloads: answers, and never what was asked."""

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_STRING_BYTES_MAX = 512
_ENTRIES_MAX = 2048


class Recent(Generic[_K, _V]):
    """A bounded map that keeps what was asked for lately: at most twice `entries_max` entries, in two generations.

    Safe to use from several threads: at worst, an answer is forgotten and found anew.
    """

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._young: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}

    def get(self, key: _K) -> _V | None:
        """Return what is remembered under the key, and remember it for longer."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: _K, value: _V) -> None:
        """Remember a value, which may push the oldest ones out."""
        young = self._young
        if len(young) >= self._entries_max:
            self._old, self._young = young, {}
            young = self._young
        young[key] = value


class Cleaned(NamedTuple):
    """What is left of a string, as JSON, and the rules that struck: none when it stays as it is."""

    written: bytes
    rules: tuple[str, ...]


STAYS = Cleaned(b"", ())


class StringMemo:
    """Remembers what became of short strings, by a hash under the process's own random key."""

    def __init__(self) -> None:
        self._known: Recent[tuple[int, int, int], Cleaned] = Recent(_ENTRIES_MAX)

    def get(self, raw: bytes, role: int) -> Cleaned | None:
        """Return what became of a string in that role before; None: it is not known."""
        return self._known.get((hash(raw), len(raw), role))

    def is_unchanged(self, raw: bytes, role: int) -> bool:
        """Say whether a string is known to stay as it is in that role."""
        return self._known.get((hash(raw), len(raw), role)) is STAYS

    def put(self, raw: bytes, role: int, cleaned: Cleaned) -> None:
        """Remember what became of a string."""
        if len(raw) <= _STRING_BYTES_MAX:
            self._known.put((hash(raw), len(raw), role), cleaned)
