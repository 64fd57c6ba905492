"""Where a value lies in a text, however it is quoted, bracketed or bare, and whether it gives anything away."""

import re

from naosu.normalize.scrub.shapes import FILTERED

_ANNOTATION = re.compile(r"[\w.\[\], |?<>]{1,60}?\s*=\s*(?=[bBrRuUfF]{0,2}[\"'`])")
_QUOTE = re.compile(r"(?P<prefix>[bBrRuUfF]{0,2}|@|\$)(?P<quote>\\*[\"'`])")
_PLAIN = re.compile(r"[^\s&;,'\"`<>()\[\]{}|\\]+")
_HEADER_VALUE = re.compile(r"[^\r\n'\"\\]+")
_AUTHORIZATION_VALUE = re.compile(r"(?:[A-Za-z][\w-]*\s+)?[^\s,'\"\\;)}\]]+")
_TAG_VALUE = re.compile(r"(?:<!\[CDATA\[)?[^<]+")
_LINE = re.compile(r"[^\r\n]+")
_ENCODED_VALUE = re.compile(r"(?:(?!%26|%3[bB])[^\s&;'\"<>])+")
_REPR = re.compile(
    r"<(?:[\w.<>$ ]+ object"
    r"|(?:function|bound method|built-in (?:function|method)|generator object|coroutine object) [^'\"=]*?)"
    r" at 0x[0-9a-fA-F]+>|<(?:class|module) '[\w.]+'[^>]*>"
)
_NOTHING = re.compile(
    r"(?:none|null|nil|true|false|undefined|nan|\[filtered\]|\[redacted\]|\[masked\]|<redacted>|\*+|x{3,}|•+|-+|\.{3}"
    r"|\[(?:email|ip):[0-9a-f]{8}\])?",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\?|\$\d{1,3}|%s|%\(\w+\)s|:[a-z_]\w*|@p\d*|\$?\{[^}]*\}|\{\{[^}]*\}\}|\$\([^)]*\)|<[a-z_ -]+>|#\{[^}]*\}|%\w+%",
    re.IGNORECASE,
)
# With what one of the three above can begin.
_NOTHING_STARTS = frozenset("nNtTfFuU[<*xX•-.?$%:@{#")
_SCHEME_ONLY = re.compile(
    r"(?:bearer|basic|token|negotiate|digest)?\s*(?:\{[^}]*\}|%s|\$\{[^}]*\}|\$\w+)?\s*", re.IGNORECASE
)
_PROSE = re.compile(r"[A-Za-z][a-z']*[,.]?(?: [A-Za-z'()]+[,.:!?]?)+")
_COMPLAINT = (
    r"(?:ErrorDetail\(string=)?(?P<q{0}>['\"])(?:This (?:field|value|password)|Ensure this|Enter a|The password is|"
    r"The two password|Passwords? must|Missing data for required)[A-Za-z0-9 ,.()]{{0,160}}\."
    r"(?P=q{0})(?:, code='\w{{1,40}}'\))?"
)
_COMPLAINTS = re.compile(rf"\[{_COMPLAINT.format(1)}(?:, ?{_COMPLAINT.format(2)}){{0,5}}\]")
STOP_WORDS = frozenset(
    [
        "expired",
        "invalid",
        "missing",
        "required",
        "not",
        "is",
        "was",
        "none",
        "null",
        "true",
        "false",
        "unknown",
        "malformed",
        "revoked",
        "has",
        "must",
        "cannot",
        "the",
        "a",
        "an",
        "got",
        "expected",
        "undefined",
        "no",
        "str",
        "int",
        "bool",
        "float",
        "bytes",
        "string",
        "object",
        "optional",
        "any",
        "list",
        "dict",
        "self",
        "cls",
        "incorrect",
        "wrong",
        "too",
        "bad",
        "empty",
        "field",
        "this",
        "that",
        "unexpected",
        "unable",
        "failed",
        "signature",
        "value",
        "error",
        "could",
        "does",
        "please",
        "your",
        "are",
        "were",
        "be",
        "will",
        "should",
        "may",
        "can",
        "for",
        "from",
        "with",
        "without",
        "and",
        "or",
        "in",
        "of",
        "to",
        "on",
        "at",
        "by",
        "if",
        "it",
        "closed",
        "open",
        "opened",
        "created",
        "started",
        "timed",
        "rejected",
        "mismatch",
        "absent",
        "forbidden",
        "denied",
        "unauthorized",
        "unsupported",
        "blank",
        "given",
    ]
)
# What follows `password: |` in YAML: all lines that are indented.
_BLOCK = re.compile(r"[|>][+-]?\d?[ \t]*\r?\n[ \t]+([^\n]+(?:\n[ \t]+[^\n]+)*)")
_PAIR_VALUE_MAX, _SLASHES_MAX, _NOTHING_MAX = 4096, 64, 1000
_OPENERS = {"{": "}", "[": "]", "(": ")"}


