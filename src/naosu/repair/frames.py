"""Which file of the source tree a frame is in, though the path is another machine's and lines have drifted."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from naosu.domain.evidence import CodeFrame, Crash, Raised
from naosu.ports.fixer import SourceTree
from naosu.repair.tracebacks import Chain

_INSTALLED = re.compile(r".*?(?:site-packages|dist-packages|<site-packages>)/")
_LIBRARY = re.compile(r"<(?!app>|src>|source>)[^>]*>|.*?/lib(?:64)?/python3[.\d]*/|.*?/(?:node_modules|\.venv|venv)/")


class FrameMatcher:
    """Finds the application's own frames. Remembers what it found: make one for each reading of a source tree."""

    def __init__(self, source: SourceTree) -> None:
        self._source = source
        self._found: dict[CodeFrame, CodeFrame] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in source.paths():
            self._by_name[path.rpartition("/")[2]].append(path)

    def crash(self, chain: Chain, count: int = 1) -> Crash:
        """Return a crash whose frames name their files in the source tree."""
        return Crash(
            chain=tuple(
                msgspec.structs.replace(raised, frames=tuple(map(self.frame, raised.frames))) for raised in chain
            ),
            count=count,
        )

    def raised(self, raised: Raised) -> Raised:
        """Return an exception whose frames name their files in the source tree."""
        return msgspec.structs.replace(raised, frames=tuple(map(self.frame, raised.frames)))

    def frame(self, frame: CodeFrame) -> CodeFrame:
        """Return a frame with its file in the source tree, and the line where that line's text stands now.

        A frame without a file there is none of the application's own, and is returned as it is.
        """
        if frame not in self._found:
            path = self._path(frame)
            located = msgspec.structs.replace(frame, source_path=path, line=self._line(path, frame)) if path else frame
            self._found[frame] = located
        return self._found[frame]

    def _path(self, frame: CodeFrame) -> str:
        printed = frame.path.replace("\\", "/")
        installed = _INSTALLED.match(printed)
        if installed:
            return self._installed(printed[installed.end() :], frame)
        if _LIBRARY.match(printed):
            return ""
        parts = printed.split("/")
        ranked = sorted(
            self._by_name.get(parts[-1], ()),
            key=lambda path: (-_agreeing(parts, path.split("/")), -self._likeness(path, frame), path.count("/"), path),
        )
        return next((path for path in ranked if self._is_it(path, parts, frame)), "")

    def _installed(self, inside: str, frame: CodeFrame) -> str:
        """Return the file of an application that was installed as a package: its whole module path must agree."""
        if "/" not in inside:
            return ""
        candidates = [path for path in self._by_name.get(inside.rpartition("/")[2], ()) if _ends_with(path, inside)]
        return next((path for path in candidates if self._likeness(path, frame) > 0), "")

    def _is_it(self, path: str, parts: Sequence[str], frame: CodeFrame) -> bool:
        """Tell whether a file is the frame's. Where the folders agree only in part, its text has to bear it out."""
        own = path.split("/")
        agreeing = _agreeing(parts, own)
        likeness = self._likeness(path, frame)
        if agreeing == len(own) > 1:
            return likeness >= 0 or not frame.code
        known_whole = agreeing in (len(own), len([part for part in parts if part not in (".", "<app>")]))
        return likeness > 0 or (known_whole and likeness == 0)

    def _likeness(self, path: str, frame: CodeFrame) -> int:
        """Return how much a file's text bears out that the frame is in it: 3 the very line … -1 nothing of it."""
        text = self._source.text(path)
        if text is None:
            return -1
        lines = text.splitlines()
        if frame.code:
            if 0 < frame.line <= len(lines) and _same(lines[frame.line - 1], frame.code):
                return 3
            if any(_same(line, frame.code) for line in lines):
                return 2
        name = frame.function.rpartition(".")[2]
        if name and not name.startswith("<"):
            return 1 if f"def {name}(" in text or f"class {name}" in text else -1
        return 0 if not frame.code else -1

    def _line(self, path: str, frame: CodeFrame) -> int:
        """Return the line where the frame's text stands now: the nearest, if it has moved."""
        lines = (self._source.text(path) or "").splitlines()
        places = [number for number, line in enumerate(lines, start=1) if frame.code and _same(line, frame.code)]
        return min(places, key=lambda number: abs(number - frame.line), default=frame.line)


def _same(line: str, code: str) -> bool:
    return line.strip() == code.strip()


def _agreeing(parts: Sequence[str], own: Sequence[str]) -> int:
    """Return how many of the last parts of two paths agree."""
    count = 0
    for printed, here in zip(reversed(parts), reversed(own), strict=False):
        if printed != here:
            break
        count += 1
    return count


def _ends_with(path: str, inside: str) -> bool:
    return path == inside or path.endswith(f"/{inside}")


def merged(crashes: Iterable[Crash]) -> tuple[Crash, ...]:
    """Return distinct crashes with their counts added up, the most frequent first, otherwise as they came."""
    kept: dict[object, Crash] = {}
    for crash in crashes:
        key = _identity(crash)
        known = kept.get(key)
        kept[key] = crash if known is None else msgspec.structs.replace(known, count=known.count + crash.count)
    return tuple(sorted(kept.values(), key=lambda crash: -crash.count))


def _identity(crash: Crash) -> object:
    return tuple((raised.type, key_phrase(raised.message), _site(raised)) for raised in crash.chain)


def _site(raised: Raised) -> tuple[tuple[str, str, int], ...]:
    own = [frame for frame in raised.frames if frame.source_path] or list(raised.frames[-1:])
    return tuple((frame.source_path or frame.path, frame.function, frame.line) for frame in own)


_VARIES = re.compile(
    r"""0x[0-9a-fA-F]+
    | \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b
    | \b[0-9a-fA-F]{16,}\b
    | \b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*
    | (?<![\w.])\d+(?:\.\d+)?(?![\w.])
    """,
    re.VERBOSE,
)


def key_phrase(message: str) -> str:
    """Return a message's first line without addresses, ids, times and numbers: what equal faults say alike."""
    return _VARIES.sub("#", message.strip().partition("\n")[0])[:300]
