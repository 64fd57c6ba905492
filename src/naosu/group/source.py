"""What the crash line itself says: was the error raised on purpose, with which words, or which expression failed."""

import re
from functools import lru_cache

import msgspec

from naosu.group.masks import FREE, first_lines, is_value, is_word, mask, settle_quotes
from naosu.group.words import words

LINE_CHARS_MAX = 1000
MINIFIED_CHARS_MIN = 300

_RAISE = re.compile(
    r"(?:^|[\s;{:(]|=>)(?:raise\b(?!_)|throw\b|panic!?\(|abort\(|die\(|exit\(|assert\b|assert!\(|bail!\(|fail\(|trigger_error\("
    r"|Promise\.reject\(|reject\(|(?:fmt|errors|xerrors|pkgerrors)\.(?:Errorf|New|Wrapf?)\(|Objects\.requireNonNull\("
    r"|(?:sentry_sdk|Sentry|sentry)\.[cC]apture\w{1,20}\(|log(?:ger|ging)?\.(?:exception|error|warning|critical|fatal)\()"
)
_BARE = re.compile(r"(?:^|[\s;{:])(?:raise|throw)\s*(?:;|$|#|//|[a-z_$][\w.$]*\s*(?:;|$|#|from\b))")
_LITERAL = re.compile(
    r"""([rbfuRBFUL$@]{0,2})("(?:[^"\\\n]|\\.){0,400}"|'(?:[^'\\\n]|\\.){0,400}'|`(?:[^`\\]|\\.){0,400}`)"""
)
_PLACEHOLDER = re.compile(
    r"\$\{[^{}]{0,100}\}|#\{[^{}]{0,100}\}|\{[^{}]{0,100}\}"
    r"|%\(\w{1,40}\)[-+# 0]*\d*(?:\.\d+)?[a-zA-Z]|%[-+#0]{0,4}\d{0,4}(?:\.\d{1,3})?[a-zA-Z@]"
    r"|\$[A-Za-z_]\w{0,40}(?:->\w{1,40}|\[[^\]]{1,40}\])*"
)
_ESCAPE = re.compile(r"\\(.)")
LITERAL_CHARS_MIN = 3
_LETTERS_MIN = 3
_PROSE_WORDS = 3
_FAILED = re.compile(
    r"(?:fail\w*|error|reason|declined|rejected|denied|refused|aborted|because|cannot \w+)\s*[:=(-]$", re.I
)
_CODE = re.compile(r"[a-z]{2,}(?:[_-][a-z]+)+|[A-Z]{2,}(?:_[A-Z]+)*|[A-Z][a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:\.[a-z_]+)+")


class Shape(msgspec.Struct, frozen=True, gc=False):
    """A message's shape.

    Attributes:
        tokens: Words, and ``<kind>`` for values.
        settled: Whether nothing of it is left to learn from other messages.
        source: ``line``: the crash line contains its words; ``mask``: only masking was possible; ``runtime``: the
            wording is the language's; ``parser``: it describes the input.
        constant: The line gives a message without any value in it.
    """

    tokens: tuple[str, ...]
    settled: bool
    source: str
    constant: bool = False


@lru_cache(maxsize=2048)
def raises(line: str) -> bool | None:
    """True: the line raises on purpose. False: something in it failed. None: there is no line to tell from."""
    code = line[:LINE_CHARS_MAX]
    if not code.strip() or len(line) > MINIFIED_CHARS_MIN * 3 or code.startswith("{snip}"):
        return None
    return bool(_RAISE.search(code))


