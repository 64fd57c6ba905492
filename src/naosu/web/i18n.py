"""Languages: catalogues read by Babel at start, and which one a reader gets. English is the source."""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES: dict[str, str] = {"en": "English", "ja": "日本語", "fr": "Français"}
# English dates the way in which logs and most operators write them: day first, 24 hours.
LOCALES: dict[str, str] = {"en": "en_GB", "ja": "ja", "fr": "fr"}
LOCALE_DIR = Path(__file__).parent / "locale"


def mark(text: str) -> str:
    """Return the text as it is: the mark by which extraction finds texts that are translated where they are shown."""
    return text


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """Return both forms as they are: the same mark for texts with a plural."""
    return one, many


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language, compiled in memory: there is no build step."""
    path = LOCALE_DIR / language / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def choose_language(*wishes: str, accept_language: str = "") -> str:
    """Return the first wish that is spoken here, else what the browser prefers, else English."""
    for wish in (*wishes, *preferred_languages(accept_language)):
        if (language := wish.split("-")[0].lower()) in LANGUAGES:
            return language
    return "en"


def preferred_languages(accept_language: str) -> Iterable[str]:
    """Return the languages of an Accept-Language header, the most wanted first; nonsense counts as unwanted."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:500].split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if name and weight > 0:
            ranked.append((-weight, position, name))
    return [name for _, _, name in sorted(ranked)]
