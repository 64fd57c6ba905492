"""From an event to its classification."""

from naosu.classify.facts import fault_of
from naosu.classify.memory import Memory
from naosu.domain.classification import Category, Classification, Evidence, Severity
from naosu.domain.event import Event, Level
from naosu_sdk.classify import Matcher

# Names bound once: making a member from its value, and looking one up in its class, cost more than the rest of this.
_CATEGORIES = {category.value: category for category in Category}
_SEVERITIES = {severity.value: severity for severity in Severity}
_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
_FATAL, _ERROR, _WARNING = Level.FATAL, Level.ERROR, Level.WARNING
_UNHANDLED = Evidence("handled", "no")


_memory: Memory | None = None  # of the one matcher that a process has; a test with several only forgets more often


def classify(event: Event, matcher: Matcher) -> Classification:
    """Say category, severity and retryability of an event, and from which facts.

    Equal events have equal classifications, so the last thousand are remembered: about 3 µs for one seen before,
    about 15 µs for a new one.
    """
    global _memory  # noqa: PLW0603 # a cache: what it holds never shows but in the time taken
    memory = _memory
    if memory is None or memory.matcher is not matcher:
        memory = _memory = Memory(matcher)
    key = memory.key_of(event)
    if key is None:
        return _classify(event, matcher)
    known = memory.get(key)
    if known is None:
        known = _classify(event, matcher)
        memory.put(key, known)
    return known


def _classify(event: Event, matcher: Matcher) -> Classification:
    verdict = matcher.classify(fault_of(event))
    severity, reason = adjusted_severity(_SEVERITIES[verdict.severity], event)
    if severity is _MEDIUM and not verdict.rule_id and _unhandled(event):
        severity = _HIGH  # an unknown error that nobody handled broke a function all the same
    evidence = [Evidence(fact.fact, fact.value) for fact in verdict.evidence]
    if reason is not None:
        evidence.append(reason)
    return Classification(
        category=_CATEGORIES[verdict.category],
        severity=severity,
        retryable=verdict.retryable,
        retry=verdict.retry,
        rule_id=verdict.rule_id,
        evidence=tuple(evidence),
    )


def adjusted_severity(severity: Severity, event: Event) -> tuple[Severity, Evidence | None]:
    """Fit the rule's severity to how the event was sent, and name the fact that changed it.

    - `info` and `debug` are information: LOW.
    - `warning` is at most MEDIUM.
    - `fatal` is at least HIGH; CRITICAL is for rules that say so: nothing works without what failed.
    - An unhandled `error` is at least MEDIUM: somebody got a broken answer, whatever its cause.
    """
    level = event.level
    adjusted, reason = severity, None
    if level is _ERROR:
        if severity is _LOW and _unhandled(event):
            adjusted, reason = _MEDIUM, _UNHANDLED
    elif level is _FATAL:
        if severity is _LOW or severity is _MEDIUM:
            adjusted, reason = _HIGH, Evidence("level", level.value)
    elif level is _WARNING:
        if severity is _HIGH or severity is _CRITICAL:
            adjusted, reason = _MEDIUM, Evidence("level", level.value)
    elif severity is not _LOW:
        adjusted, reason = _LOW, Evidence("level", level.value)
    return adjusted, reason


def _unhandled(event: Event) -> bool:
    return bool(event.exceptions) and event.exceptions[-1].handled is False
