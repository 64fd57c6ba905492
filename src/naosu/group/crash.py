"""Event → crash: all that one event says by itself about where and how it failed."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec

from naosu.domain.event import Event, ExceptionValue, Frame
from naosu.domain.fingerprint import GroupingPart
from naosu.group import blame, texts
from naosu.group.csp import CspReport, csp_report
from naosu.group.frames import Place, app_frames, library_entry, place_of
from naosu.group.masks import CHARS_MAX, mask, settle_quotes, text_of
from naosu.group.source import (
    IMPLICIT_TYPES,
    LINE_CHARS_MAX,
    MINIFIED_CHARS_MIN,
    Shape,
    fault_expression,
    has_words,
    is_bare,
    is_overflow,
    raises,
    shape_from_line,
    shape_from_mask,
)
from naosu.group.surroundings import full_statement
from naosu.group.titles import headline

ALGORITHM = "v1"
CALLER_FRAMES_MAX = 8
EXCEPTIONS_MAX = 50
CIRCLE_FRAMES_MAX = 60


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says about its own identity.

    Attributes:
        site_key: Names the state that grouping needs from earlier events; empty when it needs none.
        key: The parts of the fingerprint that this event alone decides.
        shape: The message's tokens, still to be matched with the site's templates when `site_key` is set.
        parts: The explanation so far.
        type: Of the outermost exception, ``Error`` where none was sent; empty for messages.
        message: The message that counts, as sent.
        title: One line for people: the outermost type as sent, and its own message.
    """

    site_key: str = ""
    key: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()
    parts: tuple[GroupingPart, ...] = ()
    type: str = ""
    message: str = ""
    title: str = ""
    site: Place = Place("", "")
    culprit: str = ""
    caller: str = ""


def locate(event: Event) -> Crash:
    """What `event` alone says: types, crash site, message shape, and whether earlier messages of the site matter."""
    if event.exceptions:
        return _locate_exception(event)
    report = csp_report(event)
    if report is not None:
        return _locate_csp(report)
    return _locate_message(event)


def digest(parts: Sequence[str], size: int = 16) -> str:
    """Hex digits that stand for the parts."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=size).hexdigest()


def _finish(key: tuple[str, ...], shape: Shape, parts: list[GroupingPart], message: str) -> Crash:
    """Settle the key now when nothing is to be learnt; else leave the shape to the site."""
    site_key = "" if shape.settled else f"{ALGORITHM}:{digest(key, 12)}"
    fixed = (*key, "shape", *shape.tokens) if shape.settled else key
    if shape.tokens:
        parts.append(texts.part(texts.MESSAGE_SHAPE, text_of(shape.tokens), _SHAPE_NOTES[shape.source]))
    else:
        parts.append(texts.part(texts.MESSAGE_SHAPE, "", texts.SHAPE_EMPTY, counted=False))
    return Crash(site_key=site_key, key=fixed, shape=shape.tokens, parts=tuple(parts), message=message)


_SHAPE_NOTES = {
    "line": texts.SHAPE_FROM_LINE,
    "runtime": texts.SHAPE_OF_RUNTIME,
    "mask": texts.SHAPE_FROM_MASK,
    "parser": texts.SHAPE_OF_PARSER,
}


# — exceptions —


class _Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The deciding exception as its innermost in-app frame shows it."""

    exception: ExceptionValue
    own: list[Frame]
    line: str
    shape: Shape
    site: Place
    explicit: bool


def _locate_exception(event: Event) -> Crash:
    chain, members = _split_groups(event.exceptions[-EXCEPTIONS_MAX:])
    types = _type_chain(chain)
    sent = dict.fromkeys(value.type for value in chain if value.type)
    parts = [texts.part(texts.EXCEPTION_TYPES, " → ".join(sent), _TYPES_NOTE[len(types) > 1])]
    key: tuple[str, ...] = ("exception", *types)
    if members:
        key = (*key, "members", *members)
        parts.append(texts.part(texts.GROUP_MEMBERS, ", ".join(members), texts.MEMBERS_SET))
    deciding, frames, own = _deciding(chain, event.stack)
    if not own:
        located = _locate_without_app(event, key, parts, deciding, frames)
        return msgspec.structs.replace(located, title=headline(chain[-1].type, chain[-1].value))
    crash = _read(event, deciding, own, crashed_here=frames[-1] is own[0])
    parts.append(texts.part(texts.CRASH_SITE, _words_of(crash.site), texts.SITE_IN_APP))
    key = (*key, "site", crash.site.module, crash.site.function)
    key += _expression_key(crash, parts) + _caller_key(crash, parts) + _wrapper_key(chain[-1], deciding, parts)
    path = _caller_path(own)
    parts.append(texts.part(texts.CALLER_PATH, path, texts.PATH_IS_FACET, counted=False))
    located = _finish(key, crash.shape, parts, deciding.value)
    return msgspec.structs.replace(
        located,
        type=chain[-1].type or "Error",
        title=headline(chain[-1].type, chain[-1].value),
        site=crash.site,
        culprit=_words_of(crash.site),
        caller=path,
    )


