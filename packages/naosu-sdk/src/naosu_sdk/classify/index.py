"""Which rules can hold of a fault: found once per shape of fault, and remembered."""

from collections.abc import Iterable, Sequence
from typing import Any

from naosu_sdk.classify.compiled import DEPTH_STEP, Variant, errno_name, many, type_test
from naosu_sdk.classify.fault import RETRYABLE, ExceptionFact, Fact, Fault, Verdict
from naosu_sdk.classify.pack import Condition, Pack
from naosu_sdk.classify.prefilter import make_prefilter

TYPES_REMEMBERED_MAX = 4_096
SHAPES_REMEMBERED_MAX = 2_048
NEEDLES_REMEMBERED_MAX = 64
"""Per shape; a message seldom holds more than five."""
VALUE_CHARS_MAX = 200
CHAIN_MAX = 16
MRO_STEP = DEPTH_STEP * CHAIN_MAX
NO_EXCEPTION = ExceptionFact(type="")
CODES = ("sqlstate", "code", "grpc")
LATE_FIELDS = frozenset(
    {"message", "errno", "crash_module", "crash_line", "level", "logger", "url", "endpoint", "header", "context"}
)
"""Fields whose evidence may differ among faults of one shape."""

Ranked = tuple[tuple[int, Variant], ...]
Codes = tuple[tuple[str, str], ...]


class Candidate:
    """A variant that holds of all that faults of one shape share: what is left are tests of what differs among them.

    Attributes:
        rank: Its score, less the depth at which it is tried. Higher wins.
        certain: Nothing is left to test.
        fixed: Its evidence, where that is the same for all faults of the shape; else None.
        exc_fact: The first half of its evidence, where that is a type and a message, as with most; else None.
    """

    __slots__ = ("certain", "depth", "exc_fact", "fixed", "late_tests", "rank", "rule_id", "variant", "verdicts")

    def __init__(self, rank: int, variant: Variant, depth: int, fault: Fault) -> None:
        self.rank, self.variant, self.depth = rank, variant, depth
        self.rule_id = variant.rule_id
        self.late_tests = variant.late_tests
        self.certain = not self.late_tests and not variant.has_message
        is_fixed = LATE_FIELDS.isdisjoint(variant.evidence_fields)
        self.fixed = evidence(variant, depth, fault, ()) if is_fixed else None
        self.verdicts: dict[str, Verdict] | None = {} if is_fixed else None
        is_typed_text = variant.evidence_fields == ("exc", "message")
        self.exc_fact = _exc_fact(depth, _exception_at(depth, fault)) if is_typed_text else None

    def captures(self, fault: Fault, texts: Sequence[str], folds: Sequence[str]) -> dict[str, str] | None:
        """Test what is left: the named groups when the variant holds, None when it does not."""
        depth = self.depth
        if self.late_tests:
            exception = _exception_at(depth, fault)
            for test in self.late_tests:
                if not test(fault, exception, depth):
                    return None
        if not self.variant.has_message:
            return {}
        return self.variant.read(texts[depth], folds[depth]) if depth < len(texts) else None

    def verdict(self, fault: Fault, texts: Sequence[str], captures: dict[str, str] | None, runner_up: str) -> Verdict:
        """Say what the variant's rule says; the same object again where nothing differs."""
        if self.fixed is None or self.verdicts is None:
            if self.exc_fact is not None:
                facts: tuple[Fact, ...] = (self.exc_fact, Fact("message", texts[self.depth][:VALUE_CHARS_MAX]))
            else:
                facts = evidence(self.variant, self.depth, fault, texts)
            return self._verdict(facts, captures or {}, runner_up, fault.level)
        if self.variant.rule.severity_fatal and fault.level == "fatal":
            return self._verdict(self.fixed, {}, runner_up, fault.level)
        known = self.verdicts.get(runner_up)
        if known is None:
            known = self.verdicts[runner_up] = self._verdict(self.fixed, {}, runner_up)
        return known

    def _verdict(self, facts: tuple[Fact, ...], captures: dict[str, str], runner_up: str, level: str = "") -> Verdict:
        rule = self.variant.rule
        retry = rule.retry or ""
        return Verdict(
            rule_id=self.rule_id,
            category=rule.category,
            severity=(level == "fatal" and rule.severity_fatal) or rule.severity,
            retry=retry,
            retryable=RETRYABLE.get(retry),
            evidence=facts,
            captures=captures,
            runner_up=runner_up,
        )


class Shape:
    """What faults have in common that differ only in their texts, and the candidates among the rules.

    Attributes:
        ranked: Candidates that no literal announces, best first.
        by_needle: Candidates by the number of a literal that was found, as far as it was found yet.
    """

    __slots__ = ("by_needle", "ranked", "types")

    def __init__(self, fault: Fault, ranked: list[Candidate]) -> None:
        self.ranked = ranked
        self.by_needle: dict[int, tuple[Candidate, ...]] = {}
        self.types = type_names(fault.exceptions)