@lru_cache(maxsize=2048)
def _segments(line: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each string literal after the raise: as it stands, and cut at its placeholders."""
    started = _RAISE.search(line)
    code = line[started.start() :] if started else line
    found = []
    for literal in _LITERAL.finditer(code[:LINE_CHARS_MAX]):
        text = _ESCAPE.sub(r"\1", literal.group(2)[1:-1].replace("\\n", "\n"))
        text = text.partition("\n")[0]
        if len(text.strip()) < LITERAL_CHARS_MIN:
            continue
        parts = tuple(_PLACEHOLDER.split(text.replace("{{", "{").replace("}}", "}")))
        found.append((text, parts))
    return tuple(found[:12])


def _match(message: str, line: str) -> list[tuple[str, bool]] | None:
    """The message cut into (text, whether the line wrote it), or None when the line does not contain it."""
    pieces: list[tuple[str, bool]] = []
    at = letters = 0
    for whole, parts in _segments(line):
        for candidate in ((whole,), parts):
            cut = _consume(message, at, candidate)
            if cut is not None:
                at, new = cut
                pieces.extend(new)
                letters += sum(map(str.isalpha, "".join(text for text, written in new if written)))
                break
    if letters < _LETTERS_MIN:
        return None
    if at < len(message):
        pieces.append((message[at:], False))
    return pieces


def _consume(message: str, at: int, parts: tuple[str, ...]) -> tuple[int, list[tuple[str, bool]]] | None:
    new: list[tuple[str, bool]] = []
    for part in parts:
        if not part:
            continue
        found = message.find(part, at)
        if found < 0:
            return None
        if found > at:
            new.append((message[at:found], False))
        new.append((part, True))
        at = found + len(part)
    return (at, new) if any(written and text.strip() for text, written in new) else None


def _is_prose(tokens: tuple[str, ...]) -> bool:
    words = [token for token in tokens if is_word(token)]
    return sum(word[0].islower() and word.isalpha() for word in words) >= _PROSE_WORDS


def _gives_reason(before: str, tokens: tuple[str, ...]) -> bool:
    """``failed: card_declined``: a word of the program's vocabulary, or plain words after a word of failure."""
    if not before.endswith((":", "=", "(", "-")):
        return False
    if len(tokens) == 1 and _CODE.fullmatch(tokens[0]):
        return True
    return bool(_FAILED.search(before)) and all(token.isalpha() and token.islower() for token in tokens)


def _slot(text: str, before: str, last: bool) -> tuple[tuple[str, ...], bool]:
    """A slot's tokens, and whether to learn from them: prose is a message of its own, a code at the end a reason."""
    tokens = settle_quotes(mask(text))
    if not tokens:
        return (), False
    if _is_prose(tokens):
        return tokens, True
    is_reason = last and _gives_reason(before.rstrip(), tokens)
    return (tokens, True) if is_reason else ((FREE,), False)


def _has_placeholder(line: str) -> bool:
    return any(_PLACEHOLDER.search(whole) for whole, _ in _segments(line))


@lru_cache(maxsize=2048)
def shape_from_line(message: str, line: str) -> Shape | None:
    """The shape when the line that raises contains the message's words; None when it does not."""
    pieces = _match(first_lines(message), line)
    if pieces is None:
        return None
    if all(written for _, written in pieces) or (not _has_placeholder(line) and _one_call(line)):
        return Shape(settle_quotes(mask(message), line), settled=True, source="line", constant=True)
    tokens: list[str] = []
    learn = False
    for at, (text, written) in enumerate(pieces):
        before = pieces[at - 1][0] if at else ""
        values, worth = (settle_quotes(mask(text)), False) if written else _slot(text, before, at == len(pieces) - 1)
        learn = learn or worth
        glued = bool(tokens and values) and not (before[-1:].isspace() or text[:1].isspace())
        if glued and FREE in {tokens[-1][-3:], values[0][:3]}:
            tokens[-1] += values[0]
            values = values[1:]
        tokens.extend(values)
    return Shape(tuple(tokens), settled=not learn, source="line")


_ONLY_LITERALS = re.compile(
    r"\((?:\s*(?:-?\d[\d.]*|[rbfu]?\"[^\"]*\"|[rbfu]?'[^']*'|True|False|None|null|true|false)\s*,?)*\)"
)


def _one_call(line: str) -> bool:
    """Whether the raise passes literals only, so that its message is always the same."""
    started = _RAISE.search(line)
    code = line[started.start() : started.start() + 400] if started else ""
    return bool(_ONLY_LITERALS.search(code))


_SUBSCRIPT = re.compile(r"[\w.$>\-)\]]{1,60}\[[^\[\]]{1,60}\]")
_DIVISOR = re.compile(r"(?:/{1,2}|%)\s*([\w.$]{1,60}(?:\([^()]{0,40}\))?)")
_CALL = re.compile(r"([A-Za-z_$][\w.$]{0,60})\s*\(")
_DEF = re.compile(
    r"^\s*(?:async\s+)?(?:def|function|func)\s+\w{1,80}\s*\([^)]{0,200}\)\s*(?:->\s*[\w\[\], .|]{1,60})?:?"
)
_ATTRIBUTE = re.compile(r"(?:attribute|property|method|reading|setting|function) '(\w{1,80})'|\(reading '(\w{1,80})'\)")
_COMMENT = re.compile(r"\s(?:#|//)[^'\"]*$")
_KEYWORDS = frozenset(
    {
        "if",
        "for",
        "while",
        "return",
        "and",
        "or",
        "not",
        "in",
        "elif",
        "with",
        "await",
        "yield",
        "lambda",
        "def",
        "print",
        "switch",
        "catch",
    }
)


@lru_cache(maxsize=2048)
def fault_expression(type_name: str, message: str, line: str) -> str:
    """The part of the line that can have failed with this error; edits elsewhere on the line do not change it."""
    if len(line) > MINIFIED_CHARS_MIN:
        return ""
    code = _COMMENT.sub("", _DEF.sub("", line[:MINIFIED_CHARS_MIN]))
    if type_name in {"KeyError", "IndexError", "IndexOutOfRangeException", "KeyNotFoundException"} and (
        found := _SUBSCRIPT.findall(code)
    ):
        return " ".join(dict.fromkeys(found))
    if type_name in {"ZeroDivisionError", "DivisionByZeroError", "DivideByZeroException", "InvalidOperation"} and (
        found := _DIVISOR.findall(code)
    ):
        return "/ " + " ".join(dict.fromkeys(found))
    attribute = _ATTRIBUTE.search(message)
    if attribute:
        name = attribute.group(1) or attribute.group(2)
        receiver = re.search(rf"([\w.$\])]{{1,60}}?)\s*(?:\?\.|\.|->)\s*{re.escape(name)}\b", code)
        return f"{receiver.group(1)}.{name}" if receiver else ""
    return " ".join(dict.fromkeys(name for name in _CALL.findall(code) if name not in _KEYWORDS))


# Faults of the language itself: their wording is the runtime's, and nobody chose to raise them.
IMPLICIT_TYPES = words(
    """
    KeyError IndexError AttributeError TypeError NameError UnboundLocalError ZeroDivisionError RecursionError
    UnicodeDecodeError UnicodeEncodeError StopIteration StopAsyncIteration OverflowError FloatingPointError
    MemoryError ImportError ModuleNotFoundError SyntaxError IndentationError ReferenceError RangeError URIError
    NullPointerException ArrayIndexOutOfBoundsException StringIndexOutOfBoundsException IndexOutOfBoundsException
    ClassCastException ArithmeticException NegativeArraySizeException NumberFormatException StackOverflowError
    OutOfMemoryError NoSuchElementException ConcurrentModificationException NoClassDefFoundError
    ClassNotFoundException NullReferenceException IndexOutOfRangeException KeyNotFoundException
    InvalidCastException DivideByZeroException FormatException NoMethodError DivisionByZeroError ErrorException
    runtime.Error runtime.boundsError runtime.plainError
    """
)


# What a parser says describes its input: another text, another complaint, the same problem.
_PARSER = re.compile(r"(?:Decode|Parse|Parser|Parsing|Scanner|Token|Syntax|JsonReader)(?:Error|Exception)$")
_PARSING = re.compile(
    r"\b(?:strptime|fromisoformat|parse\w{0,30}|loads|decode|int|float|Decimal|UUID|literal_eval)\s?\("
)
_PARSING_TYPES = frozenset({"ValueError", "InvalidOperation"})
INPUT = "<input>"


def _is_parsing(type_name: str, line: str) -> bool:
    if _PARSER.search(type_name) and "SQL" not in type_name:
        return True
    return type_name in _PARSING_TYPES and bool(_PARSING.search(line))


def shape_from_mask(message: str, type_name: str, line: str) -> Shape:
    """The shape from masking alone. The runtime's own wording is settled; anybody else's words are learnt from."""
    if _is_parsing(type_name, line) and raises(line) is False:
        return Shape((INPUT,), settled=True, source="parser")
    tokens = settle_quotes(mask(message), line)
    free_words = sum(is_word(token) for token in tokens)
    if type_name.rpartition(".")[2] in IMPLICIT_TYPES and not (len(tokens) == 1 and not line):
        return Shape(tokens, settled=True, source="runtime")
    return Shape(tokens, settled=free_words == 0, source="mask", constant=not any(map(is_value, tokens)))


def has_words(template: str) -> bool:
    """Whether anything but placeholders is in the template."""
    return any(map(str.isalpha, _PLACEHOLDER.sub("", template)))


_OVERFLOW_TYPES = frozenset({"RecursionError", "StackOverflowError", "SystemStackError", "StackOverflowException"})


def is_overflow(type_name: str, message: str) -> bool:
    """Whether the stack was full: where in the circle of calls that happened, and in which words, is chance."""
    return type_name.rpartition(".")[2] in _OVERFLOW_TYPES or "call stack size exceeded" in message


def is_bare(line: str) -> bool:
    """Whether the line raises something made elsewhere (``raise error``, ``throw e;``)."""
    return bool(_BARE.search(line[:LINE_CHARS_MAX]))
