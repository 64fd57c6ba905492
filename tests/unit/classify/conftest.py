"""Events as SDKs would send them, and the matcher with all shipped packs."""

from datetime import UTC, datetime

import pytest

from naosu.domain.event import Event, ExceptionValue, Frame, Level
from naosu_sdk.classify import Matcher

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher.load()


@pytest.fixture
def make_event():
    def make(*chain: tuple[str, str, str], handled=None, line="", errno=None, mechanism="", **fields) -> Event:
        """Build an event; `chain` is outermost first, as (module, type, message)."""
        frames = (Frame(module="shop.app", function="f", in_app=True, context_line=line),) if line else ()
        exceptions = fields.pop("exceptions", ()) or tuple(
            ExceptionValue(
                module=module, type=name, value=text, handled=handled, frames=frames, errno=errno, mechanism=mechanism
            )
            for module, name, text in reversed(chain)
        )
        fields.setdefault("platform", "python")
        fields["level"] = Level(fields.get("level", "error"))
        return Event(
            event_id="0" * 32, project_id=1, occurred_at=NOON, received_at=NOON, exceptions=exceptions, **fields
        )

    return make
