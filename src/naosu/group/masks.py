"""Message → tokens, with every value that looks like data replaced by its kind."""

import re
from functools import lru_cache

from naosu.group.words import words

CHARS_MAX = 2000
TOKENS_MAX = 48
CHUNK_CHARS_MAX = 200
BLOB_CHARS_MIN = 32
FREE = "<*>"

# Every quantifier is bounded or consumes what nothing after it could want: linear whatever a sender writes.
_SCAN = re.compile(
    r"""(?P<url>[A-Za-z][A-Za-z0-9+.\-]{1,12}://[^\s'"<>]{1,500})
      |(?P<quoted>(?<!\w)'[^'\n]{0,200}'(?!\w)|"[^"\n]{0,200}"|`[^`'\n]{0,200}[`'])
      |(?P<object><?\b[\w.]{1,80}\ object\ at\ 0x[0-9a-fA-F]{4,16}>?
          |\#<[\w:]{1,80}(?::0x[0-9a-fA-F]{1,16})?[^>\n]{0,100}>)
      |(?P<chunk>[^\s"'`,;=()\[\]{}<>|]+(?:'[a-z]{1,2}(?!\w))?)
      |(?P<punct>\S)""",
    re.VERBOSE,
)
_TIME = (
    r"\d{4}-\d\d?-\d\d?(?:t\d\d:?\d\d.*)?|\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[ap]m|z)?"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{4}/\d\d/\d\d"
)
_DURATION = (
    r"[-+]?\d+(?:\.\d+)?(?:ns|us|µs|ms|s|sec|secs|seconds|m|min|mins|h|hours?|d|days?)"
    r"|(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?m?s"
)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("<uuid>", r"\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?"),
        ("<int>", r"[-+#$€£¥]?\d{1,3}(?:[,_]\d{3})+|[-+#$€£¥]?\d+|0x[0-9a-f]+"),
        ("<time>", _TIME),
        ("<duration>", _DURATION),
        ("<float>", r"[-+$€£¥]?\d*[.,]\d+(?:e[-+]?\d+)?[%€$£¥]?|[-+]?\d+(?:\.\d+)?[%€$£¥]|[-+]?\d+e[-+]?\d+"),
        ("<size>", r"\d+(?:\.\d+)?(?:b|kb|mb|gb|tb|kib|mib|gib|bytes|px|x)"),
        ("<ip>", r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?|\[?(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\]?(?::\d+)?"),
        ("<email>", r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{1,24}"),
        ("<path>", r"(?:~|\.{1,2})?/\S*|[a-z]:[\\/]\S*|\\\\\S+|[^\s/]+(?:/[^\s/]+){2,}/?|[^\s/]+/[^\s/]*\.[a-z]{1,5}"),
        ("<hex>", r"(?=[0-9a-f]*\d)[0-9a-f]{6,}|(?=[0-9]*[a-f])[0-9a-f]{16,}"),
    )
)
# An identifier with at most two digits at its end is a name (users_v2, base64), not a number with letters.
_NAME = re.compile(
    r"[a-z]+(?:[_.][a-z]+)*[_.]?v?\d{1,2}|[A-Z]?[a-z]{3,}\d{1,2}|utf-\d+|iso-?\d+-\d+|(?:[a-z_][a-z0-9_]*\.){1,8}[A-Z][A-Za-z]*",
    re.ASCII,
)
_BLOB = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")
_VALIDATION = re.compile(r"\d+ validation errors? for ")
_HIDDEN = re.compile(r"\[(?:Filtered|REDACTED|redacted|filtered|scrubbed|Scrubbed)[^\]\n]{0,40}\]|\*{4,}")
_TRAIL = ".:!?…"


@lru_cache(maxsize=16384)
def _mask_core(core: str) -> str:
    for kind, pattern in _KINDS:
        if pattern.fullmatch(core):
            return kind
    if ":" in core.strip(":") and "::" not in core:
        return ":".join(_mask_core(part) if part else "" for part in core.split(":"))
    if not any(map(str.isdigit, core)):
        long = len(core) >= BLOB_CHARS_MIN and _BLOB.fullmatch(core) and "_" not in core and core != core.lower()
        return "<blob>" if long else core
    return core if _NAME.fullmatch(core) else "<id>"


@lru_cache(maxsize=16384)
def _mask_chunk(chunk: str) -> tuple[str, ...]:
    """One chunk without blanks or brackets; punctuation at its end stays a token of its own."""
    if len(chunk) > CHUNK_CHARS_MAX:
        return ("<blob>",)
    core = chunk.rstrip(_TRAIL)
    if not core:
        return (chunk,)
    trail = chunk[len(core) :]
    return (_mask_core(core), trail) if trail else (_mask_core(core),)


def first_lines(message: str) -> str:
    """The line that says what happened; what follows (SQL, parameters, hints) is data.

    Pydantic is the exception: its first line counts the errors, its next two name the field and the fault.
    """
    text = message[:CHARS_MAX].strip()
    if "\n" not in text:
        return text
    lines = [line for line in text.split("\n") if line.strip()]
    if _VALIDATION.match(lines[0]):
        return " ".join(
            line.partition(" [type=")[0] + (" :" if number == 1 else "") for number, line in enumerate(lines[:3])
        )
    if lines[0].rstrip().endswith(":") and len(lines) > 1:
        return f"{lines[0]} {lines[1]}"
    return lines[0]


def mask(message: str) -> tuple[str, ...]:
    """The message's tokens: words as they are, values as ``<kind>``, quoted texts still in their quotes."""
    return _mask(first_lines(message))


@lru_cache(maxsize=2048)
def _mask(message: str) -> tuple[str, ...]:
    tokens: list[str] = []
    for found in _SCAN.finditer(_HIDDEN.sub("<hidden>", message)):
        kind, text = found.lastgroup, found.group()
        if kind == "chunk":
            core = text.rstrip(_TRAIL)
            tokens.extend(
                (core, *([text[len(core) :]] * (core != text))) if _keeps_number(tokens, core) else _mask_chunk(text)
            )
        elif kind == "quoted":
            tokens.append(f"'{text[1:-1]}'")
        else:
            tokens.append(f"<{kind}>" if kind in {"url", "object"} else text)
        if len(tokens) >= TOKENS_MAX:
            break
    return _fold(tokens)


def _fold(tokens: list[str]) -> tuple[str, ...]:
    """A list of values (``1, 2, 3``) is one value: its length must not matter."""
    folded: list[str] = []
    for token in tokens[:TOKENS_MAX]:
        if is_value(token) and folded:
            if folded[-1] == token:
                continue
            if len(folded) > 1 and folded[-1] == "," and folded[-2] == token:
                folded.pop()
                continue
        folded.append(token)
    return tuple(folded)


def is_value(token: str) -> bool:
    """Whether the token stands for data."""
    return token[0] == "<" and token[-1] == ">"


def is_word(token: str) -> bool:
    """Whether the token is a word of the message's own."""
    return not is_value(token) and any(map(str.isalpha, token))


# What is quoted after or before these names a part of the program, not data.
_NOUNS_BEFORE = words(
    """
    module named name attribute attributes table column relation constraint index type class function method
    property argument arguments arg parameter field object variable reading setting permission role schema sequence
    database view operator template fixture import keyword member label bean component service invoke because evaluating
    read assign tablespace near expected got codec encoding option scope action event queue topic bucket header env
    """
)
_NOUNS_AFTER = words(
    "object codec constraint attribute field column table relation property violates instance argument service module"
)
_IDENTIFIER = re.compile(r"[A-Za-z_$@:<][\w.$:@()\[\]<>?-]{0,79}")
_LOCAL = re.compile(r"<local\d+>")


# Numbers after these are codes, each of which is a problem of its own.
_NUMBERED = words("errno winerror sqlstate status http statuscode status_code exit")
_CODE_DIGITS_MAX = 5


def _keeps_number(tokens: list[str], text: str) -> bool:
    """``[Errno 111]``, ``status 503``: the number is a name."""
    before = next((token.lower() for token in reversed(tokens[-2:]) if is_word(token)), "")
    return before in _NUMBERED and text.isdecimal() and len(text) <= _CODE_DIGITS_MAX


def _previous_word(tokens: tuple[str, ...], at: int) -> str:
    for index in range(at - 1, max(-1, at - 4), -1):
        if is_word(tokens[index]):
            return tokens[index].lower()
        if tokens[index][0] == "'":
            return "and"
    return ""


def _is_symbol(tokens: tuple[str, ...], at: int, line: str) -> bool:
    inner = tokens[at][1:-1]
    if not _IDENTIFIER.fullmatch(inner):
        return False
    if len(tokens) == 1:
        return bool(line) and (
            f"'{inner}'" in line or f'"{inner}"' in line or f".{inner}" in line or f":{inner}" in line
        )
    before = _previous_word(tokens, at)
    if before in _NOUNS_BEFORE:
        return True
    if before in {"key", "keys"}:
        return (bool(line) and inner in line) or tokens[max(0, at - 2)] == "for"
    return at + 1 < len(tokens) and tokens[at + 1] in _NOUNS_AFTER and _mask_core(inner) == inner


def _is_quoted(text: str) -> bool:
    return text[0] == "'" and len(text) > 1


@lru_cache(maxsize=2048)
def settle_quotes(tokens: tuple[str, ...], line: str = "") -> tuple[str, ...]:
    """Quoted names of the program stay (``attribute 'id'``, a key of the crash line); quoted data become ``<str>``."""
    if not any(map(_is_quoted, tokens)):
        return tokens
    settled = []
    for at, one in enumerate(tokens):
        if not _is_quoted(one):
            settled.append(one)
        elif _is_symbol(tokens, at, line):
            settled.append(_LOCAL.sub("<local>", one))
        else:
            settled.append("<str>")
    return _fold(settled)


@lru_cache(maxsize=2048)
def text_of(tokens: tuple[str, ...]) -> str:
    """The tokens as a line to read."""
    return _TIGHT_AFTER.sub(r"\1", _TIGHT_BEFORE.sub(r"\1", " ".join(tokens).replace("( )", "()")))


_TIGHT_BEFORE = re.compile(r" ([.,:;!?)\]}…>]|=|\(\))")
_TIGHT_AFTER = re.compile(r"([(\[{=]|(?<=\s)<|\[<) ")
