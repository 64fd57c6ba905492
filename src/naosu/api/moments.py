"""Times that clients give."""

from datetime import UTC, datetime

from naosu.domain.errors import InvalidInputError


def as_utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC; one without a zone is taken for UTC, as Sentry takes it.

    Raises:
        InvalidInputError: It lies before year 1 or after year 9999 there.
    """
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError(f"{moment.isoformat()} is no time that UTC can express.") from error
