from grouping_samples import error, event, frame, online, raised

from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, GroupingRule
from naosu.group import group, locate, preview


def _group(one: Event, *rules: GroupingRule) -> Grouping:
    return group(one, locate(one), None, rules=rules)[0]


def _event(**more: object) -> Event:
    return event(error("KeyError", "'a'", frame("load", "shop.cart", "d['a']")), **more)


def test_the_clients_fingerprint_replaces_everything() -> None:
    assert (
        _group(_event(fingerprint=("x",))).fingerprint == _group(event(message="other", fingerprint=("x",))).fingerprint
    )
    assert _group(_event(fingerprint=("x",))).fingerprint != _group(_event(fingerprint=("y",))).fingerprint


def test_default_alone_is_the_default() -> None:
    for spelling in ("{{ default }}", "{{default}}"):
        assert _group(_event(fingerprint=(spelling,))).fingerprint == _group(_event()).fingerprint


def test_default_with_a_word_refines() -> None:
    refined = _group(_event(fingerprint=("{{ default }}", "acme")))
    assert refined.fingerprint != _group(_event()).fingerprint
    assert refined.parts[0].name == "client fingerprint"
    assert any(part.name == "crash site" and part.counted for part in refined.parts)


def test_variables_are_filled_in() -> None:
    tags = (("tenant", "acme"),)
    given = ("{{ type }}", "{{ function }}", "{{ module }}", "{{ transaction }}", "{{ tags.tenant }}", "{{ nothing }}")
    grouping = _group(_event(fingerprint=given, transaction="/cart", tags=tags))
    assert grouping.parts[0].value == "KeyError, load, shop.cart, /cart, acme, "


def test_a_message_is_filled_in_without_its_values() -> None:
    one = _group(event(message="job 17 died", fingerprint=("{{ message }}",)))
    assert one.fingerprint == _group(event(message="job 99 died", fingerprint=("{{ message }}",))).fingerprint


def test_what_the_client_overrules_is_shown_as_not_counted() -> None:
    grouping = _group(_event(fingerprint=("x",)))
    assert [part.counted for part in grouping.parts] == [True] + [False] * (len(grouping.parts) - 1)


def test_a_rule_wins_over_the_client() -> None:
    rule = GroupingRule(match=(("type", "Key*"),), fingerprint=("keys",), title="Some key is missing")
    grouping = _group(_event(fingerprint=("x",)), rule)
    assert grouping.title == "Some key is missing"
    assert grouping.parts[0].name == "project rule"
    assert grouping.fingerprint == _group(event(message="m", fingerprint=("keys",))).fingerprint


def test_the_first_rule_that_matches_wins() -> None:
    first = GroupingRule(match=(("type", "KeyError"),), fingerprint=("first",))
    second = GroupingRule(match=(("type", "*"),), fingerprint=("second",))
    assert _group(_event(), first, second) != _group(_event(), second, first)


def test_all_conditions_must_hold() -> None:
    rule = GroupingRule(match=(("type", "KeyError"), ("module", "other.*")), fingerprint=("x",))
    assert _group(_event(), rule).fingerprint == _group(_event()).fingerprint


def test_every_field_can_be_asked_for() -> None:
    one = _event(logger="log", release="shop@1", transaction="/cart", tags=(("tenant", "acme"),), message="hello there")
    fields = {
        "type": "keyerror",
        "message": "*there",
        "module": "shop.*",
        "function": "lo?d",
        "path": "*cart.py",
        "level": "error",
        "logger": "log",
        "release": "shop@*",
        "transaction": "/c*",
        "tags.tenant": "ac*",
    }
    for field, glob in fields.items():
        assert (
            _group(one, GroupingRule(match=((field, glob),), fingerprint=("hit",))).parts[0].name == "project rule"
        ), field


def test_a_rule_of_nothing_never_matches() -> None:
    for rule in (
        GroupingRule(match=(), fingerprint=("x",)),
        GroupingRule(match=(("type", "*"),), fingerprint=()),
        GroupingRule(match=(("nonsense", "*"),), fingerprint=("x",)),
        GroupingRule(match=(("type", ""),), fingerprint=("x",)),
    ):
        assert _group(_event(), rule).fingerprint == _group(_event()).fingerprint


def test_a_pattern_of_many_stars_is_answered() -> None:
    rule = GroupingRule(match=(("message", "*a" * 80 + "b"),), fingerprint=("x",))
    assert _group(event(message="a" * 1500), rule).fingerprint


def test_preview_says_which_stored_events_would_move() -> None:
    events = [_event(event_id="1" * 32), event(message="m", event_id="2" * 32)]
    stored = list(zip(events, online(events), strict=True))
    rule = GroupingRule(match=(("type", "KeyError"),), fingerprint=("keys",))
    moved = list(preview(rule, stored))
    assert [event_id for event_id, _, _ in moved] == ["1" * 32]
    assert moved[0][1] == stored[0][1].fingerprint
    assert moved[0][2] == _group(events[0], rule).fingerprint


def test_a_rule_that_says_default_moves_nothing() -> None:
    events = [raised("card declined", "raise E(m)")]
    stored = list(zip(events, online(events), strict=True))
    rule = GroupingRule(match=(("type", "*"),), fingerprint=("{{ default }}",))
    assert list(preview(rule, stored)) == []
