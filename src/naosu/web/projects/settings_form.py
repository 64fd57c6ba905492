"""A project's settings, read from its form: what the form does not show stays as it is."""

import msgspec

from naosu.domain.errors import InvalidInputError
from naosu.domain.project import ProjectSettings, RateLimit, Retention, ScrubSettings
from naosu.normalize.scrub import check_pattern
from naosu.web.shell import Visit, whole_number

RETENTION_DAYS_MAX = 3_650
EVENTS_MAX_MAX = 1_000_000_000
LINES_MAX = 100
LINE_LENGTH_MAX = 200


def read_settings(visit: Visit, present: ProjectSettings) -> ProjectSettings:
    """Return the settings with what the form changes. Raises InvalidInputError."""
    scrub = ScrubSettings(
        emails=visit.field("scrub_emails") == "yes",
        ip_addresses=visit.field("scrub_ips") == "yes",
        fields=read_lines(visit.field("scrub_fields")),
        patterns=read_patterns(visit.field("scrub_patterns")),
        keep=read_lines(visit.field("scrub_keep")),
    )
    retention = Retention(
        days=_number(visit.field("retention_days"), RETENTION_DAYS_MAX),
        events_max=_number(visit.field("events_max"), EVENTS_MAX_MAX),
    )
    return msgspec.structs.replace(
        present,
        scrub=scrub,
        retention=retention,
        rate_limits=_rate_limits(visit.field("rate_limit"), present),
        allowed_origins=read_lines(visit.field("allowed_origins")) or ("*",),
    )


def read_lines(text: str) -> tuple[str, ...]:
    """Return non-empty lines, trimmed, each once. Raises InvalidInputError when there are too many or too long ones."""
    lines = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(lines) > LINES_MAX or any(len(line) > LINE_LENGTH_MAX for line in lines):
        raise InvalidInputError(f"At most {LINES_MAX} lines of at most {LINE_LENGTH_MAX} characters.")
    return lines


def read_patterns(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``name = pattern`` lines. Raises InvalidInputError for what is no regular expression."""
    patterns = []
    for line in read_lines(text):
        name, equals, pattern = (part.strip() for part in line.partition("="))
        if not equals or not name or not pattern:
            raise InvalidInputError(f"Write “name = pattern”, not “{line}”.")
        check_pattern(pattern)
        patterns.append((name, pattern))
    return tuple(patterns)


def _number(text: str, highest: int) -> int:
    number = whole_number(text)
    if not 1 <= number <= highest:
        raise InvalidInputError(f"A number from 1 to {highest} is needed.")
    return number


def _rate_limits(text: str, present: ProjectSettings) -> tuple[RateLimit, ...]:
    """The form shows the limit over all categories per minute; others, set by the API, stay."""
    others = tuple(limit for limit in present.rate_limits if limit.categories or limit.window_s != 60)  # noqa: PLR2004
    if not text:
        return others
    return (RateLimit(quantity=_number(text, EVENTS_MAX_MAX), window_s=60), *others)
