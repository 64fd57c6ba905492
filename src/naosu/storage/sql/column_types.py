"""How values are written in columns: as small as they go, and the same in every database."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, SmallInteger
from sqlalchemy.types import TypeDecorator

from naosu.domain.classification import Category, Severity
from naosu.domain.event import Level
from naosu.domain.issue import IssueStatus
from naosu.domain.outcome import DataCategory, Outcome

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

E = TypeVar("E", bound=Enum)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is called INTEGER."""


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the moment. UTC, aware."""
    return _EPOCH + timedelta(microseconds=micros)


class Moment(TypeDecorator[datetime]):
    """A moment as microseconds since 1970: no database's ideas of time zones interfere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the number."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the moment."""
        return None if value is None else from_micros(value)


# Positions are stored: append, never reorder.
LEVELS = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR, Level.FATAL)
CATEGORIES = (
    Category.UNKNOWN,
    Category.DATABASE,
    Category.AUTH,
    Category.VALIDATION,
    Category.ORM,
    Category.RESPONSE,
    Category.PERFORMANCE,
    Category.SECURITY,
    Category.NETWORK,
    Category.RESOURCE,
    Category.CONFIG,
    Category.CODE,
)
SEVERITIES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
STATUSES = (IssueStatus.OPEN, IssueStatus.MUTED, IssueStatus.RESOLVED)
OUTCOMES = (
    Outcome.ACCEPTED,
    Outcome.FILTERED,
    Outcome.LIMITED,
    Outcome.SAMPLED,
    Outcome.INVALID,
    Outcome.DEAD,
    Outcome.LOST_BY_CLIENT,
)
DATA_CATEGORIES = (
    DataCategory.DEFAULT,
    DataCategory.ERROR,
    DataCategory.TRANSACTION,
    DataCategory.SPAN,
    DataCategory.ATTACHMENT,
    DataCategory.SESSION,
    DataCategory.MONITOR,
    DataCategory.LOG_ITEM,
    DataCategory.TRACE_METRIC,
    DataCategory.FEEDBACK,
    DataCategory.PROFILE,
    DataCategory.PROFILE_CHUNK,
    DataCategory.REPLAY,
    DataCategory.SECURITY,
    DataCategory.STATSD,
    DataCategory.INTERNAL,
)

LEVEL_CODES = {value: code for code, value in enumerate(LEVELS)}
OUTCOME_CODES = {value: code for code, value in enumerate(OUTCOMES)}
DATA_CATEGORY_CODES = {value: code for code, value in enumerate(DATA_CATEGORIES)}
CATEGORY_CODES = {value: code for code, value in enumerate(CATEGORIES)}
SEVERITY_CODES = {value: code for code, value in enumerate(SEVERITIES)}
STATUS_CODES = {value: code for code, value in enumerate(STATUSES)}


class Choice(TypeDecorator[E]):
    """One of a fixed list of values, as its position."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, choices: tuple[E, ...]) -> None:
        super().__init__()
        self.choices = choices
        self._codes = {value: code for code, value in enumerate(choices)}

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:
        """Return the position."""
        return None if value is None else self._codes[value]

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:
        """Return the value."""
        return None if value is None else self.choices[value]
