"""A bad pack is refused with the file, the rule, what was expected and what was found."""

import pytest

from naosu_sdk.classify import LANGUAGES, ExceptionFact, Fault, Matcher, PackError, load_pack, shipped_packs
from naosu_sdk.classify.pack import check_texts, load_texts, placeholders

RULE = '[[rule]]\nid = "a"\nwhen = {when}\ncategory = "CODE"\nseverity = "LOW"\ntext = "t"\n'


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("[[rule]\n", "Expected"),
        (RULE.format(when='{ exc = "A" }').replace("CODE", "CODES"), "'CODES'"),
        (RULE.format(when='{ exc = "A" }').replace("LOW", "low"), "'low'"),
        (RULE.format(when='{ exc = "A" }') + 'retry = "often"\n', "often"),
        (RULE.format(when='{ exc = "A" }') + 'tier = "best"\n', "'best'"),
        (RULE.format(when='{ type = "A" }'), "type"),
        (RULE.format(when="{ }"), "none"),
        (RULE.format(when="[]"), "none"),
        (RULE.format(when='{ message = { icontains = "" } }'), "''"),
        (RULE.format(when='{ message = { regex = "(a+)+" } }'), "nested"),
        (RULE.format(when='{ message = { regex = "(a)\\\\1" } }'), "back-reference"),
        (RULE.format(when='{ exc = "A" }') * 2, "twice"),
        (RULE.format(when='{ exc = "A" }').replace('"a"', '"A B"'), "'A B'"),
    ],
)
def test_a_bad_rule_is_refused_with_what_was_found(make_pack, rules: str, found: str) -> None:
    with pytest.raises(PackError) as raised:
        load_pack(make_pack(rules))
    assert found in raised.value.found
    assert raised.value.expected
    assert "mine" in str(raised.value.file)


def test_the_error_names_the_rule(make_pack) -> None:
    with pytest.raises(PackError, match="rule a: expected severity"):
        load_pack(make_pack(RULE.format(when='{ exc = "A" }').replace("LOW", "x")))


def test_a_rule_without_an_english_text_is_refused(make_pack) -> None:
    with pytest.raises(PackError, match="expected a text t"):
        Matcher.load([make_pack(RULE.format(when='{ exc = "A" }'), texts="")])


def test_a_placeholder_that_no_pattern_can_fill_is_refused(make_pack) -> None:
    with pytest.raises(PackError, match=r"\{name\} in t"):
        Matcher.load([make_pack(RULE.format(when='{ exc = "A" }'), texts='[t]\ntitle = "{name}"\n')])


def test_a_missing_folder_is_refused(tmp_path) -> None:
    with pytest.raises(PackError, match=r"pack\.toml"):
        load_pack(tmp_path / "none")


def test_the_shipped_packs_hold_at_least_400_rules_and_each_has_its_text(shipped: Matcher) -> None:
    assert len(shipped.rule_ids) >= 400
    check_texts(list(shipped.packs))


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_a_pack_has_the_same_keys_and_placeholders_in_each_language(folder) -> None:
    english = load_texts(folder, "en")
    for language in LANGUAGES:
        texts = load_texts(folder, language)
        assert texts.keys() == english.keys()
        for key, text in texts.items():
            assert placeholders(text) == placeholders(english[key]), (language, key)
            assert text.title
            assert text.description
            assert text.action


def test_no_shipped_text_is_unused(shipped: Matcher) -> None:
    used = {rule.text for pack in shipped.packs for rule in pack.rules}
    texts = next(folder for folder in shipped_packs() if folder.name == "texts")
    assert load_texts(texts, "en").keys() == used


def test_a_severity_for_fatal_faults_is_one_of_the_four_or_absent(make_pack) -> None:
    with pytest.raises(PackError, match="rule a: expected severity_fatal"):
        load_pack(make_pack(RULE.format(when='{ exc = "X" }') + 'severity_fatal = "WORST"\n'))


@pytest.mark.parametrize("when", ['{ exc = "X" }', '{ exc = "X", message = { icontains = "full" } }', "{ errno = 28 }"])
def test_a_rule_s_severity_follows_the_fault_s_level_each_time(make_pack, when: str) -> None:
    matcher = Matcher.load([make_pack(RULE.format(when=when) + 'severity_fatal = "CRITICAL"\n')])

    def severity(level: str) -> str:
        exception = ExceptionFact(type="X", message="full", errno=28)
        return matcher.classify(Fault(exceptions=(exception,), level=level)).severity

    assert [severity(level) for level in ("error", "fatal", "error")] == ["LOW", "CRITICAL", "LOW"]
