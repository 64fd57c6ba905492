"""The matcher: keyed look-ups first, literals second, patterns last; the highest-ranking rule that holds decides."""

from collections.abc import Iterable, Sequence, Set
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from naosu_sdk.classify.fault import ExceptionFact, Fault, Text, Verdict
from naosu_sdk.classify.index import CHAIN_MAX, Candidate, Codes, Index, Shape, codes_of, has_codes
from naosu_sdk.classify.pack import LANGUAGES, SHIPPED, Pack, check_texts, load_pack, load_texts, shipped_packs
from naosu_sdk.classify.text import clean

_NOTHING = Verdict()
_by_rank = attrgetter("rank")


class Matcher:
    """Immutable after loading, but for bounded memories of types and shapes of faults. Thread-safe."""

    def __init__(self, packs: Sequence[Pack], *, cache: Path | None = None) -> None:
        """Index the packs' rules. A later pack wins where two rules rank equally.

        Raises:
            PackError: A pack that did not come with this library (those are checked by its tests) lacks a text.
        """
        if any(SHIPPED not in pack.folder.parents for pack in packs):
            check_texts(list(packs))
        self.packs = tuple(packs)
        self._cache = cache
        self._index = Index(self.packs)
        self._texts: dict[str, dict[tuple[str, str], Text]] = {}
        self._resolved: dict[tuple[str, str], tuple[Text, bool]] = {}

    @classmethod
    def load(cls, folders: Iterable[Path] | None = None, *, cache: Path | None = None) -> "Matcher":
        """Load packs from folders; without any, those that come with this library.

        Args:
            folders: Of packs.
            cache: Folder for what was parsed, which makes the next start faster. None: shipped packs are cached
                beside themselves where that is writable, others not at all.

        Raises:
            PackError: With file, rule, expected and found. Not retryable.
        """
        wanted = shipped_packs() if folders is None else folders
        return cls([load_pack(folder, cache=cache) for folder in wanted], cache=cache)

    @property
    def rule_ids(self) -> list[str]:
        """Name all rules, ``pack/rule``."""
        return list(self._index.rules)

    @property
    def fields_read(self) -> frozenset[str]:
        """Name the condition fields that at least one rule has: nothing else of a fault decides."""
        return frozenset(self._index.fields_read)

    @property
    def context_names(self) -> frozenset[str]:
        """Name the keys of `Fault.context` that at least one rule reads."""
        return frozenset(self._index.context_names)

    def classify(self, fault: Fault) -> Verdict:
        """Say what the highest-ranking rule that holds says; an empty `rule_id` when none does."""
        if len(fault.exceptions) > CHAIN_MAX:
            fault = msgspec.structs.replace(fault, exceptions=fault.exceptions[:CHAIN_MAX])
        index = self._index
        key = self._shape_key(fault)
        shape = index.shapes.get(key)
        if shape is None:
            shape = index.learn(key, fault)
        exceptions = fault.exceptions
        if len(exceptions) == 1 and not fault.message:
            texts = [clean(exceptions[0].message)]
            folds = [texts[0].casefold()]
            haystack = folds[0]
        else:
            texts = [clean(exception.message) for exception in exceptions]
            if fault.message:
                texts.append(clean(fault.message))
            folds = [text.casefold() for text in texts]
            haystack = _haystack(folds)
        candidates = shape.ranked
        if haystack and (found := index.find_needles(haystack)):
            candidates = self._with_announced(shape, found, fault)
        return _best(candidates, fault, texts, folds)

    def _shape_key(self, fault: Fault) -> Any:
        """Give what decides which rules can hold, whatever the texts say. Equal keys have equal candidates."""
        index = self._index
        exceptions = fault.exceptions
        chain: Any
        if len(exceptions) == 1:
            one = exceptions[0]
            chain = (one.type, one.module, one.mro, self._codes_key(one) if has_codes(one) else ())
        else:
            chain = tuple(
                [(one.type, one.module, one.mro, self._codes_key(one) if has_codes(one) else ()) for one in exceptions]
            )
        logger = fault.logger.split(".", 1)[0] if fault.logger else ""
        return (
            chain,
            fault.platform,
            fault.status,
            not fault.message,
            logger if logger in index.loggers else "",
            tuple([name for name in fault.context if name in index.contexts]) if fault.context else (),
        )

    def _codes_key(self, exception: ExceptionFact) -> Codes:
        known = self._index.known_codes
        return tuple([code for code in codes_of(exception) if code in known])

    def _with_announced(self, shape: Shape, found: Set[int], fault: Fault) -> list[Candidate]:
        """Join to a shape's candidates those whose literals were found, best first."""
        more: list[Candidate] = []
        for number in found:
            announced = shape.by_needle.get(number)
            if announced is None:
                announced = self._index.announced(shape, number, fault)
            if announced:
                more += announced
        if not more:
            return shape.ranked
        more += shape.ranked
        more.sort(key=_by_rank, reverse=True)
        return more

    def text(self, rule_id: str, language: str = "en", captures: dict[str, str] | None = None) -> Text:
        """Give a rule's texts, in English where the language lacks them, with the placeholders filled from `captures`.

        A rule that is not known has its id as title: texts must never make an event unreadable.
        """
        resolved = self._resolved.get((rule_id, language))
        if resolved is None:
            variant = self._index.rules.get(rule_id)
            text = None if variant is None else self._find_text(rule_id.split("/", 1)[0], variant.rule.text, language)
            if text is None:
                return Text(title=rule_id)
            resolved = text, "{" in text.title + text.description + text.action
            if language in LANGUAGES:  # so that the memory is bounded by the rules
                self._resolved[rule_id, language] = resolved
        text, has_placeholders = resolved
        return _filled(text, captures or {}) if has_placeholders else text

    def _find_text(self, pack_id: str, key: str, language: str) -> Text | None:
        for wanted in (language, "en"):
            texts = self._language(wanted)
            found = texts.get((pack_id, key)) or texts.get(("", key))
            if found is not None:
                return found
        return None

    def captures(self, rule_id: str, message: str) -> dict[str, str]:
        """Find again what a rule's pattern names in a stored message, to fill its texts; else empty."""
        variant = self._index.rules.get(rule_id)
        text = clean(message)
        return (variant.read(text, text.casefold()) if variant is not None else None) or {}

    def _language(self, language: str) -> dict[tuple[str, str], Text]:
        """Read a language when it is first asked for: by (pack, key), and by ("", key) for packs that use another's."""
        if language not in LANGUAGES:
            return {}
        if language not in self._texts:
            texts: dict[tuple[str, str], Text] = {}
            for pack in self.packs:
                for key, text in load_texts(pack.folder, language, cache=self._cache).items():
                    texts[pack.header.id, key] = text
                    texts.setdefault(("", key), text)
            self._texts[language] = texts
        return self._texts[language]


def _best(candidates: list[Candidate], fault: Fault, texts: list[str], folds: list[str]) -> Verdict:
    """Say what the first candidate that holds says, and which other rule would have been next."""
    first: Candidate | None = None
    captures: dict[str, str] | None = None
    runner_up = ""
    for candidate in candidates:
        if first is not None:
            if candidate.rule_id == first.rule_id:
                continue
            if candidate.certain or candidate.captures(fault, texts, folds) is not None:
                runner_up = candidate.rule_id
                break
        elif candidate.certain or (captures := candidate.captures(fault, texts, folds)) is not None:
            first = candidate
    return _NOTHING if first is None else first.verdict(fault, texts, captures, runner_up)


def _filled(text: Text, captures: dict[str, str]) -> Text:
    values = _Ellipsis(captures)
    return Text(
        title=text.title.format_map(values),
        description=text.description.format_map(values),
        action=text.action.format_map(values),
    )


class _Ellipsis(dict[str, str]):
    """What a pattern did not find is an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "…"


def _haystack(folds: list[str]) -> str:
    """Join texts, those only once that another quotes."""
    text = ""
    for fold in folds:
        if fold not in text:
            text = f"{text}\n{fold}" if text else fold
    return text
