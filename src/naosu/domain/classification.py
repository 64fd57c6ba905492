"""What kind of fault an event is."""

from enum import StrEnum

import msgspec


class Category(StrEnum):
    """Kinds of fault. The first seven are the founding document's."""

    DATABASE = "DATABASE"
    AUTH = "AUTH"
    VALIDATION = "VALIDATION"
    ORM = "ORM"
    RESPONSE = "RESPONSE"
    PERFORMANCE = "PERFORMANCE"
    SECURITY = "SECURITY"
    NETWORK = "NETWORK"
    RESOURCE = "RESOURCE"
    CONFIG = "CONFIG"
    CODE = "CODE"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """CRITICAL: can stop the whole system; HIGH: breaks a function; MEDIUM: warning; LOW: information."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Evidence(msgspec.Struct, frozen=True):
    """One fact from which a classification was made.

    Attributes:
        fact: Where it was seen: ``exception.type``, ``message``, ``http.status``, ``errno``, ``cause`` …
        value: What was seen there, scrubbed, at most 200 characters.
    """

    fact: str
    value: str


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of the classifier on one event.

    Attributes:
        retryable: Whether the same call may work later, unchanged. None: cannot be told.
        retry: Which retry is right: ``never``, ``safe``, ``if_idempotent`` (what was sent may have been done already),
            ``after_action`` (of a person). Empty: cannot be told.
        rule_id: The rule that decided, ``pack/rule``. Empty when none matched.
        evidence: The facts that the rule matched.
    """

    category: Category = Category.UNKNOWN
    severity: Severity = Severity.MEDIUM
    retryable: bool | None = None
    rule_id: str = ""
    evidence: tuple[Evidence, ...] = ()
    retry: str = ""
