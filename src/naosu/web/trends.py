"""Sparklines for lists of issues: one query for all of them."""

from collections.abc import Sequence
from datetime import timedelta

from markupsafe import Markup

from naosu.domain.issue import Issue
from naosu.web.charts import Series, coarser, hourly_series, sparkline
from naosu.web.shell import Visit

SPARK_HOURS = 7 * 24
SPARK_STEP_HOURS = 6
DAY_HOURS = 24


def spark_series(visit: Visit, issues: Sequence[Issue]) -> dict[int, Series]:
    """Return the hourly counts of the last week for each issue."""
    now = visit.times.now
    counts = visit.context.store.hourly_counts([issue.id for issue in issues], since=now - timedelta(hours=SPARK_HOURS))
    return {issue.id: hourly_series(counts.get(issue.id, []), now=now, hours=SPARK_HOURS) for issue in issues}


def sparks(visit: Visit, issues: Sequence[Issue]) -> dict[int, Markup]:
    """Return a sparkline of the last week for each issue."""
    drawn = {}
    for issue_id, series in spark_series(visit, issues).items():
        label = visit.text("%(count)s events in the last 7 days", count=visit.times.number(series.total))
        drawn[issue_id] = sparkline(coarser(series, factor=SPARK_STEP_HOURS), label=label)
    return drawn
