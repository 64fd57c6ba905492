"""What goes into the matcher, and what comes out."""

from typing import Literal

import msgspec

CATEGORIES = (
    "DATABASE",
    "AUTH",
    "VALIDATION",
    "ORM",
    "RESPONSE",
    "PERFORMANCE",
    "SECURITY",
    "NETWORK",
    "RESOURCE",
    "CONFIG",
    "CODE",
    "UNKNOWN",
)
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")

Retry = Literal["never", "safe", "if_idempotent", "after_action"]
RETRYABLE: dict[str, bool] = {"never": False, "safe": True, "if_idempotent": True, "after_action": False}


class ExceptionFact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One exception of a chain.

    Attributes:
        type: Class name without its module.
        module: Where the class is defined. Empty: unknown or built in.
        mro: Names of its base classes, nearest first, when the sender knows them.
        sqlstate: Five characters, when the driver or the message gives them.
        code: The vendor's own code: ``1062``, ``ORA-00942``, ``card_declined`` …
        crash_module: Module of the function that raised it.
        crash_line: The application's source line on which it happened.
    """

    type: str
    module: str = ""
    message: str = ""
    mro: tuple[str, ...] = ()
    errno: int | None = None
    errno_name: str = ""
    sqlstate: str = ""
    code: str = ""
    grpc: str = ""
    crash_module: str = ""
    crash_line: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All that a rule may look at.

    Attributes:
        exceptions: Outermost first, root cause last.
        message: What was logged, or the answer's body.
        status: HTTP status of the answer. 0: unknown.
        headers: Of the answer, names in lower case.
        context: Whatever else the caller knows (a token's age, an operation's name).
    """

    exceptions: tuple[ExceptionFact, ...] = ()
    message: str = ""
    status: int = 0
    level: str = ""
    logger: str = ""
    platform: str = ""
    method: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    context: dict[str, str | int | float | bool] = {}


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One thing that a rule matched: where it was seen, and its value, at most 200 characters."""

    fact: str
    value: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the best rule says.

    Attributes:
        rule_id: ``pack/rule``. Empty: no rule matched.
        retry: Which retry is right: ``never``, ``safe``, ``if_idempotent``, ``after_action``. Empty: unknown.
        retryable: Whether the same call may work later, unchanged. None: cannot be told.
        captures: Named groups of the rule's pattern, to fill its texts.
        runner_up: The rule that would have decided otherwise. Empty: none.
    """

    rule_id: str = ""
    category: str = "UNKNOWN"
    severity: str = "MEDIUM"
    retry: str = ""
    retryable: bool | None = None
    evidence: tuple[Fact, ...] = ()
    captures: dict[str, str] = {}
    runner_up: str = ""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What people read about a rule, in one language."""

    title: str
    description: str = ""
    action: str = ""
