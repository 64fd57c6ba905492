"""A file's text and bytes: its encoding, byte order mark and line endings survive an edit."""

import codecs
import difflib
import io
import re
import tokenize
from itertools import zip_longest

import msgspec

from naosu.actions.apply_fix.errors import PlanRefusedError

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_ENDING = re.compile(r"\r\n|\n|\r")


class Encoding(msgspec.Struct, frozen=True):
    """How a file's text is written as bytes."""

    name: str
    bom: bytes = b""

    def decode(self, content: bytes) -> str:
        """Return the text; line endings stay as they are."""
        return content[len(self.bom) :].decode(self.name)

    def encode(self, text: str, path: str) -> bytes:
        """Return the bytes.

        Raises:
            PlanRefusedError: The file's own encoding has no such character.
        """
        try:
            return self.bom + text.encode(self.name)
        except UnicodeEncodeError as error:
            raise PlanRefusedError(f"{path} is {self.name}, which cannot hold {error.object[error.start]!r}") from error


def encoding_of(content: bytes, path: str) -> Encoding | None:
    """Return a file's encoding, as Python reads it (PEP 263). None: it is no text."""
    bom = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    name = "utf-8"
    if path.endswith((".py", ".pyi")):
        try:
            name = tokenize.detect_encoding(io.BytesIO(content).readline)[0].removesuffix("-sig")
        except SyntaxError:
            return None
    try:
        content[len(bom) :].decode(name)
    except UnicodeDecodeError:
        return None
    return Encoding(name, bom)


def edited(content: bytes, before: str, after: str, path: str) -> bytes | None:
    """Return a file's new bytes: only what the edit changes differs. None: the file is not `before`."""
    encoding = encoding_of(content, path)
    if encoding is None:
        return None
    text = encoding.decode(content)
    if text.removeprefix("\ufeff") == before.removeprefix("\ufeff"):
        return encoding.encode(after.removeprefix("\ufeff"), path)
    if _ENDING.sub("\n", text) == _ENDING.sub("\n", before.removeprefix("\ufeff")):
        return encoding.encode(_with_endings_of(text, _ENDING.sub("\n", after.removeprefix("\ufeff"))), path)
    return None


def _with_endings_of(old: str, new: str) -> str:
    """Give the lines of `new` the endings that they have in `old`; new lines get the one that is most used there."""
    old_lines, new_lines = _LINE.findall(old), _LINE.findall(new)
    endings = [found.group() for line in old_lines if (found := _ENDING.search(line))]
    usual = max(endings, key=endings.count, default="\n")
    plain = [_ENDING.sub("\n", line) for line in old_lines]
    result: list[str] = []
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(
        a=plain, b=new_lines, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            result += old_lines[start:end]
            continue
        pairs = zip_longest(new_lines[new_start:new_end], old_lines[start:end])
        result += [
            line.replace("\n", found.group() if (found := _ENDING.search(was or "")) else usual)
            for line, was in pairs
            if line is not None
        ]
    return "".join(result)
