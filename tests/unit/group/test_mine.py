import random

import pytest

from naosu.domain.fingerprint import Site
from naosu.group.masks import mask
from naosu.group.mine import (
    OVERFLOW,
    SIBLINGS_INSIDE_MAX,
    SIBLINGS_MAX,
    TEMPLATES_MAX,
    learn,
    matches,
    merge_sites,
    siblings,
    varies,
)


def _learn(*messages: str, site: Site | None = None) -> tuple[list[str], Site]:
    ids = []
    for message in messages:
        template, site = learn(site, "v1:site", mask(message))
        ids.append(template.template_id)
    assert site is not None
    return ids, site


def test_a_known_message_teaches_nothing() -> None:
    _, site = _learn("card declined by issuer")
    template, after = learn(site, "v1:site", mask("card declined by issuer"))
    assert after is site
    assert template is site.templates[0]


def test_each_lesson_raises_the_revision() -> None:
    _, site = _learn("card declined", "no stock left")
    assert site.revision == 2


def test_a_name_in_the_middle_is_a_value_and_the_id_stays() -> None:
    ids, site = _learn("cannot process Ana now", "cannot process Eve now", "cannot process Dũng now")
    assert len(set(ids)) == 1
    assert site.templates[0].tokens == ("cannot", "process", "<*>", "now")
    assert site.templates[0].samples == (("Ana", "Eve"),)


def test_a_value_of_several_words_is_a_value() -> None:
    ids, _ = _learn("customer Ana has no address", "customer Ana Mori has no address")
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("card declined by issuer", "no stock left in warehouse"),
        ("payment failed: card_declined", "payment failed: insufficient_funds"),
        ("no such table: users_v2", "no such table: orders_v2"),
        ("UNIQUE constraint failed: users.email", "UNIQUE constraint failed: orders.number"),
        ("Order not found", "User not found"),
        ("invalid token", "invalid signature"),
        ("connection refused by peer", "connection reset by peer"),
        ("could not connect to Redis", "could not connect to Postgres"),
        ("setting Debug is missing", "setting Secret is missing"),
    ],
)
def test_different_problems_stay_apart(one: str, other: str) -> None:
    ids, _ = _learn(one, other, one, other)
    assert ids[0] == ids[2] != ids[1] == ids[3]
    assert not varies(mask(one), mask(other))


def test_categories_become_a_value_when_there_are_too_many() -> None:
    ids, site = _learn(*[f"no such thing as {word}" for word in _words(SIBLINGS_MAX + 1)])
    assert len(set(ids)) == SIBLINGS_MAX
    assert ids[-1] == ids[0]
    assert [template.tokens[-1] for template in site.templates] == ["<*>"]
    assert set(site.templates[0].absorbed) == set(ids) - {ids[0]}


def test_exactly_as_many_categories_as_allowed_stay_apart() -> None:
    ids, site = _learn(*[f"no such thing as {word}" for word in _words(SIBLINGS_MAX)])
    assert len(set(ids)) == len(site.templates) == SIBLINGS_MAX


def test_inside_a_sentence_fewer_categories_are_allowed() -> None:
    ids, site = _learn(*[f"cannot pack {word} today" for word in _words(SIBLINGS_INSIDE_MAX + 1)])
    assert len(site.templates) == 1
    assert ids[-1] == ids[0]


def _words(count: int) -> list[str]:
    return ["apple", "pear", "plum", "fig", "kiwi", "lime", "mango", "grape", "melon", "quince"][:count]


def test_what_a_site_remembers_is_bounded() -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghij", k=6)) for _ in range(3000)]
    site: Site | None = None
    for number in range(0, len(words) - 7, 7):
        template, site = learn(site, "v1:site", tuple(words[number : number + 2 + number % 5]))
    assert site is not None
    assert len(site.templates) <= TEMPLATES_MAX
    assert template.template_id == OVERFLOW or len(template.tokens) <= 7


def test_a_long_token_is_kept_short() -> None:
    _, site = _learn("x" * 150 + " is gone")
    assert max(map(len, site.templates[0].tokens)) <= 60


@pytest.mark.parametrize(
    ("shape", "message", "fits"),
    [
        (("a", "<*>", "b"), "a x b", True),
        (("a", "<*>", "b"), "a x y z w b", True),
        (("a", "<*>", "b"), "a x y z w v b", False),
        (("a", "<*>", "b"), "a b", False),
        (("a", "<*>"), "a x", True),
        (("a", "<*>"), "a", False),
        (("<*>",), "a", True),
        (("<*>", "b"), "x y b", True),
    ],
)
def test_a_free_slot_holds_one_to_four_words(shape: tuple[str, ...], message: str, fits: bool) -> None:
    assert matches(shape, tuple(message.split())) is fits


def test_siblings_differ_in_one_run_of_words() -> None:
    assert siblings(("no", "table", "a"), ("no", "table", "b"))
    assert not siblings(("no", "table", "a"), ("some", "index", "b"))
    assert siblings(("a",), ("b",))


def test_two_states_that_learnt_apart_become_one() -> None:
    _, one = _learn("cannot process Ana now", "cannot process Eve now", "disk full")
    _, other = _learn("cannot process Bo now", "quota exceeded")
    merged = merge_sites(one, other)
    assert {template.tokens for template in merged.templates} == {
        ("cannot", "process", "<*>", "now"),
        ("disk", "full"),
        ("quota", "exceeded"),
    }
    assert merged.revision > max(one.revision, other.revision)


def test_merging_does_not_depend_on_who_is_first() -> None:
    _, one = _learn("cannot process Ana now", "disk full")
    _, other = _learn("quota exceeded", "cannot process Bo now")
    assert merge_sites(one, other) == merge_sites(other, one)


def test_merging_a_state_with_itself_changes_no_template() -> None:
    _, one = _learn("cannot process Ana now", "disk full")
    assert merge_sites(one, one).templates == one.templates
