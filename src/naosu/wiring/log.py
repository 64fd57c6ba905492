"""What the server says on stderr: for people, or one JSON object a line."""

import logging
import sys
from typing import Any

from naosu.wiring.settings import LogSettings

_settings = LogSettings()


def configure_log(settings: LogSettings) -> None:
    """Let `structlog` and the standard library write in this form, from this level on, to stderr."""
    import structlog

    global _settings  # noqa: PLW0603 - a process has one log
    _settings = settings
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if settings.format == "json" else structlog.dev.set_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.level.upper(), force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def use_log(settings: LogSettings) -> None:
    """Remember how to write, without importing anything: the supervisor seldom has something to say."""
    global _settings  # noqa: PLW0603 - a process has one log
    _settings = settings


def say(level: str, name: str, **facts: Any) -> None:
    """Write one line of the supervisor's; loads the log's machinery only if there is something to write."""
    if logging.getLevelName(level.upper()) < logging.getLevelName(_settings.level.upper()):
        return
    import structlog

    if not structlog.is_configured():
        configure_log(_settings)
    structlog.get_logger("naosu.supervisor").log(logging.getLevelName(level.upper()), name, **facts)
