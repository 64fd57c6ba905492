import re
from collections.abc import Iterable

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from naosu.web.extract import Message, shown_messages
from naosu.web.i18n import LANGUAGES, LOCALE_DIR, translations

TRANSLATED = sorted(set(LANGUAGES) - {"en"})
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def catalogue(language: str) -> Catalog:
    with (LOCALE_DIR / language / "messages.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def texts(message: str | Iterable[str]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def shown() -> set[Message]:
    return {message for message, _file in shown_messages()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_that_the_screens_show_is_translated(language: str):
    entries = catalogue(language)
    untranslated = [
        message
        for message in shown()
        if (entry := entries.get(texts(message)[0])) is None or not all(texts(entry.string)) or entry.fuzzy
    ]
    assert not untranslated


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_catalogue_keeps_a_text_that_is_shown_no_more(language: str):
    wanted = {texts(message) for message in shown()}
    assert not [entry.id for entry in catalogue(language) if entry.id and texts(entry.id) not in wanted]


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_fill_in_the_same_values(language: str):
    wrong = [
        entry.id
        for entry in catalogue(language)
        if entry.id
        for translated in texts(entry.string)
        if set(PLACEHOLDER.findall(translated)) != set(PLACEHOLDER.findall(texts(entry.id)[-1]))
    ]
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_have_as_many_forms_as_the_language(language: str):
    entries = catalogue(language)
    wrong = [e.id for e in entries if isinstance(e.id, tuple) and len(texts(e.string)) != entries.num_plurals]
    assert not wrong


def test_french_sets_double_punctuation_apart_with_no_break_spaces():
    broken = [t for e in catalogue("fr") for t in texts(e.string) if re.search(r" [:;?!»]", t)]
    assert not broken


def test_french_uses_typographic_apostrophes():
    assert not [t for e in catalogue("fr") if e.id for t in texts(e.string) if "'" in t]


@pytest.mark.parametrize(("language", "one", "two"), [("en", "1 kept", "2 kept"), ("fr", "1 gardé", "2 gardés")])
def test_a_single_thing_is_not_spoken_of_as_many(language: str, one: str, two: str):
    catalogue_now = translations(language)
    said = [catalogue_now.ngettext("%(count)s kept", "%(count)s kept", n) % {"count": n} for n in (1, 2)]
    assert said == [one, two]
