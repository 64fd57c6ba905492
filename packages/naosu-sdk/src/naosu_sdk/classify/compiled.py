"""A rule made ready to run: how it ranks, and the tests of its fields."""

import errno as errno_names
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from re import Pattern

import msgspec

from naosu_sdk.classify.fault import ExceptionFact, Fault
from naosu_sdk.classify.pack import TIERS, Condition, Pack, Rule
from naosu_sdk.classify.pattern import wildcard
from naosu_sdk.classify.text import clean, folded

TIER_STEP = 1 << 60
FIELD_STEP = 1 << 52
LITERAL_STEP = 1 << 40
DEPTH_STEP = 1 << 32
ORDER_STEPS = 1 << 30
SHAPE_STEP = FIELD_STEP >> 1
"""A name's shape says less than the name itself."""

Test = Callable[[Fault, ExceptionFact, int], bool]
"""Whether a rule's field holds of a fault and one of its exceptions, which stands at that depth."""


class Variant:
    """One alternative of one rule. Its tests are made when first used, for a start waits until all variants are made.

    Attributes:
        score: Tier, then number of fields, then length of the literal, then order in the files: higher wins.
        needles: Literals of which one must occur in a text (without case). Empty: not known.
        names: Exception types of which one must be in the chain. None: any, or not known before the test.
        platforms: Where it applies. None: everywhere.
        evidence_fields: Its fields in the order in which they are told.
    """

    __slots__ = (
        "__dict__",
        "condition",
        "evidence_fields",
        "exc",
        "has_message",
        "names",
        "needles",
        "platforms",
        "rule",
        "rule_id",
        "score",
    )

    def __init__(self, pack: Pack, rule: Rule, condition: Condition, order: int) -> None:
        self.rule, self.condition = rule, condition
        self.rule_id = f"{pack.header.id}/{rule.id}"
        self.platforms = _platforms(condition, pack.header.platform)
        self.exc = many(condition.exc)
        shaped = [name for name in self.exc if "*" in name]
        self.names = frozenset(self.exc) if self.exc and not shaped else None
        self.needles = _needles(condition, pack.literals)
        self.has_message = bool(self.needles or condition.message.regex)
        self.evidence_fields = given_fields(condition)
        qualified = bool(self.exc) and all("." in name for name in self.exc)
        literal = min(map(len, self.needles), default=0)
        self.score = (
            TIERS[rule.tier] * TIER_STEP
            + (len(self.evidence_fields) + qualified) * FIELD_STEP  # a module-qualified type says two things
            + min(literal, 4095) * LITERAL_STEP
            + (ORDER_STEPS - order)
            - (SHAPE_STEP if self.exc and len(shaped) == len(self.exc) else 0)
        )

    @cached_property
    def known_tests(self) -> tuple[Test, ...]:
        """Tests of what is the same for all faults of one shape: see `index.Shape`."""
        return _known_tests(self.condition)

    @cached_property
    def late_tests(self) -> tuple[Test, ...]:
        """Tests of what differs from fault to fault."""
        return _late_tests(self.condition)

    @cached_property
    def typed(self) -> Callable[[ExceptionFact], bool] | None:
        """The test of an exception's type. None: any will do."""
        return type_test(self.exc) if self.exc else None

    @cached_property
    def _message_tests(self) -> tuple[tuple[str, ...], tuple[str, ...], Pattern[str] | None]:
        message = self.condition.message
        folds = tuple(folded(text) for text in many(message.icontains))
        return (
            tuple(clean(text) for text in many(message.contains)),
            () if folds == self.needles else folds,
            re.compile(message.regex, re.IGNORECASE) if message.regex else None,
        )

    def read(self, text: str, fold: str) -> dict[str, str] | None:
        """Say what a text gives: the named groups when it holds what it must, None when it does not.

        Args:
            text: As `clean` makes it.
            fold: The same without case.
        """
        if self.needles and not holds_any(fold, self.needles):
            return None
        cases, folds, pattern = self._message_tests
        if cases and not holds_any(text, cases):
            return None
        if folds and not holds_any(fold, folds):
            return None
        if pattern is None:
            return NO_CAPTURES
        found = pattern.search(text)
        if found is None:
            return None
        return {name: value or "" for name, value in found.groupdict().items()} if pattern.groupindex else NO_CAPTURES


NO_CAPTURES: dict[str, str] = {}


def holds_any(text: str, pieces: tuple[str, ...]) -> bool:
    """Say whether one of the pieces stands in the text."""
    for piece in pieces:  # noqa: SIM110 # a generator costs more than the search
        if piece in text:
            return True
    return False


def many(names: object) -> list[str]:
    """Give a list for one value or several."""
    if names.__class__ is str:
        return [names]
    if isinstance(names, list):
        return [str(name) for name in names]
    return [str(names)]


def given_fields(condition: Condition) -> tuple[str, ...]:
    """Name the fields that a condition gives."""
    values = msgspec.structs.astuple(condition)
    return tuple(name for name, value, default in zip(_FIELDS, values, _DEFAULTS, strict=True) if value != default)


_FIELDS = Condition.__struct_fields__
_DEFAULTS = msgspec.structs.astuple(Condition())


