"""Dates, spans and numbers in the reader's language and zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from babel.dates import format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from markupsafe import Markup, escape

COMPACT_FROM = 100_000
SECOND = timedelta(seconds=1)


@cache
def zone_named(name: str) -> tzinfo:
    """Return the zone, or UTC when there is none of that name (the name comes from a cookie)."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return UTC


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How one reader sees dates and numbers.

    Attributes:
        now: When the page was made. UTC, aware.
    """

    locale: Locale
    zone: tzinfo
    now: datetime

    def full(self, moment: datetime) -> str:
        """Return date and time to the second, with its zone."""
        return format_datetime(moment, "medium", tzinfo=self.zone, locale=self.locale) + f" {self.zone_name(moment)}"

    def zone_name(self, moment: datetime) -> str:
        """Return the zone's short name at that moment, ``UTC`` or ``JST``."""
        return moment.astimezone(self.zone).tzname() or "UTC"

    def clock(self, moment: datetime) -> str:
        """Return the time of day, to the second."""
        return format_time(moment.astimezone(self.zone), "medium", tzinfo=self.zone, locale=self.locale)

    def day(self, moment: datetime) -> str:
        """Return the day, short."""
        return format_skeleton("MMMd", moment.astimezone(self.zone), tzinfo=self.zone, locale=self.locale)

    def hour(self, moment: datetime) -> str:
        """Return day and hour, short."""
        local = moment.astimezone(self.zone)
        return f"{self.day(moment)} {format_time(local, 'short', tzinfo=self.zone, locale=self.locale)}"

    def span(self, length: timedelta) -> str:
        """Return a length of time in words: ``3 minutes``."""
        return format_timedelta(length, locale=self.locale, threshold=1.2)

    def ago(self, moment: datetime) -> str:
        """Return how long ago (or ahead) a moment is, in words."""
        distance = moment - self.now
        if abs(distance) < SECOND:
            distance = -SECOND  # "in 0 seconds" is nothing that people say
        return format_timedelta(distance, add_direction=True, locale=self.locale, threshold=1.2)

    def tag(self, moment: datetime | None) -> Markup:
        """Return a ``<time>`` that reads relative, and tells the full date on hover and to machines."""
        if moment is None:
            return Markup("–")
        stamp = moment.astimezone(UTC).isoformat(timespec="seconds")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, self.full(moment), self.ago(moment))

    def tag_full(self, moment: datetime | None) -> Markup:
        """Return a ``<time>`` that reads as the full date."""
        if moment is None:
            return Markup("–")
        stamp = escape(moment.astimezone(UTC).isoformat(timespec="seconds"))
        return Markup('<time datetime="{}">{}</time>').format(stamp, self.full(moment))

    def number(self, value: float) -> str:
        """Return a number with its thousands set apart."""
        return format_decimal(value, locale=self.locale)

    def short(self, value: int) -> str:
        """Return a number that fits a narrow column: exact below 100,000, then ``1.2M``."""
        if value < COMPACT_FROM:
            return format_decimal(value, locale=self.locale)
        return format_compact_decimal(value, locale=self.locale, fraction_digits=1)

    def percent(self, share: float) -> str:
        """Return a share of 1 as a percentage."""
        return format_percent(share, locale=self.locale)
