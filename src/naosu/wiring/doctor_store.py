"""The doctor's look at what a data folder holds: whether the store works, and whether anything piles up."""

from datetime import timedelta
from pathlib import Path

from naosu.domain.errors import NaosuError
from naosu.queue.inbox import measure_depth
from naosu.wiring.build import open_store
from naosu.wiring.doctor import Finding, Health
from naosu.wiring.settings import Settings
from naosu.wiring.system import SystemClock

BACKLOG_LATE = timedelta(minutes=1)


def examine_store(settings: Settings) -> list[Finding]:
    """Check the database and the inbox; nothing to check in a folder that was never used."""
    data = Path(settings.data)
    if not settings.database and not (data / "naosu.db").exists():
        return [Finding(check="database", health=Health.GOOD, detail="none yet; the first start makes it")]
    return [check_store(settings), check_inbox(data)]


def check_store(settings: Settings) -> Finding:
    """See whether the store can be read and written, and whether dead letters wait."""
    try:
        with open_store(settings) as store:
            store.check()
            dead_count = store.totals().dead_count
    except NaosuError as error:
        mend = error.mend or "Is the database server running, and does its URL have the right user and password?"
        return Finding(check="database", health=Health.TROUBLE, detail=str(error), mend=mend)
    if dead_count:
        mend = "See `naosu dead list`; after an update, `naosu dead redrive --all`."
        return Finding(check="database", health=Health.WARNING, detail=f"{dead_count} dead letters wait", mend=mend)
    return Finding(check="database", health=Health.GOOD, detail="can be read and written")


def check_inbox(data: Path) -> Finding:
    """See whether accepted reports wait for longer than a working digester lets them."""
    depth = measure_depth(data / "inbox")
    if depth.oldest_at is not None and SystemClock().now() - depth.oldest_at > BACKLOG_LATE:
        detail = f"{depth.report_count} reports wait, the oldest since {depth.oldest_at:%Y-%m-%d %H:%M:%S} UTC"
        mend = "Is the server running? Its log says what the digest process waits for."
        return Finding(check="inbox", health=Health.WARNING, detail=detail, mend=mend)
    return Finding(check="inbox", health=Health.GOOD, detail=f"{depth.report_count} reports wait")