def _needles(condition: Condition, literals: dict[str, str]) -> tuple[str, ...]:
    """Give literals of which one occurs in every matching text: those of the most telling test."""
    message = condition.message
    options = [tuple(folded(text) for text in many(names)) for names in (message.contains, message.icontains) if names]
    if message.regex and (literal := literals[message.regex]):
        options.append((folded(literal),))
    return max(options, key=lambda texts: min(map(len, texts)), default=())


def errno_name(value: int | str) -> str:
    """Name an errno; numbers that the table lacks stay numbers."""
    if isinstance(value, int):
        return errno_names.errorcode.get(value, str(value))
    return value.upper()


def _prefix_test(names: Iterable[str]) -> Callable[[str], bool]:
    wanted = tuple(names)
    dotted = tuple(f"{name}." for name in wanted)
    return lambda value: value in wanted or value.startswith(dotted)


def type_test(names: Iterable[str]) -> Callable[[ExceptionFact], bool]:
    """Make a test of an exception's type, and its bases, for names as `Condition.exc` has them."""
    names = list(names)
    exact = {name for name in names if "*" not in name}
    globs = [("." in name, wildcard(name)) for name in names if "*" in name]

    def holds(exception: ExceptionFact) -> bool:
        name = exception.type
        if name in exact:
            return True
        whole = f"{exception.module}.{name}" if exception.module else name
        if whole in exact or any(test(whole if dotted else name) for dotted, test in globs):
            return True
        return any(base in exact or base.rpartition(".")[2] in exact for base in exception.mro)

    return holds


def _platforms(condition: Condition, of_pack: list[str]) -> frozenset[str] | None:
    """Give the platforms on which a variant applies; a pack's restriction lets an unknown platform pass."""
    if condition.platform:
        return frozenset(many(condition.platform))
    return frozenset({*of_pack, "", "other"}) if of_pack else None


def _known_tests(condition: Condition) -> tuple[Test, ...]:
    tests: list[Test] = []
    if condition.status != []:
        statuses = set(many(condition.status))
        tests.append(lambda fault, _, __: bool({str(fault.status), f"{fault.status // 100}xx"} & statuses))
    if condition.cause:
        types = type_test(many(condition.cause))
        tests.append(lambda fault, _, depth: any(map(types, fault.exceptions[depth + 1 :])))
    if condition.module:
        modules = _prefix_test(many(condition.module))
        tests.append(lambda _, exception, __: modules(exception.module))
    return (*tests, *_code_tests(condition))


def _late_tests(condition: Condition) -> tuple[Test, ...]:
    tests: list[Test] = []
    if condition.level:
        levels = set(many(condition.level))
        tests.append(lambda fault, _, __: fault.level in levels)
    if condition.logger:
        loggers = _prefix_test(many(condition.logger))
        tests.append(lambda fault, _, __: loggers(fault.logger))
    if condition.crash_module:
        places = _prefix_test(many(condition.crash_module))
        tests.append(lambda _, exception, __: places(exception.crash_module))
    if condition.crash_line:
        pieces = tuple(many(condition.crash_line))
        tests.append(lambda _, exception, __: holds_any(exception.crash_line, pieces))
    return (*tests, *_request_tests(condition))


def _request_tests(condition: Condition) -> list[Test]:
    tests: list[Test] = []
    if condition.url:
        urls = tuple(name.casefold() for name in many(condition.url))
        tests.append(lambda fault, _, __: holds_any(fault.url.casefold(), urls))
    if condition.endpoint:
        endpoints = [wildcard(name.casefold()) for name in many(condition.endpoint)]
        tests.append(lambda fault, _, __: any(test(_endpoint(fault)) for test in endpoints))
    for name, wanted in condition.header.items():
        tests.append(_header_test(name.lower(), wanted.casefold()))
    for name, value in condition.context.items():
        tests.append(_context_test(name, value))
    return tests


def _endpoint(fault: Fault) -> str:
    address = fault.url.split("://", 1)[-1].split("?", 1)[0]
    return f"{fault.method} {address}".casefold()


def _header_test(name: str, wanted: str) -> Test:
    if wanted == "*":
        return lambda fault, _, __: name in fault.headers
    return lambda fault, _, __: wanted in fault.headers.get(name, "").casefold()


def _context_test(name: str, wanted: str | float | bool | dict[str, float]) -> Test:
    if not isinstance(wanted, dict):
        return lambda fault, _, __: fault.context.get(name) == wanted

    def holds(fault: Fault, _: ExceptionFact, __: int) -> bool:
        value = fault.context.get(name)
        if not isinstance(value, int | float):
            return False
        return value > wanted.get("gt", float("-inf")) and value < wanted.get("lt", float("inf"))

    return holds


def _code_tests(condition: Condition) -> list[Test]:
    tests: list[Test] = []
    if condition.errno != []:
        values = condition.errno if isinstance(condition.errno, list) else [condition.errno]
        names = {errno_name(value) for value in values}
        tests.append(lambda _, exception, __: bool(names & _errnos(exception)))
    fields = (field for field in ("sqlstate", "code", "grpc") if getattr(condition, field))
    return [*tests, *(_field_test(field, set(many(getattr(condition, field)))) for field in fields)]


def _errnos(exception: ExceptionFact) -> set[str]:
    number = errno_name(exception.errno) if exception.errno is not None else ""
    return {number, exception.errno_name}


def _field_test(field: str, wanted: set[str]) -> Test:
    return lambda _, exception, __: getattr(exception, field) in wanted
