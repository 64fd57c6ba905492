"""A source tree held in memory, for tests of what only reads one."""

from collections.abc import Iterator

import libcst


class TextTree:
    """Satisfies `naosu.ports.fixer.SourceTree` with texts by path; modules are imported from its root only."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def paths(self, suffix: str = ".py") -> tuple[str, ...]:
        return tuple(sorted(path for path in self._texts if path.endswith(suffix)))

    def text(self, path: str) -> str | None:
        return self._texts.get(path)

    def module(self, path: str) -> libcst.Module | None:
        return libcst.parse_module(self._texts[path]) if path in self._texts else None

    def modules(self, *needles: str) -> Iterator[tuple[str, libcst.Module]]:
        for path in self.paths():
            if not needles or any(needle in self._texts[path] for needle in needles):
                yield path, libcst.parse_module(self._texts[path])

    def find_module(self, dotted: str) -> str | None:
        path = f"{dotted.replace('.', '/')}.py"
        return path if path in self._texts else None

    def dotted(self, path: str) -> str:
        return path.removesuffix(".py").replace("/", ".")
