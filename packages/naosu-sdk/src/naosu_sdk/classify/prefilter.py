"""Which of many literals occur in a text: Aho-Corasick where installed, a trie as one regular expression otherwise."""

import re
from collections.abc import Sequence, Set
from typing import Any, Protocol

try:
    import ahocorasick_rs
except ImportError:  # the optional extra `fast` is not installed
    ahocorasick_rs = None  # type: ignore[assignment]


class Prefilter(Protocol):
    """Finds literals."""

    def find(self, text: str) -> Set[int]:
        """Give the numbers of the literals that occur in the text, overlapping ones too."""
        ...


NOTHING: frozenset[int] = frozenset()


class _NoLiterals:
    def find(self, text: str) -> frozenset[int]:
        return NOTHING


class _AhoCorasick:
    def __init__(self, literals: Sequence[str]) -> None:
        self._automaton = ahocorasick_rs.AhoCorasick(
            literals, implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    def find(self, text: str) -> Set[int]:
        matches = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return {match[0] for match in matches} if matches else NOTHING


class TrieRegex:
    """Pure Python: at each position the longest literal of the trie is found, and its prefixes with it."""

    def __init__(self, literals: Sequence[str]) -> None:
        trie: dict[str, Any] = {}
        for literal in literals:
            node = trie
            for character in literal:
                node = node.setdefault(character, {})
            node[""] = {}
        self._search = re.compile(f"(?=({_pattern_of(trie)}))").finditer
        numbers = {literal: number for number, literal in enumerate(literals)}
        self._within = {
            literal: {numbers[literal[:end]] for end in range(1, len(literal) + 1) if literal[:end] in numbers}
            for literal in literals
        }

    def find(self, text: str) -> set[int]:
        """Give the numbers of the literals that occur in the text, overlapping ones too."""
        found: set[int] = set()
        for match in self._search(text):
            found |= self._within[match[1]]
        return found


def _pattern_of(node: dict[str, Any]) -> str:
    parts: list[str] = []
    for character in sorted(key for key in node if key):
        tail = character
        child = node[character]
        while len(child) == 1 and "" not in child:  # a run without forks stays one text, so depth stays small
            ((following, child),) = child.items()
            tail += following
        parts.append(re.escape(tail) + _pattern_of(child))
    if not parts:
        return ""
    body = parts[0] if len(parts) == 1 and "" not in node else f"(?:{'|'.join(parts)})"
    return f"{body}?" if "" in node else body


def make_prefilter(literals: Sequence[str]) -> Prefilter:
    """Choose the fastest that is installed. Literals must be distinct and not empty."""
    if not literals:
        return _NoLiterals()
    if ahocorasick_rs is None:
        return TrieRegex(literals)
    return _AhoCorasick(literals)
