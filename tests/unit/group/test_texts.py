import re
import tomllib
from pathlib import Path

from grouping_samples import error, event, frame, online

from naosu.group import texts


def _catalogue() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((Path(texts.__file__).parent / "texts.toml").read_text("utf-8"))


def test_every_name_and_note_is_there_in_every_language() -> None:
    for kind, entries in _catalogue().items():
        for key, entry in entries.items():
            assert set(entry) == set(texts.LANGUAGES), (kind, key)
            assert all(entry.values()), (kind, key)


def test_every_constant_has_its_text_and_every_text_its_constant() -> None:
    catalogue = _catalogue()
    constants = {
        value for name, value in vars(texts).items() if re.fullmatch(r"[A-Z_]+", name) and isinstance(value, str)
    }
    assert constants == set(catalogue["name"]) | set(catalogue["note"])
    assert set(texts.note_ids()) == set(catalogue["note"])


def test_no_two_notes_are_the_same_sentence() -> None:
    notes = [entry["en"] for entry in _catalogue()["note"].values()]
    assert len(set(notes)) == len(notes)


def test_a_stored_note_is_found_again_in_other_languages() -> None:
    note = texts.part(texts.CRASH_SITE, "x", texts.SITE_IN_APP).note
    assert texts.note_id(note) == texts.SITE_IN_APP
    assert texts.note_in(note, "fr") != note
    assert texts.note_in("a sentence of another version", "ja") == "a sentence of another version"


def test_an_explanation_says_first_what_counts() -> None:
    grouping = online([event(error("KeyError", "'a'", frame("view"), frame("load", line="d['a']")))])[0]
    for language in texts.LANGUAGES:
        sentences = texts.explain(grouping, language)
        assert len(sentences) == len(grouping.parts)
        assert texts.name_in("exception types", language) in sentences[0]
        assert texts.name_in("caller path", language) in sentences[-1]
