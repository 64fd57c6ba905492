"""The facts of an event that rules look at."""

from naosu.domain.event import Event, ExceptionValue, Frame, Level
from naosu_sdk.classify import ExceptionFact, Fault, extract_facts
from naosu_sdk.classify.extract import wrapped_driver_exception

CHAIN_MAX = 12
"""A deeper chain or wider group tells nothing more; the outermost and the root cause are always among them."""

_LAST_HANDLERS = frozenset(
    ("excepthook", "onuncaughtexception", "UncaughtExceptionHandler", "AppDomain.UnhandledException")
)


def ended_process(event: Event) -> bool:
    """Whether the process died of it: sent as fatal, or caught by what runs last and not by a request's handler."""
    if event.level is Level.FATAL:
        return True
    last = event.exceptions[-1] if event.exceptions else None
    return last is not None and last.handled is False and last.mechanism in _LAST_HANDLERS


def fault_of(event: Event) -> Fault:
    """Give an event's facts, the outermost exception first. A driver's exception that is only quoted is added."""
    facts = [_fact(exception) for exception in _chain(event.exceptions)]
    message = event.message
    if facts:
        quoted = wrapped_driver_exception(facts[0].message) if facts[0].message.startswith("(") else None
        if quoted is not None and not any(fact.type == quoted.type and fact.module == quoted.module for fact in facts):
            facts.append(extract_facts(quoted))
    elif message:
        facts.append(extract_facts(ExceptionFact(type="", message=message)))
        message = ""
    return Fault(
        exceptions=tuple(facts),
        message=message,
        status=event.status_code,
        level="fatal" if ended_process(event) else event.level._value_,  # as `value`, without a property's cost
        logger=event.logger,
        platform=event.platform,
        method=event.request_method,
        url=event.request_url,
        context=dict(event.tags),
    )


def _chain(exceptions: tuple[ExceptionValue, ...]) -> tuple[ExceptionValue, ...]:
    if len(exceptions) <= CHAIN_MAX:
        return exceptions[::-1]
    return (*exceptions[:-CHAIN_MAX:-1], exceptions[0])


def _fact(exception: ExceptionValue) -> ExceptionFact:
    module, name = exception.module, exception.type
    if not module:
        module, name = _split(name)
    elif module in {"builtins", "exceptions"}:
        module = ""
    frames = exception.frames
    return extract_facts(
        ExceptionFact(
            type=name,
            module=module,
            message=exception.value,
            errno=exception.errno,
            crash_module=frames[-1].module if frames else "",
            crash_line=crash_line(frames) if frames else "",
        )
    )


def _split(name: str) -> tuple[str, str]:
    """Split the module off a type's name, where the whole name was sent as the type; modules come out dotted."""
    if "." in name:  # Java, .NET and others
        module, _, name = name.rpartition(".")
    elif "\\" in name:  # PHP
        module, _, name = name.rpartition("\\")
        module = module.replace("\\", ".")
    elif "::" in name:  # Ruby
        module, _, name = name.rpartition("::")
        module = module.replace("::", ".")
    else:
        return "", name
    return "" if module in {"builtins", "exceptions"} else module, name


def crash_line(frames: tuple[Frame, ...]) -> str:
    """Give the application's source line that led to the crash; the crash's own where none is known to be its."""
    for frame in reversed(frames):
        if frame.in_app:
            return frame.context_line
    return frames[-1].context_line
