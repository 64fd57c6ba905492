"""Small charts as inline SVG, drawn by the server. Coordinates are attributes: the CSP allows no inline style."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from markupsafe import Markup

from naosu.ports.store.issues import HourCount

HOUR = timedelta(hours=1)


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Counts in equal steps, oldest first, gaps filled with 0.

    Attributes:
        start: Of the first step. UTC, aware.
    """

    start: datetime
    step: timedelta
    counts: tuple[int, ...]

    @property
    def highest(self) -> int:
        """The largest count; 0 when there is none."""
        return max(self.counts, default=0)

    @property
    def total(self) -> int:
        """The sum."""
        return sum(self.counts)


def hour_start(moment: datetime) -> datetime:
    """Return the beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def hourly_series(counts: Sequence[HourCount], *, now: datetime, hours: int) -> Series:
    """Return the last hours up to now, in which hours without events count 0."""
    start = hour_start(now) - HOUR * (hours - 1)
    known = {entry.hour: entry.count for entry in counts}
    return Series(start=start, step=HOUR, counts=tuple(known.get(start + HOUR * i, 0) for i in range(hours)))


def coarser(series: Series, *, factor: int) -> Series:
    """Return the series with so many steps joined to one; the newest step is always whole."""
    cut = len(series.counts) % factor
    counts = series.counts[cut:]
    joined = tuple(sum(counts[i : i + factor]) for i in range(0, len(counts), factor))
    return Series(start=series.start + series.step * cut, step=series.step * factor, counts=joined)


def _bars(series: Series, *, width: int, height: int) -> Markup:
    highest = series.highest or 1
    slot = width / max(len(series.counts), 1)
    drawn = [
        f"M{i * slot + slot * 0.12:.1f} {height}v-{max(height * count / highest, 1.5):.1f}h{slot * 0.76:.1f}V{height}z"
        for i, count in enumerate(series.counts)
        if count
    ]
    # S704: numbers only.
    return Markup(f'<path class="bars" d="{"".join(drawn)}"/>')  # noqa: S704


def sparkline(series: Series, *, label: str) -> Markup:
    """Return a small bar chart whose text for screen readers is `label`."""
    body = _bars(series, width=120, height=27)
    return Markup(
        '<svg class="spark" viewBox="0 0 120 28" preserveAspectRatio="none" role="img" aria-label="{}">{}'
        '<path class="base" d="M0 27.5H120"/></svg>'
    ).format(label, body)


def bar_chart(series: Series, *, label: str) -> Markup:
    """Return a wide bar chart; axes are set in HTML around it."""
    body = _bars(series, width=960, height=119)
    return Markup(
        '<svg class="chart" viewBox="0 0 960 120" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="grid" d="M0 .5H960M0 60H960"/>{}<path class="base" d="M0 119.5H960"/></svg>'
    ).format(label, body)


def share_bar(part: int, whole: int) -> Markup:
    """Return a thin bar of which `part` of `whole` is filled; decoration: the figures stand beside it."""
    width = 100 * part / whole if whole > 0 else 0
    return Markup(
        '<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="all" width="100" height="4" rx="1"/><rect class="part" width="{}" height="4" rx="1"/></svg>'
    ).format(f"{min(max(width, 0), 100):.1f}")
