import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.web.flash import MESSAGES
from naosu.web.i18n import LANGUAGES, choose_language, translations
from naosu.web.words import SHAPES, WORDS, text_of, tone_of


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("fr", "fr"),
        ("fr-CA,en;q=0.8", "fr"),
        ("de,ja;q=0.5,fr;q=0.4", "ja"),
        ("en;q=0.1,fr;q=0.2", "fr"),
        ("fr;q=0,en", "en"),
        ("fr;q=nonsense,ja;q=0.1", "ja"),
        ("", "en"),
        ("de", "en"),
        ("*", "en"),
    ],
)
def test_the_browser_gets_the_first_language_that_it_wants_and_we_speak(header: str, expected: str):
    assert choose_language(accept_language=header) == expected


def test_a_persons_choice_wins_over_the_cookie_and_that_over_the_browser():
    assert choose_language("ja", "fr", accept_language="en") == "ja"
    assert choose_language("", "fr", accept_language="en") == "fr"
    assert choose_language("xx", "", accept_language="fr") == "fr"


@given(st.text(max_size=200))
def test_no_header_makes_an_error_or_a_language_that_we_do_not_speak(header: str):
    assert choose_language(accept_language=header) in LANGUAGES


def test_one_and_many_differ_where_the_language_says_so():
    one, many = "%(num)s event", "%(num)s events"
    assert translations("fr").ngettext(one, many, 0) != translations("fr").ngettext(one, many, 2)
    assert translations("ja").ngettext(one, many, 1) == translations("ja").ngettext(one, many, 2)


def test_every_word_for_a_status_or_severity_has_a_shape_of_its_own():
    names = [*WORDS["status"], *WORDS["severity"]]
    shapes = [SHAPES[name] for name in names]
    assert len(set(shapes)) == len(names)


def test_a_name_that_we_have_no_word_for_stands_for_itself():
    assert text_of("facet", "tenant") == ""
    assert tone_of("tenant") == ""


def test_every_message_after_a_form_is_a_sentence():
    assert all(text.endswith(".") for text in MESSAGES.values())