def value_span(text: str, at: int, kind: str, rule: str, *, code: bool) -> tuple[int, int] | None:
    """Return where the value that begins at `at` lies. None: it is nothing secret."""
    if code and kind == "assign" and (annotated := _ANNOTATION.match(text, at)):
        # after an equals sign, what a comma parts is the next argument
        at = at if "," in annotated[0] and ":" not in text[max(0, at - 3) : at] else annotated.end()
    if not code and text[at : at + 1] in "|>" and (block := _BLOCK.match(text, at)):
        return block.span(1)
    quote = _QUOTE.match(text, at)
    if quote is not None or code or kind == "pair" or at >= len(text):
        return _quoted_span(text, quote, kind, code=code) if quote is not None else None
    if kind == "multipart":
        return _kept_if_nothing(text, _LINE.match(text, at))
    if kind == "tag":
        return _kept_if_nothing(text, _TAG_VALUE.match(text, at))
    if text.startswith(FILTERED, at):
        return None
    if text[at] in _OPENERS:
        return _container_span(text, at)
    if text[at] == "<":
        return _angle_span(text, at)
    return _plain_span(text, at, kind, rule)


def _kept_if_nothing(text: str, match: re.Match[str] | None) -> tuple[int, int] | None:
    if match is None or is_nothing(match[0].strip()):
        return None
    return match.span()


def is_nothing(value: str) -> bool:
    """Say whether a value gives nothing away: empty, null, a mask, a placeholder or a plain object's rendering."""
    value = value.strip()
    if value[:1] in ("'", '"') and value[:1] == value[1:][-1:]:
        value = value[1:-1]
    if (value and value[0] not in _NOTHING_STARTS) or len(value) > _NOTHING_MAX:
        return False
    return bool(_NOTHING.fullmatch(value) or _PLACEHOLDER.fullmatch(value) or _REPR.fullmatch(value))


def _quoted_span(text: str, quote: re.Match[str], kind: str, *, code: bool) -> tuple[int, int] | None:
    start = quote.end()
    if kind == "pair":
        end, closed_at = _quote_end(text[: start + _PAIR_VALUE_MAX], start, quote["quote"])
        if closed_at == start + _PAIR_VALUE_MAX:
            end = closed_at = len(text)
    else:
        end, closed_at = _quote_end(text, start, quote["quote"])
    value = text[start:end]
    if kind == "pair" and not code and text[closed_at : closed_at + 3].lstrip()[:1] not in (")", "]", ""):
        return None
    if is_nothing(value) or _SCHEME_ONLY.fullmatch(value):
        return None
    if code and (_PROSE.fullmatch(value) or value.lower() in STOP_WORDS or names_only(value)):
        return None
    return start, end


_NAMES_ONLY = re.compile(
    r"(?:x-)?(?:[a-z]+[_-])*(?:password|token|secret|cookie|session|sessionid|csrftoken|authorization|auth|jwt)", re.I
)