_TYPES_NOTE = (texts.TYPES_ONE, texts.TYPES_CHAIN)


def _split_groups(exceptions: Sequence[ExceptionValue]) -> tuple[Sequence[ExceptionValue], tuple[str, ...]]:
    """The chain that ends with the outermost exception, and the group's members as a sorted set."""
    groups = {value.exception_id for value in exceptions if value.is_group and value.exception_id >= 0}
    if not groups:
        return exceptions, ()
    inside = set(groups)
    for value in sorted(exceptions, key=lambda value: value.exception_id):
        if value.parent_id in inside:
            inside.add(value.exception_id)
    below = {value.exception_id for value in exceptions if value.parent_id in inside}
    members = sorted({_member(value) for value in exceptions if value.exception_id in below and not value.is_group})
    chain = [value for value in exceptions if value.exception_id not in below]
    return chain or exceptions, tuple(members)


def _member(value: ExceptionValue) -> str:
    own = app_frames(value.frames)
    return f"{value.type} in {_words_of(place_of(own[0]))}" if own else value.type


def _type_chain(chain: Sequence[ExceptionValue]) -> tuple[str, ...]:
    """Cause first; a type that repeats (retries, the same error wrapped again) counts once."""
    return tuple(dict.fromkeys(value.type or "Error" for value in chain))


def _deciding(
    chain: Sequence[ExceptionValue], stack: Sequence[Frame]
) -> tuple[ExceptionValue, Sequence[Frame], list[Frame]]:
    """The exception whose site identifies the problem, its frames, and those of them that are the application's.

    It is the first cause, unless the code that handled the cause failed by itself: then that is the problem.
    """
    first: tuple[ExceptionValue, Sequence[Frame], list[Frame]] | None = None
    for value in chain:
        own = app_frames(value.frames)
        if own:
            first = (value, value.frames, own)
            break
    if first is None:
        frames = next((value.frames for value in chain if value.frames), stack)
        return chain[0], frames, app_frames(frames)
    last = chain[-1]
    if last is first[0] or last.is_group or last.type not in IMPLICIT_TYPES:
        return first
    own = app_frames(last.frames)
    handler_failed = bool(own) and last.frames[-1] is own[0] and raises(own[0].context_line) is False
    return (last, last.frames, own) if handler_failed else first


def _read(event: Event, exception: ExceptionValue, own: list[Frame], *, crashed_here: bool) -> _Reading:
    if is_overflow(exception.type, exception.value):
        full = Shape(("stack", "overflow"), settled=True, source="runtime")
        return _Reading(exception=exception, own=own, line="", shape=full, site=_circle(own), explicit=False)
    line = own[0].context_line[:LINE_CHARS_MAX]
    message = exception.value[:CHARS_MAX]
    said = raises(line)
    shape = None
    if crashed_here and said:
        line = full_statement(event, exception, own[0])
        shape = shape_from_line(message, line[: 2 * LINE_CHARS_MAX]) if message else None
    explicit = said if said is not None else exception.type.rpartition(".")[2] not in IMPLICIT_TYPES
    return _Reading(
        exception=exception,
        own=own,
        line=line,
        shape=shape or shape_from_mask(message, exception.type, own[0].context_line[:LINE_CHARS_MAX]),
        site=_named_place(own),
        explicit=explicit and crashed_here,
    )


def _circle(own: Sequence[Frame]) -> Place:
    """One fixed function of the circle of calls that filled the stack."""
    places = Counter(map(place_of, own[:CIRCLE_FRAMES_MAX]))
    often = [place for place, times in places.items() if times > 1] or [_named_place(own)]
    return min(often, key=lambda place: (place.module, place.function))


def _named_place(own: Sequence[Frame]) -> Place:
    """The crash site; a lambda or closure is named after the function of its file that encloses it."""
    site = place_of(own[0])
    if not site.anonymous:
        return site
    for frame in own[1:6]:
        outer = place_of(frame)
        if outer.module == site.module and outer.function:
            return Place(site.module, f"{outer.function}.<anonymous>")
    return site


def _expression_key(crash: _Reading, parts: list[GroupingPart]) -> tuple[str, ...]:
    """Which expression failed, so that two faults of one function stay apart; nothing when it was raised on purpose."""
    if crash.explicit and crash.site.function:
        if is_bare(crash.line) and crash.shape.source != "line":
            parts.append(texts.part(texts.FAULT_EXPRESSION, "", texts.RAISED_ELSEWHERE, counted=False))
        if crash.shape.tokens or not crash.line:
            return ()
        said = " ".join(crash.line.split())[:MINIFIED_CHARS_MIN]
        parts.append(texts.part(texts.FAULT_EXPRESSION, said, texts.EXPRESSION_SAYS))
        return ("expression", said)
    line = crash.line
    expression = fault_expression(crash.exception.type, text_of(crash.shape.tokens), line) if line else ""
    if not crash.site.function and not expression and len(line) < MINIFIED_CHARS_MIN:
        expression = " ".join(line.split())
    if not expression:
        return ()
    parts.append(texts.part(texts.FAULT_EXPRESSION, expression, texts.EXPRESSION_FAILED))
    return ("expression", expression)


