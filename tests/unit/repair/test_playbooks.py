from pathlib import Path

import pytest

import naosu.repair
from naosu.domain.attempt import Mode
from naosu.domain.classification import Category
from naosu.domain.playbook import Act, Match, NotifyAdmin, Playbook, Rate, SafeMode, Title
from naosu.repair.playbooks import Subject, fits, joined, load_playbooks, matching, windows_s
from naosu.repair.strict_yaml import YamlFaultError

SHIPPED = Path(naosu.repair.__file__).parent / "shipped_playbooks"
SUBJECT = Subject(
    category=Category.DATABASE,
    issue="SHOP-12",
    alert="slow",
    monitor="front",
    project="shop",
    environment="production",
    labels={"team": "a", "tier": "1"},
    event_counts={60: 10},
)


def shipped() -> tuple[Playbook, ...]:
    files = [(path.name, path.read_text()) for path in sorted(SHIPPED.glob("*.yaml"))]
    return load_playbooks(files, shipped=True)


def a_playbook(name: str = "one", **given) -> Playbook:
    values = {"title": Title(en="x"), "match": Match(project=("shop",)), "steps": (Act(action="apply_fix"),)}
    return Playbook(name=name, **values | given)


def test_every_kind_of_step_can_be_written():
    text = """
version: 1
playbooks:
  - name: everything
    title: {en: All, ja: すべて, fr: Tout}
    mode: approve
    priority: 5
    when: ["up == 1"]
    match:
      category: [DATABASE, ORM]
      issue: [SHOP-12]
      alert: [slow]
      monitor: [front]
      labels: {team: a}
      rate: {events_min: 3, window_s: 300}
    steps:
      - {do: act, action: apply_fix, arguments: {fixer: x}, retry: {max_attempts: 3, backoff_ms: 100}, timeout_s: 9}
      - do: fallback
        steps:
          - {do: reload_config}
          - {do: fallback, steps: [{do: restart_program}]}
      - {do: partial_continue, without: [exports]}
      - {do: restart_program, retry: {max_attempts: 2}}
    fatal:
      - {do: safe_mode, limited_functionality: [checkout]}
      - {do: emergency_shutdown, because: data is being lost}
      - {do: notify_admin, channels: [night]}
"""
    (playbook,) = load_playbooks([("a.yaml", text)])
    assert (playbook.mode, playbook.fatal[0]) == (Mode.APPROVE, SafeMode(limited_functionality=("checkout",)))
    assert playbook.steps[0].retry.backoff_ms == 100


def test_a_playbook_tells_a_person_in_the_end_unless_it_says_otherwise():
    assert a_playbook().fatal == (NotifyAdmin(),)


def test_a_bad_file_refuses_all_files():
    good = "version: 1\nplaybooks: [{name: a, title: {en: x}, match: {issue: [A-1]}, steps: [{do: restart_program}]}]"
    assert len(load_playbooks([("a.yaml", good)])) == 1
    with pytest.raises(YamlFaultError, match=r"b\.yaml:1:1: .*expected `playbooks`, found only version"):
        load_playbooks([("a.yaml", good), ("b.yaml", "version: 1")])
    with pytest.raises(YamlFaultError, match=r"b\.yaml: expected a name for each playbook, found `a`, as in a\.yaml"):
        load_playbooks([("a.yaml", good), ("b.yaml", good)])


def test_nobody_passes_a_playbook_off_as_shipped():
    text = (
        "version: 1\nplaybooks: [{name: a, title: {en: x}, match: {issue: [A-1]}, is_shipped: true, "
        "steps: [{do: restart_program}]}]"
    )
    assert not load_playbooks([("a.yaml", text)])[0].is_shipped


@pytest.mark.parametrize(
    ("match", "does"),
    [
        (Match(category=(Category.ORM, Category.DATABASE)), True),
        (Match(category=(Category.ORM,)), False),
        (Match(issue=("SHOP-12",)), True),
        (Match(issue=("SHOP-1",)), False),
        (Match(alert=("slow",)), True),
        (Match(alert=("fast",)), False),
        (Match(monitor=("front",)), True),
        (Match(monitor=("back",)), False),
        (Match(project=("shop",)), True),
        (Match(project=("blog",)), False),
        (Match(environment=("production",)), True),
        (Match(environment=("staging",)), False),
        (Match(labels={"team": "a"}), True),
        (Match(labels={"team": "a", "tier": "2"}), False),
        (Match(labels={"zone": ""}), False),
        (Match(rate=Rate(events_min=10, window_s=60)), True),
        (Match(rate=Rate(events_min=11, window_s=60)), False),
        (Match(rate=Rate(events_min=1, window_s=300)), False),
        (Match(project=("shop",), category=(Category.ORM,)), False),
    ],
    ids=str,
)
def test_all_that_a_match_names_must_be_so(match, does):
    assert fits(match, SUBJECT) is does


def test_a_match_that_names_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Match()


def test_the_first_to_try_is_the_most_urgent_then_ones_own_then_the_narrowest():
    playbooks = [
        a_playbook("wide"),
        a_playbook("shipped", is_shipped=True),
        a_playbook("narrow", match=Match(project=("shop",), labels={"team": "a"})),
        a_playbook("by-issue", match=Match(issue=("SHOP-12",))),
        a_playbook("urgent", is_shipped=True, priority=1),
        a_playbook("other", match=Match(project=("blog",))),
    ]
    names = [one.name for one in matching(playbooks, SUBJECT)]
    assert names == ["urgent", "by-issue", "narrow", "wide", "shipped"]


def test_an_own_playbook_takes_the_place_of_the_shipped_one_of_its_name():
    own, other = a_playbook("a"), a_playbook("b", is_shipped=True)
    assert joined([a_playbook("a", is_shipped=True), other], [own]) == (own, other)


def test_the_windows_to_count_in_are_those_that_playbooks_ask_for():
    assert windows_s([a_playbook(), a_playbook(match=Match(rate=Rate(events_min=1, window_s=300)))]) == {300}


def test_the_shipped_playbooks_speak_every_language():
    assert [one.name for one in shipped() if not (one.title.en and one.title.ja and one.title.fr)] == []


@pytest.mark.parametrize("category", [one for one in Category if one is not Category.UNKNOWN])
def test_there_is_a_shipped_playbook_for_every_category_of_fault(category):
    assert matching(shipped(), Subject(category=category, event_counts={300: 99}))


def test_no_shipped_playbook_is_for_faults_that_nobody_knows():
    assert matching(shipped(), Subject(category=Category.UNKNOWN, event_counts={300: 99})) == []