def names_only(value: str) -> bool:
    """Say whether a value is the usual name of a secret, and not one."""
    return _NAMES_ONLY.fullmatch(value) is not None


def _quote_end(text: str, start: int, delimiter: str) -> tuple[int, int]:
    """Return where the quoted value ends and where its closing quote ends; a cut-off text closes it."""
    depth = min(len(delimiter) - 1, _SLASHES_MAX)
    mark = delimiter[-1]
    at = start
    while True:
        at = text.find(mark, at)
        if at < 0:
            return len(text), len(text)
        slashes = 0
        while slashes < _SLASHES_MAX and at - slashes > start and text[at - slashes - 1] == "\\":
            slashes += 1
        # Deeper escapes belong to the value; a bare quote ends a value whose own quotes were escaped.
        if slashes <= depth or (depth == 0 and slashes % 2 == 0):
            return at - min(slashes, depth), at + 1
        at += 1


def _container_span(text: str, at: int) -> tuple[int, int] | None:
    """Return a bracketed value whole, brackets in quotes not counted; None when it is empty."""
    end = _container_end(text, at)
    inner = text[at + 1 : end - 1].strip()
    if is_nothing(inner) or text.startswith(FILTERED, at) or is_complaint(text[at:end]):
        return None
    return at, end


def _container_end(text: str, at: int) -> int:
    closers = [_OPENERS[text[at]]]
    i = at + 1
    size = len(text)
    while i < size and closers:
        char = text[i]
        if char in "'\"":
            i = _quote_end(text, i + 1, char)[1]
            continue
        if char in _OPENERS:
            closers.append(_OPENERS[char])
        elif char == closers[-1]:
            closers.pop()
        i += 1
    return i


def item_spans(text: str, at: int) -> list[tuple[int, int]]:
    """Return where the items lie of the bracketed list that opens at `at`, without the blanks around them."""
    end = _container_end(text, at)
    last = end - 1 if text[end - 1 : end] == _OPENERS[text[at]] else end
    borders = [at]
    i = at + 1
    while i < last:
        char = text[i]
        if char in "'\"":
            i = _quote_end(text, i + 1, char)[1]
        elif char in _OPENERS:
            i = _container_end(text, i)
        else:
            if char == ",":
                borders.append(i)
            i += 1
    spans = []
    for before, after in zip(borders, [*borders[1:], last], strict=True):
        item = text[before + 1 : after]
        start = before + 1 + len(item) - len(item.lstrip())
        if item.strip():
            spans.append((start, start + len(item.strip())))
    return spans


def is_complaint(text: str) -> bool:
    """Say whether a bracketed list tells what is wrong with a value, as validators do, and holds no value itself."""
    return _COMPLAINTS.fullmatch(text) is not None


def _angle_span(text: str, at: int) -> tuple[int, int] | None:
    if _REPR.match(text, at):
        return None
    end = text.find(">", at)
    end = len(text) if end < 0 else end + 1
    return None if is_nothing(text[at:end]) else (at, end)


def _plain_span(text: str, at: int, kind: str, rule: str) -> tuple[int, int] | None:
    if kind == "encoded":
        return _kept_if_nothing(text, _ENCODED_VALUE.match(text, at))
    if rule == "cookie" and kind == "assign":
        return _kept_if_nothing(text, _HEADER_VALUE.match(text, at))
    pattern = _AUTHORIZATION_VALUE if rule == "authorization" else _PLAIN
    match = pattern.match(text, at)
    if match is None or is_nothing(match[0]):
        return None
    if kind == "assign" and match[0].rstrip(".,:;!?").lower() in STOP_WORDS:
        return None
    if text.startswith("(", match.end()):  # SecretStr('x'), Some("x")
        inner = _container_span(text, match.end())
        return (match.start(), inner[1]) if inner else None
    if rule == "password" and kind == "flag" and not match[0].strip("."):
        return None
    return match.span()
