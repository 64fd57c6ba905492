"""Which texts the screens show: what the catalogues must hold, found in the code and the templates."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract

WEB_DIR = Path(__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "mark": None, "mark_plural": (1, 2), "text": None}
JINJA_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.do"}

Message = str | tuple[str, str]


def shown_messages() -> Iterator[tuple[Message, str]]:
    """Yield every translatable text, a plural as a pair, with the file that shows it."""
    for path in sorted(WEB_DIR.rglob("*")):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract"}.get(path.suffix)
        if method is None:
            continue
        with path.open("rb") as source:
            for _line, found, _comments, _context in extract(method, source, KEYWORDS, options=JINJA_OPTIONS):
                yield _message(found), path.relative_to(WEB_DIR).as_posix()


def _message(found: str | tuple[str, ...]) -> Message:
    return found if isinstance(found, str) else (found[0], found[1])
