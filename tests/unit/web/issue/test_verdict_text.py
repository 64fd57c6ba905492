import pytest
from web_world import NOW, World, event_of

from naosu.web.first_run.test_error import error_event
from naosu.web.issue.verdict_text import verdict_text


@pytest.mark.parametrize("language", ["en", "ja", "fr"])
def test_a_rules_text_names_what_the_event_holds(language: str):
    world = World()
    world.record(event_of(error_event("cd" * 16, now=NOW)))
    stored = world.store.get_event("cd" * 16)
    text = verdict_text(stored.classification.rule_id, language, stored=stored)
    assert "coins" in text.title
    assert text.action


def test_no_rule_has_no_text():
    assert verdict_text("", "en") is None


def test_a_rule_of_a_pack_that_is_gone_has_no_text():
    assert verdict_text("gone/rule", "en") is None