class Index:
    """Immutable after loading, but for bounded memories of types and shapes."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        """Put each variant under the most telling field that it has: it is looked at only when that field agrees."""
        self._types: dict[str, list[Variant]] = {}
        self._globs: list[Variant] = []
        self._modules: dict[str, list[Variant]] = {}
        self._codes: dict[tuple[str, str], list[Variant]] = {}
        self._statuses: dict[str, list[Variant]] = {}
        self._literals: dict[str, list[Variant]] = {}
        self._loose: list[Variant] = []
        self.loggers: dict[str, list[Variant]] = {}
        self.contexts: dict[str, list[Variant]] = {}
        self.known_codes: set[tuple[str, str]] = set()
        self.rules: dict[str, Variant] = {}
        self.fields_read: set[str] = set()
        self.context_names: set[str] = set()
        order = 0
        for pack in reversed(packs):
            for rule in pack.rules:
                for condition in rule.conditions:
                    order += 1
                    self._add(Variant(pack, rule, condition, order))
        self._by_needle = list(self._literals.values())
        self.find_needles = make_prefilter(list(self._literals)).find
        self._remembered: dict[tuple[str, str, tuple[str, ...]], Ranked] = {}
        self.shapes: dict[Any, Shape] = {}

    def _add(self, variant: Variant) -> None:
        self.rules.setdefault(variant.rule_id, variant)
        condition, given = variant.condition, variant.evidence_fields
        self.fields_read.update(given)
        self.context_names.update(condition.context)
        codes = _codes_named(condition, given)
        self.known_codes.update(codes)
        if variant.needles:
            _put(self._literals, variant.needles, variant)
        elif variant.exc:
            _put(self._types, [name for name in variant.exc if "*" not in name], variant)
            if variant.names is None:
                self._globs.append(variant)
        elif codes:
            _put(self._codes, [code for code in codes if code[0] == codes[0][0]], variant)
        elif condition.module:
            _put(self._modules, many(condition.module), variant)
        elif condition.status != []:
            _put(self._statuses, many(condition.status), variant)
        elif condition.logger:
            _put(self.loggers, {name.split(".", 1)[0] for name in many(condition.logger)}, variant)
        elif condition.context:
            _put(self.contexts, list(condition.context)[:1], variant)
        else:
            self._loose.append(variant)

    def learn(self, key: Any, fault: Fault) -> Shape:
        """Find the candidates for a shape of fault, and remember them.

        Args:
            key: What faults of the shape have in common: see `matcher.shape_key`.
            fault: One of them.
        """
        if len(self.shapes) >= SHAPES_REMEMBERED_MAX:  # a sender who invents types must not fill the memory
            self.shapes.clear()
        best: dict[tuple[Variant, int], int] = {}
        for depth, exception in enumerate(fault.exceptions):
            offers = list(self._of_type((exception.module, exception.type, exception.mro)))
            offers += [
                (variant.score, variant) for code in codes_of(exception) for variant in self._codes.get(code, ())
            ]
            for score, variant in offers:
                rank = score - depth * DEPTH_STEP
                best[variant, depth] = max(rank, best.get((variant, depth), rank))
        for variant in self._of_event(fault):
            for depth in range(_texts_count(fault) or 1):
                best.setdefault((variant, depth), variant.score - depth * DEPTH_STEP)
        known = [
            Candidate(rank, variant, depth, fault)
            for (variant, depth), rank in best.items()
            if _may_hold(variant, depth, fault)
        ]
        shape = self.shapes[key] = Shape(fault, sorted(known, key=lambda one: -one.rank))
        return shape

    def announced(self, shape: Shape, number: int, fault: Fault) -> tuple[Candidate, ...]:
        """Find the candidates that a literal announces, and remember them with the shape."""
        if len(shape.by_needle) >= NEEDLES_REMEMBERED_MAX:
            shape.by_needle.clear()
        found = shape.by_needle[number] = tuple(
            Candidate(variant.score - depth * DEPTH_STEP, variant, depth, fault)
            for variant in self._by_needle[number]
            if variant.names is None or not variant.names.isdisjoint(shape.types)
            for depth in range(_texts_count(fault))
            if _may_hold(variant, depth, fault)
        )
        return found

    def _of_event(self, fault: Fault) -> Iterable[Variant]:
        """Give the variants that are keyed by the fault as a whole."""
        if fault.status:
            yield from self._statuses.get(str(fault.status), ())
            yield from self._statuses.get(f"{fault.status // 100}xx", ())
        if fault.logger:
            yield from self.loggers.get(fault.logger.split(".", 1)[0], ())
        for name in fault.context:
            yield from self.contexts.get(name, ())
        yield from self._loose

    def _of_type(self, key: tuple[str, str, tuple[str, ...]]) -> Ranked:
        """Find the variants that name a type, by itself, its bases, its name's shape or its module."""
        known = self._remembered.get(key)
        if known is not None:
            return known
        if len(self._remembered) >= TYPES_REMEMBERED_MAX:
            self._remembered.clear()
        module, name, bases = key
        best: dict[Variant, int] = {}
        for distance, base in enumerate((name, *bases)):
            whole = f"{module}.{base}" if module and not distance else base
            bare = base.rpartition(".")[2]
            for variant in (*self._types.get(bare, ()), *(self._types.get(whole, ()) if whole != bare else ())):
                best.setdefault(variant, variant.score - distance * MRO_STEP)
        itself = ExceptionFact(type=name, module=module)
        for variant in self._globs:
            if variant.typed is not None and variant.typed(itself):
                best.setdefault(variant, variant.score)
        parts = module.split(".") if module else []
        for end in range(1, len(parts) + 1):
            for variant in self._modules.get(".".join(parts[:end]), ()):
                best.setdefault(variant, variant.score)
        ranked = self._remembered[key] = tuple((score, variant) for variant, score in best.items())
        return ranked


