"""Packs: folders of data. Loading one checks its rules, so that its author finds a bad one before an incident does."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from naosu_sdk.classify.cache import cached, own_cache
from naosu_sdk.classify.fault import CATEGORIES, SEVERITIES, Retry, Text
from naosu_sdk.classify.pattern import UnsafePatternError, compile_safe, required_literal

LANGUAGES = ("en", "ja", "fr")
TIERS = {"strong": 3, "normal": 2, "weak": 1, "fallback": 0}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,80}\Z")

Names = str | list[str]
Scalar = str | int | float | bool
T = TypeVar("T")


class PackError(Exception):
    """A pack cannot be loaded: which file, which rule, what was expected and what was found. Not retryable."""

    code = "pack.invalid"

    def __init__(self, file: Path, *, expected: str, found: str, rule_id: str = "") -> None:
        self.file, self.rule_id, self.expected, self.found = file, rule_id, expected, found
        where = f"{file}, rule {rule_id}" if rule_id else str(file)
        super().__init__(f"{where}: expected {expected}; found {found}")


class MessageTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What a text must hold: all of the given. A list means any one of them."""

    contains: Names = []
    icontains: Names = []
    regex: str = ""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """When a rule applies: all given fields must hold; a list means any of its values.

    Attributes:
        exc: Exception type: ``Name``, ``module.Name``, ``*Timeout``, ``module.*``. Of any exception in the chain.
        cause: Type of a deeper exception in the chain, written likewise.
        module: Package in which the exception's class is defined, as a dotted prefix.
        crash_module: Package of the function that raised it, as a dotted prefix.
        crash_line: Text in the application's source line on which it happened.
        status: ``404``, or a class: ``5xx``.
        errno: Number or name.
        header: Name to a text within it (``*``: any).
        url: Text within the address, in any case.
        endpoint: ``METHOD host/path``, with ``*``.
        context: Name to a value, or to ``{gt = 60}``, ``{lt = 60}``.
    """

    exc: Names = []
    cause: Names = []
    module: Names = []
    crash_module: Names = []
    crash_line: Names = []
    status: int | str | list[int | str] = []
    errno: int | str | list[int | str] = []
    sqlstate: Names = []
    code: Names = []
    grpc: Names = []
    header: dict[str, str] = {}
    url: Names = []
    endpoint: Names = []
    logger: Names = []
    level: Names = []
    platform: Names = []
    message: MessageTest = MessageTest()
    context: dict[str, Scalar | dict[str, float]] = {}


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a rule that does not say otherwise has."""

    category: str = ""
    severity: str = ""
    retry: Retry | None = None
    text: str = ""
    tier: str = "normal"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One rule as written.

    Attributes:
        when: The condition, or several of which one must hold.
        severity_fatal: Of a fault that ended its process. Empty: `severity` all the same.
        tier: ``strong`` wins over ``normal``, that over ``weak`` (guesses by a name's shape), that over ``fallback``.
        text: Key of its texts.
    """

    id: str
    when: Condition | list[Condition]
    category: str = ""
    severity: str = ""
    severity_fatal: str = ""
    retry: Retry | None = None
    text: str = ""
    tier: str = ""
    note: str = ""

    @property
    def conditions(self) -> list[Condition]:
        """The alternatives."""
        return self.when if isinstance(self.when, list) else [self.when]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What pack.toml says. `platform` narrows all rules, `source` names where the facts come from."""

    id: str
    version: str
    source: str
    licence: str
    platform: list[str] = []
    defaults: Defaults = Defaults()


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded and checked pack. Its texts stay on disk until somebody reads them: see `load_texts`.

    Attributes:
        literals: Each of its patterns to the longest text that every match contains, empty when there is none.
    """

    folder: Path
    header: Header
    rules: tuple[Rule, ...]
    literals: dict[str, str]


class _Parsed(msgspec.Struct, frozen=True):
    """What is cached of a pack: all but its place."""

    header: Header
    rules: tuple[Rule, ...]
    literals: dict[str, str]


SHIPPED = Path(__file__).parent.parent / "packs"


def shipped_packs() -> list[Path]:
    """List the folders of the packs that come with this library, in a fixed order."""
    return sorted(file.parent for file in SHIPPED.glob("*/pack.toml"))


def load_pack(folder: Path, *, cache: Path | None = None) -> Pack:
    """Read and check a pack.

    Args:
        folder: With pack.toml, rules*.toml and texts as en.toml, ja.toml, fr.toml.
        cache: Folder for what was parsed. None: a shipped pack is cached beside itself, another not at all.

    Raises:
        PackError: With file, rule, expected and found.
    """
    files = [folder / "pack.toml", *sorted(folder.glob("rules*.toml"))]
    sources = {file: _read(file) for file in files}
    contents = [(file.name, source) for file, source in sources.items()]
    parsed = cached(
        f"{folder.name}.rules", contents, _cache_of(folder, cache), _Parsed, lambda: _parse(folder, sources)
    )
    return Pack(folder=folder, header=parsed.header, rules=parsed.rules, literals=parsed.literals)


def _cache_of(folder: Path, cache: Path | None) -> Path | None:
    return own_cache(SHIPPED) if cache is None and SHIPPED in folder.parents else cache


def _parse(folder: Path, sources: dict[Path, bytes]) -> _Parsed:
    (header_file, header_source), *others = sources.items()
    header = _convert(_toml(header_file, header_source), Header, header_file)
    rules: list[Rule] = []
    for file, source in others:
        rules += _rules(file, source, header)
    _refuse_twins(folder, rules)
    patterns = {condition.message.regex for rule in rules for condition in rule.conditions} - {""}
    return _Parsed(header, tuple(rules), {pattern: required_literal(pattern) for pattern in patterns})


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PackError(file, expected="a readable file", found=error.strerror or type(error).__name__) from error


