"""Template environments, one per language: everything is escaped, and a forgotten value is an error."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from naosu.web import charts, words
from naosu.web.assets import Asset, load_assets
from naosu.web.i18n import LANGUAGES, LOCALES, translations

TEMPLATE_DIR = Path(__file__).parent


@cache
def environments() -> dict[str, Environment]:
    """Return an environment for each language; templates are compiled once in a process."""
    return {language: _make_environment(language, load_assets()) for language in LANGUAGES}


def _make_environment(language: str, assets: Mapping[str, Asset]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    catalogue = translations(language)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]

    def static(name: str) -> str:
        return f"/static/{assets[name].hashed_name}"

    def word(kind: str, name: object) -> str:
        text = words.text_of(kind, str(name))
        return catalogue.gettext(text) if text else str(name)

    def amount(category: str, count: int) -> str:
        """Return a number with its unit: ``54 error events``."""
        one, many = words.UNITS[category]
        return catalogue.ngettext(one, many, count) % {"num": format_decimal(count, locale=LOCALES[language])}

    def shape(name: object) -> str:
        return words.SHAPES.get(str(name), words.SHAPES["circle"])

    environment.globals |= {
        "static": static,
        "word": word,
        "amount": amount,
        "shape": shape,
        "tone": words.tone_of,
        "languages": LANGUAGES,
        "share_bar": charts.share_bar,
    }
    return environment
