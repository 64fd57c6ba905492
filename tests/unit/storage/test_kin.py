"""Families of fingerprints, and where they belong."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.classification import Classification
from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, Site, Template
from naosu.ports.store.digest import DigestedEvent
from naosu.storage.kin import Move, Pinned, Place, families, move
from naosu.storage.sites import keep_newer, site_to_store

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
NAMES = st.sampled_from("abcdef")


def learnt(name: str, *absorbed: str, project_id: int = 1) -> DigestedEvent:
    event = Event(event_id="0" * 32, project_id=project_id, occurred_at=NOW, received_at=NOW)
    grouping = Grouping(fingerprint=name, absorbed=absorbed, title="t", culprit="c")
    return DigestedEvent(event=event, grouping=grouping, classification=Classification(), body=b"")


def test_what_absorbed_nothing_has_no_family() -> None:
    assert families([learnt("a"), learnt("b")]) == []


def test_families_that_share_a_member_are_one() -> None:
    found = families([learnt("a", "b"), learnt("c", "d"), learnt("d", "b"), learnt("x", "y")])
    assert [{name for _, name in family} for family in found] == [{"a", "b", "c", "d"}, {"x", "y"}]


def test_projects_do_not_share_families() -> None:
    assert len(families([learnt("a", "b"), learnt("a", "b", project_id=2)])) == 2


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3))))
def test_no_fingerprint_is_in_two_families_and_none_is_lost(given_names: list[tuple[str, list[str]]]) -> None:
    found = families([learnt(name, *absorbed) for name, absorbed in given_names])
    members = [name for family in found for _, name in family]
    assert len(members) == len(set(members))
    assert set(members) == {one for name, absorbed in given_names if absorbed for one in (name, *absorbed)}


@given(st.lists(st.builds(Place, st.integers(1, 9), st.sampled_from(Pinned)), max_size=5))
def test_only_what_no_person_placed_is_moved_and_never_into_itself(places: list[Place]) -> None:
    moving = move(places)
    free = {place.issue_id for place in places if place.pinned == Pinned.NO}
    assert set(moving.sources) <= free
    assert moving.issue_id not in moving.sources
    assert (moving.issue_id is None) == all(place.pinned == Pinned.SPLIT for place in places)


def test_the_oldest_issue_survives_unless_a_person_merged_another() -> None:
    assert move([Place(3, Pinned.NO), Place(2, Pinned.NO)]) == Move(2, Pinned.NO, (3,))
    assert move([Place(3, Pinned.MERGED), Place(2, Pinned.NO)]) == Move(3, Pinned.MERGED, (2,))
    assert move([Place(1, Pinned.SPLIT), Place(2, Pinned.NO)]) == Move(2, Pinned.NO, ())


def _site(revision: int, *templates: Template) -> Site:
    return Site(site_key="k", templates=templates, revision=revision)


TEA = Template(template_id="tea", tokens=("no", "tea"))
MILK = Template(template_id="milk", tokens=("no", "milk"))
ANY = Template(template_id="tea", tokens=("no", "<*>"), absorbed=("milk",))


def _never(stored: Site, learnt_: Site) -> Site:
    raise AssertionError((stored, learnt_))


def test_a_site_that_grew_from_the_stored_one_is_kept_as_it_is() -> None:
    for stored in (None, _site(1, TEA), _site(2, TEA, MILK)):
        assert site_to_store(stored, _site(3, ANY), _never) == _site(3, ANY)


def test_a_site_that_was_learnt_apart_is_merged() -> None:
    asked: list[tuple[Site, Site]] = []

    def merge(stored: Site, learnt_: Site) -> Site:
        asked.append((stored, learnt_))
        return keep_newer(stored, learnt_)

    apart = [(_site(3, TEA), _site(3, MILK)), (_site(1, TEA), _site(5, MILK)), (_site(1, ANY), _site(5, TEA, MILK))]
    for stored, learnt_ in apart:
        site_to_store(stored, learnt_, merge)
    assert asked == apart
    assert keep_newer(*apart[0]) == apart[0][0]
