"""Changing a project's settings: sections that are given replace those that are stored, within sane bounds."""

import msgspec
from msgspec import UNSET, UnsetType

from naosu.domain.errors import InvalidInputError
from naosu.domain.fingerprint import GroupingRule
from naosu.domain.project import ProjectSettings, RateLimit, Retention, ScrubSettings
from naosu.normalize.scrub import check_pattern

LIST_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 1_000
QUANTITY_MAX = 10**9
WINDOW_S_MAX = 86_400
DAYS_MAX = 3_650


class InvalidSettingsError(InvalidInputError):
    """A setting is out of its bounds. Not retryable as it is."""

    code = "settings.invalid"


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sections of a project's settings to replace."""

    scrub: ScrubSettings | UnsetType = UNSET
    rate_limits: tuple[RateLimit, ...] | UnsetType = UNSET
    retention: Retention | UnsetType = UNSET
    grouping_rules: tuple[GroupingRule, ...] | UnsetType = UNSET
    allowed_origins: tuple[str, ...] | UnsetType = UNSET


def change_settings(settings: ProjectSettings, change: SettingsChange) -> ProjectSettings:
    """Return the settings with the given sections replaced. Raises InvalidSettingsError."""
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    changed = msgspec.structs.replace(settings, **given)
    check_settings(changed)
    return changed


def check_settings(settings: ProjectSettings) -> None:
    """Refuse settings out of their bounds. Raises InvalidSettingsError."""
    check_rate_limits(settings.rate_limits)
    _within("retention.days", settings.retention.days, 1, DAYS_MAX)
    _within("retention.events_max", settings.retention.events_max, 1, QUANTITY_MAX)
    check_scrub(settings.scrub)
    check_rules(settings.grouping_rules)
    _texts("allowed_origins", settings.allowed_origins)


def check_rate_limits(limits: tuple[RateLimit, ...]) -> None:
    """Refuse limits out of their bounds. Raises InvalidSettingsError."""
    if len(limits) > LIST_LENGTH_MAX:
        raise InvalidSettingsError(f"At most {LIST_LENGTH_MAX} rate limits.")
    for limit in limits:
        _within("rate_limits.quantity", limit.quantity, 0, QUANTITY_MAX)
        _within("rate_limits.window_s", limit.window_s, 1, WINDOW_S_MAX)
        _texts("rate_limits.categories", limit.categories)


def check_scrub(scrub: ScrubSettings) -> None:
    """Refuse scrub settings that are too long. Raises InvalidSettingsError."""
    _texts("scrub.fields", scrub.fields)
    _texts("scrub.keep", scrub.keep)
    _texts("scrub.patterns", tuple(text for pair in scrub.patterns for text in pair))
    for name, pattern in scrub.patterns:
        try:
            check_pattern(pattern)
        except InvalidInputError as error:
            raise InvalidSettingsError(f"scrub.patterns: {name}: {error}", mend=error.mend) from error


def check_rules(rules: tuple[GroupingRule, ...]) -> None:
    """Refuse rules that match everything or make nothing. Raises InvalidSettingsError."""
    if len(rules) > LIST_LENGTH_MAX:
        raise InvalidSettingsError(f"At most {LIST_LENGTH_MAX} grouping rules.")
    for rule in rules:
        if not rule.match:
            raise InvalidSettingsError("A grouping rule has at least one (field, glob) to match.")
        if not rule.fingerprint:
            raise InvalidSettingsError("A grouping rule has a fingerprint.")
        _texts("grouping_rules", (*rule.fingerprint, rule.title, *(text for pair in rule.match for text in pair)))


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidSettingsError(f"{name} is {value}; it is between {least} and {most}.")


def _texts(name: str, texts: tuple[str, ...]) -> None:
    if len(texts) > LIST_LENGTH_MAX:
        raise InvalidSettingsError(f"{name}: at most {LIST_LENGTH_MAX} entries.")
    if any(len(text) > TEXT_LENGTH_MAX for text in texts):
        raise InvalidSettingsError(f"{name}: at most {TEXT_LENGTH_MAX} characters each.")