def _caller_key(crash: _Reading, parts: list[GroupingPart]) -> tuple[str, ...]:
    caller = blame.caller_of(crash.own, crash.site) if crash.explicit else None
    if caller is None or not blame.blames_caller(crash.exception, crash.site, caller, constant=crash.shape.constant):
        return ()
    parts.append(texts.part(texts.CALLER, _words_of(caller), texts.HELPER_SPEAKS_FOR_CALLER))
    return ("caller", caller.module, caller.function)


def _wrapper_key(outer: ExceptionValue, deciding: ExceptionValue, parts: list[GroupingPart]) -> tuple[str, ...]:
    """What a deliberate wrapper says in fixed words; the place that wraps is on the path, and does not count."""
    if outer is deciding or not outer.value:
        return ()
    own = app_frames(outer.frames)
    if not own or not raises(own[0].context_line):
        return ()
    shape = shape_from_line(outer.value, own[0].context_line)
    if shape is None or not shape.settled:
        return ()
    parts.append(texts.part(texts.WRAPPER_SHAPE, text_of(shape.tokens), texts.WRAPPER_SAYS))
    return ("wrapper", *shape.tokens)


def _locate_without_app(
    event: Event,
    key: tuple[str, ...],
    parts: list[GroupingPart],
    deciding: ExceptionValue,
    frames: Sequence[Frame],
) -> Crash:
    entry = library_entry(frames)
    shape = shape_from_mask(deciding.value, deciding.type, "")
    kind = deciding.type or "Error"
    if entry is None:
        parts.append(texts.part(texts.CRASH_SITE, "", texts.SITE_UNKNOWN, counted=False))
        located = _finish(key, shape, parts, deciding.value)
        return msgspec.structs.replace(located, type=kind, culprit=event.transaction or event.logger)
    site = place_of(entry)
    key = (*key, "library", site.module, site.function)
    parts.append(texts.part(texts.CRASH_SITE, _words_of(site), texts.SITE_IN_LIBRARY))
    located = _finish(key, shape, parts, deciding.value)
    return msgspec.structs.replace(located, type=kind, site=site, culprit=_words_of(site))


def _words_of(place: Place) -> str:
    if place.function and place.module:
        return f"{place.function} in {place.module}"
    return place.function or place.module


def _caller_path(own: Sequence[Frame]) -> str:
    """In-app functions from the outermost to the crash, the middle of a long path left out."""
    shown = own if len(own) <= CALLER_FRAMES_MAX else (*own[: CALLER_FRAMES_MAX - 1], own[-1])
    names = [(place := place_of(frame)).function or place.module for frame in shown]
    if len(own) > CALLER_FRAMES_MAX:
        names.insert(CALLER_FRAMES_MAX - 1, "…")
    return " → ".join(dict.fromkeys(reversed(names)))


# — messages and reports —


def _locate_csp(report: CspReport) -> Crash:
    parts = (
        texts.part(texts.CSP_DIRECTIVE, report.directive, texts.CSP_COUNTS),
        texts.part(texts.CSP_BLOCKED, report.blocked, texts.CSP_COUNTS),
    )
    title = f"blocked {report.directive}: {report.blocked}"
    return Crash(
        key=("csp", report.directive, report.blocked),
        parts=parts,
        message=title,
        culprit=report.directive,
        type="CSP",
        title=headline("", title),
    )


def _locate_message(event: Event) -> Crash:
    parts = [texts.part(texts.LOGGER, event.logger, texts.LOGGER_COUNTS, counted=bool(event.logger))]
    key: tuple[str, ...] = ("message", event.logger)
    own = app_frames(event.stack)
    site = place_of(own[0]) if own else Place("", "")
    if own and not event.message_template:
        key = (*key, "site", site.module, site.function)
        parts.append(texts.part(texts.CRASH_SITE, _words_of(site), texts.SITE_OF_MESSAGE))
    shape = _message_shape(event)
    if not shape.tokens:
        key = (*key, "transaction", event.transaction, event.level)
        parts.append(texts.part(texts.TRANSACTION, event.transaction, texts.TRANSACTION_STANDS_IN))
    culprit = _words_of(site) or event.transaction or event.logger
    located = _finish(key, shape, parts, event.message or event.message_template)
    return msgspec.structs.replace(located, site=site, culprit=culprit, title=headline("", located.message))


def _message_shape(event: Event) -> Shape:
    """A template of the sender's own is settled; a text already filled in is masked, and learnt from."""
    template = event.message_template
    message = event.message or template
    if template != message and has_words(template):
        return Shape(settle_quotes(mask(template)), settled=True, source="line")
    return shape_from_mask(message, "", "")