def _toml(file: Path, source: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(source.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(file, expected="TOML in UTF-8", found=str(error)) from error


def _convert(value: Any, kind: type[T], file: Path, rule_id: str = "") -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise PackError(
            file, expected=f"the fields of {kind.__name__.lower()}", found=str(error), rule_id=rule_id
        ) from error


def _rules(file: Path, source: bytes, header: Header) -> list[Rule]:
    tables = _toml(file, source).get("rule", [])
    if not isinstance(tables, list):
        raise PackError(file, expected="[[rule]] tables", found=type(tables).__name__)
    rules = []
    for number, table in enumerate(tables, 1):
        name = str(table.get("id", f"number {number}")) if isinstance(table, dict) else f"number {number}"
        rule = _with_defaults(_convert(table, Rule, file, name), header.defaults)
        _check(rule, file)
        rules.append(rule)
    return rules


def _with_defaults(rule: Rule, defaults: Defaults) -> Rule:
    return msgspec.structs.replace(
        rule,
        category=rule.category or defaults.category,
        severity=rule.severity or defaults.severity,
        retry=rule.retry or defaults.retry,
        text=rule.text or defaults.text or rule.id,
        tier=rule.tier or defaults.tier,
    )


def _check(rule: Rule, file: Path) -> None:
    wanted = {
        "category": CATEGORIES,
        "severity": SEVERITIES,
        "severity_fatal": ("", *SEVERITIES),
        "tier": tuple(TIERS),
    }
    for field, allowed in wanted.items():
        if getattr(rule, field) not in allowed:
            expected = f"{field} to be one of {', '.join(allowed)}"
            raise PackError(file, expected=expected, found=repr(getattr(rule, field)), rule_id=rule.id)
    if not _ID.match(rule.id):
        raise PackError(file, expected="an id of a-z 0-9 _ . -", found=repr(rule.id), rule_id=rule.id)
    if not rule.conditions:
        raise PackError(file, expected="at least one condition", found="none", rule_id=rule.id)
    for condition in rule.conditions:
        if condition == Condition():
            raise PackError(file, expected="at least one field in `when`", found="none", rule_id=rule.id)
        _check_patterns(condition, rule, file)


def _check_patterns(condition: Condition, rule: Rule, file: Path) -> None:
    if condition.message.regex:
        try:
            compile_safe(condition.message.regex)
        except UnsafePatternError as error:
            expected = "a regular expression of the linear-time subset"
            raise PackError(
                file, expected=expected, found=f"{condition.message.regex!r}: {error}", rule_id=rule.id
            ) from error
    literals = (condition.message.contains, condition.message.icontains, condition.crash_line, condition.url)
    if any("" in ([names] if isinstance(names, str) else names) for names in literals):
        raise PackError(file, expected="texts that are not empty", found="''", rule_id=rule.id)


def _refuse_twins(folder: Path, rules: list[Rule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise PackError(folder, expected="each id once", found="it twice", rule_id=rule.id)
        seen.add(rule.id)


def load_texts(folder: Path, language: str, *, cache: Path | None = None) -> dict[str, Text]:
    """Read a pack's texts in one language, by key; empty when it has none.

    Args:
        folder: Of the pack.
        language: One of `LANGUAGES`.
        cache: As of `load_pack`.

    Raises:
        PackError: With file, key, expected and found.
    """
    file = folder / f"{language}.toml"
    if not file.exists():
        return {}
    source = _read(file)
    place = _cache_of(folder, cache)
    return cached(
        f"{folder.name}.{language}", [(file.name, source)], place, dict[str, Text], lambda: _texts(file, source)
    )


def _texts(file: Path, source: bytes) -> dict[str, Text]:
    return {key: _convert(value, Text, file, key) for key, value in _flat(_toml(file, source)).items()}


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Join nested tables, so that ``[db.unique]`` and ``["db.unique"]`` are the same key."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and "title" not in value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def check_texts(packs: list[Pack]) -> None:
    """Refuse a rule without an English text, and a placeholder that no pattern of its rules can fill.

    Raises:
        PackError: With file, rule, expected and found.
    """
    own = [load_texts(pack.folder, "en") for pack in packs]
    common = {key: text for texts in own for key, text in texts.items()}
    for pack, texts in zip(packs, own, strict=True):
        for rule in pack.rules:
            text = texts.get(rule.text) or common.get(rule.text)
            if text is None:
                raise PackError(pack.folder / "en.toml", expected=f"a text {rule.text}", found="none", rule_id=rule.id)
            _check_placeholders(text, rule, pack)


def _check_placeholders(text: Text, rule: Rule, pack: Pack) -> None:
    groups = set.intersection(*(_groups(condition) for condition in rule.conditions))
    for name in placeholders(text):
        if name not in groups:
            found = f"{{{name}}} in {rule.text}"
            expected = f"placeholders among {sorted(groups)}"
            raise PackError(pack.folder / "en.toml", expected=expected, found=found, rule_id=rule.id)


def placeholders(text: Text) -> set[str]:
    """Name the placeholders of a text."""
    return set(_PLACEHOLDER.findall(f"{text.title} {text.description} {text.action}"))


def _groups(condition: Condition) -> set[str]:
    return set(re.compile(condition.message.regex).groupindex) if condition.message.regex else set()