def _codes_named(condition: Condition, given: tuple[str, ...]) -> list[tuple[str, str]]:
    codes = [(field, value) for field in CODES if field in given for value in many(getattr(condition, field))]
    if "errno" in given:
        values = condition.errno if isinstance(condition.errno, list) else [condition.errno]
        codes += [("errno", errno_name(value)) for value in values]
    return codes


def _put(index: dict[Any, list[Variant]], keys: Iterable[Any], variant: Variant) -> None:
    for key in keys:
        index.setdefault(key, []).append(variant)


def _texts_count(fault: Fault) -> int:
    return len(fault.exceptions) + bool(fault.message)


def _may_hold(variant: Variant, depth: int, fault: Fault) -> bool:
    """Test what is the same for all faults of a shape."""
    if variant.platforms is not None and fault.platform not in variant.platforms:
        return False
    exception = _exception_at(depth, fault)
    if variant.typed is not None and not variant.typed(exception):
        return False
    return all(test(fault, exception, depth) for test in variant.known_tests)


def type_names(exceptions: tuple[ExceptionFact, ...]) -> set[str]:
    """Name all types of a chain, with and without their modules, and their bases."""
    names: set[str] = set()
    for exception in exceptions:
        names.add(exception.type)
        if exception.module:
            names.add(f"{exception.module}.{exception.type}")
        for base in exception.mro:
            names.add(base)
            names.add(base.rpartition(".")[2])
    return names


def has_codes(exception: ExceptionFact) -> bool:
    """Say whether an exception bears any code: most do not."""
    return (
        exception.errno is not None
        or bool(exception.errno_name)
        or bool(exception.sqlstate)
        or bool(exception.code)
        or bool(exception.grpc)
    )


def codes_of(exception: ExceptionFact) -> Codes:
    """List the codes that an exception bears, each with the field it is looked up by."""
    codes = []
    if exception.sqlstate:
        codes.append(("sqlstate", exception.sqlstate))
    if exception.code:
        codes.append(("code", exception.code))
    if exception.grpc:
        codes.append(("grpc", exception.grpc))
    number = errno_name(exception.errno) if exception.errno is not None else ""
    if number:
        codes.append(("errno", number))
    if exception.errno_name and exception.errno_name != number:
        codes.append(("errno", exception.errno_name))
    return tuple(codes)


def _exception_at(depth: int, fault: Fault) -> ExceptionFact:
    return fault.exceptions[depth] if depth < len(fault.exceptions) else NO_EXCEPTION


def _exc_fact(depth: int, exception: ExceptionFact) -> Fact:
    name = f"{exception.module}.{exception.type}" if exception.module else exception.type
    return Fact("cause" if depth else "exception.type", name[:VALUE_CHARS_MAX])


def evidence(variant: Variant, depth: int, fault: Fault, texts: Sequence[str]) -> tuple[Fact, ...]:
    """List what the rule's fields saw."""
    exception = _exception_at(depth, fault)
    facts = []
    for field in variant.evidence_fields:
        if field == "exc":
            facts.append(_exc_fact(depth, exception))
        elif field == "message":
            facts.append(Fact("message", texts[depth][:VALUE_CHARS_MAX]))
        else:
            fact, value = _other_fact(field, variant, fault, depth)
            facts.append(Fact(fact, value[:VALUE_CHARS_MAX]))
    return tuple(facts)


def _other_fact(field: str, variant: Variant, fault: Fault, depth: int) -> tuple[str, str]:
    exception = _exception_at(depth, fault)
    condition = variant.condition
    match field:
        case "status":
            return "http.status", str(fault.status)
        case "errno":
            return "errno", errno_name(exception.errno) if exception.errno is not None else exception.errno_name
        case "cause":
            deeper = filter(type_test(many(condition.cause)), fault.exceptions[depth + 1 :])
            return "cause", next(deeper, NO_EXCEPTION).type
        case "header":
            return "header", ", ".join(condition.header)
        case "context":
            return "context", ", ".join(f"{name}={fault.context.get(name)}" for name in condition.context)
        case "endpoint":
            return "endpoint", f"{fault.method} {fault.url}"
        case "module":
            return "exception.module", exception.module
    source = exception if hasattr(exception, field) else fault
    return field, str(getattr(source, field, ""))
