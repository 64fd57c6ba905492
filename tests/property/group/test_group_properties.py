"""What must never change an issue, and what grouping must never do."""

import uuid

import msgspec
from grouping_samples import error, event, frame, issues, online
from hypothesis import given, settings
from hypothesis import strategies as st

from naosu.domain.event import Event
from naosu.domain.fingerprint import Site
from naosu.group import group, group_events, locate, merge_sites
from naosu.group.masks import mask
from naosu.group.mine import TEMPLATES_MAX, learn

LINES = st.sampled_from(
    ["raise E(m)", "raise E(f'cannot find {x} there')", "return d['a']", "", "x = f(y) / z", "raise E('it is over')"]
)
WORDS = st.text("abcdefghij AÉ花'\"%{}<>:=/.-_0123", max_size=60)
VALUES = st.one_of(
    st.uuids().map(str),
    st.integers(0, 10**12).map(str),
    st.integers(2**40, 2**64).map(lambda number: f"0x{number:x}"),
    st.binary(min_size=8, max_size=20).map(lambda raw: "a0" + raw.hex()),
)


@given(LINES, WORDS, st.integers(1, 10**6), st.integers(1, 10**6))
def test_line_numbers_never_matter(line: str, text: str, one: int, other: int) -> None:
    assert issues(*[event(error("E", text, frame(line=line, lineno=at))) for at in (one, other)]) == 1


@given(LINES, st.lists(VALUES, min_size=2, max_size=6))
def test_ids_and_numbers_in_a_message_never_matter(line: str, values: list[str]) -> None:
    events = [event(error("E", f"cannot find {value} there", frame(line=line))) for value in values]
    same_kind = [one for one in events if mask(one.exceptions[0].value) == mask(events[0].exceptions[0].value)]
    assert issues(*same_kind) == 1


@given(st.lists(st.uuids(version=4), min_size=2, max_size=5))
def test_a_uuid_never_matters_even_without_a_source_line(ids: list[uuid.UUID]) -> None:
    assert issues(*[event(error("E", f"cannot find {one} there", frame())) for one in ids]) == 1


@given(LINES, WORDS, st.integers(1, 40), st.integers(1, 40))
def test_the_depth_of_recursion_never_matters(line: str, text: str, one: int, other: int) -> None:
    def deep(depth: int) -> Event:
        return event(error("E", text, frame("start"), *[frame("walk", line=line)] * depth))

    assert issues(deep(one), deep(other)) == 1


@given(LINES, WORDS, st.lists(st.text("abc", min_size=1, max_size=5), max_size=6), st.integers(0, 6))
def test_library_frames_below_the_crash_never_matter(line: str, text: str, names: list[str], at: int) -> None:
    own = [frame("view", "shop.web"), frame("load", "shop.cart", line)]
    noise = [frame(name, "lib.core", in_app=False) for name in names]
    mixed = [own[0], *noise[:at], own[1]]
    assert issues(event(error("E", text, *own)), event(error("E", text, *noise[at:], *mixed))) == 1


@given(WORDS, st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=6))
def test_library_frames_above_an_implicit_crash_never_matter(text: str, names: list[str]) -> None:
    own = frame("load", "shop.cart", "return client.get(url)")
    noise = [frame(name, "lib.core", in_app=False) for name in names]
    assert issues(event(error("E", text, own, *noise)), event(error("E", text, own, *noise[:1]))) == 1


@given(LINES, WORDS)
def test_a_fingerprint_is_a_function_of_its_input(line: str, text: str) -> None:
    one = event(error("E", text, frame(line=line)), message=text)
    crash = locate(one)
    assert crash == locate(msgspec.structs.replace(one, received_at=one.occurred_at))
    assert group(one, crash, None) == group(one, crash, None)


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_the_same_message_keeps_its_issue_or_is_told_where_it_went(texts: list[str]) -> None:
    events = [event(message=text) for text in texts]
    first, last = online(events), online([*events, events[0]])[-1]
    assert first[0].fingerprint in {last.fingerprint, *last.absorbed}


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["a", "b", "c", "Ana", "Eve", "<int>", "x_y", ":", "'q'", "zz"]), min_size=1, max_size=7
        ),
        max_size=80,
    )
)
def test_a_site_is_bounded_and_its_ids_are_unique(messages: list[list[str]]) -> None:
    site: Site | None = None
    for tokens in messages:
        template, after = learn(site, "v1:s", tokens)
        assert learn(after, "v1:s", tokens) == (template, after)
        site = after
    if site is not None:
        assert len(site.templates) <= TEMPLATES_MAX
        assert len({template.template_id for template in site.templates}) == len(site.templates)


@settings(max_examples=60)
@given(
    *[
        st.lists(
            st.lists(st.sampled_from(["a", "b", "c", "Ana", "Eve", "<int>", ":", "zz"]), min_size=1, max_size=6),
            min_size=1,
            max_size=20,
        )
    ]
    * 2
)
def test_merging_states_is_symmetric_and_knows_both(one: list[list[str]], other: list[list[str]]) -> None:
    states = []
    for messages in (one, other):
        site: Site | None = None
        for tokens in messages:
            _, site = learn(site, "v1:s", tokens)
        assert site is not None
        states.append(site)
    merged = merge_sites(*states)
    assert merged == merge_sites(*reversed(states))
    for tokens in (*one, *other):
        assert learn(merged, "v1:s", tokens)[1] is merged


@settings(max_examples=200)
@given(
    st.text(max_size=200),
    st.text(max_size=200),
    st.text(max_size=50),
    st.text(max_size=50),
    st.sampled_from(["python", "javascript", "java", "go"]),
)
def test_nothing_a_sender_writes_raises(text: str, line: str, function: str, path: str, platform: str) -> None:
    odd = frame(function, path, line, filename=path, abs_path=path)
    events = [
        event(error(text, line, odd), platform=platform),
        event(error("E", text, odd), message=text, fingerprint=(text, "{{ " + function + " }}")),
        event(message=text, message_template=line, logger=function, payload=text.encode("utf-8", "replace")),
    ]
    for grouping in group_events(events):
        assert len(grouping.fingerprint) == 35
        assert len(grouping.title) <= 200
