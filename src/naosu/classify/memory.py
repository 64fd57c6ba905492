"""Classifications of events that were alike in all that rules read: a storm is one error many times over."""

from typing import Any

from naosu.classify.facts import crash_line
from naosu.domain.classification import Classification
from naosu.domain.event import Event, ExceptionValue
from naosu_sdk.classify import Matcher

REMEMBERED_MAX = 1_024
TEXT_CHARS_MAX = 500
CHAIN_MAX = 6
"""Longer texts and chains are not remembered, so that the memory stays below a few megabytes whatever arrives."""


class Memory:
    """Classifications by one matcher, the oldest half forgotten when full. Forgetting costs time and nothing else."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self._reads_address = not {"url", "endpoint"}.isdisjoint(matcher.fields_read)
        self._context_names = matcher.context_names
        self._young: dict[Any, Classification] = {}
        self._old: dict[Any, Classification] = {}

    def key_of(self, event: Event) -> Any:
        """Give all that decides an event's classification. None: too much to remember."""
        exceptions, message = event.exceptions, event.message
        if len(message) > TEXT_CHARS_MAX or len(exceptions) > CHAIN_MAX:
            return None
        chain = []
        for one in exceptions:
            if len(one.value) > TEXT_CHARS_MAX:
                return None
            chain.append(_facts_read(one))
        return (
            *chain,
            event.level._value_,  # as `value`, without a property's cost
            event.platform,
            event.logger,
            event.status_code,
            message,
            (event.request_method, event.request_url) if self._reads_address else None,
            self._tags_read(event) if self._context_names else (),
        )

    def _tags_read(self, event: Event) -> tuple[tuple[str, str], ...]:
        return tuple([tag for tag in event.tags if tag[0] in self._context_names])

    def get(self, key: Any) -> Classification | None:
        """Give what was remembered."""
        known = self._young.get(key)
        if known is None and (known := self._old.get(key)) is not None:
            self.put(key, known)
        return known

    def put(self, key: Any, classification: Classification) -> None:
        """Remember."""
        if len(self._young) >= REMEMBERED_MAX // 2:
            self._old, self._young = self._young, {}
        self._young[key] = classification

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def _facts_read(one: ExceptionValue) -> tuple[Any, ...]:
    frames = one.frames
    if not frames:
        return (one.type, one.module, one.value, one.errno, one.handled, one.mechanism)
    return (
        one.type,
        one.module,
        one.value,
        one.errno,
        one.handled,
        one.mechanism,
        frames[-1].module,
        crash_line(frames),
    )
