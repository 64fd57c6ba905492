import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from naosu.domain.attempt import Mode
from naosu.domain.errors import NaosuError
from naosu.domain.repair_policy import Ground, RepairLimits, RepairPolicy
from naosu.wiring.repair_rules import RulesFile, open_rules, shipped_playbooks
from naosu.wiring.settings_source import ConfigError, load_settings

SHOP = """
repair:
  promote_after: 5
  limits: {cooldown_s: 60}
  projects:
    - project: shop
      environment: production
      source: /srv/shop
      start: python -m uvicorn app:app --port {port}
      restart: {systemd: shop.service}
      health_url: http://127.0.0.1:8000/healthz
      database: postgresql://shop:secret@db/shop
      tests: pytest -q
      log_files: [/var/log/shop/*.log]
      instances: 4
      modes: {default: observe, restart: auto, apply_fix: approve, apply_fix/jwt_secret: off}
    - project: shop
      limits: {attempts_per_day_max: 1}
"""
PLAYBOOK = """
version: 1
playbooks:
  - {name: NAME, title: {en: x}, match: {project: [shop]}, steps: [{do: restart_program}]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "naosu.yaml"


def write(path: Path, text: str) -> None:
    """Write as editors do: a new file in the place of the old."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)


def rules_of(config: Path, text: str = SHOP) -> RulesFile:
    write(config, text)
    return open_rules({"NAOSU_CONFIG": str(config)})


def complaint(config: Path, text: str) -> str:
    write(config, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(config=config, environ={})
    assert caught.value.mend
    return str(caught.value).partition("naosu.yaml")[2]


def test_the_section_names_what_may_be_touched(config):
    policy = rules_of(config).current().policy
    ground = policy.ground_of("shop", "production")
    assert (ground.name, ground.restart.systemd, ground.instances) == ("shop/production", "shop.service", 4)
    assert policy.limits_of(ground).cooldown_s == 60


def test_without_the_section_nothing_may_be_touched():
    assert open_rules({}).current().policy == RepairPolicy()
    assert RepairPolicy().ground_of("shop", "production") is None


def test_an_environment_without_an_entry_has_that_of_all(config):
    policy = rules_of(config).current().policy
    other = policy.ground_of("shop", "staging")
    assert (other.environment, policy.limits_of(other).attempts_per_day_max) == ("", 1)
    assert policy.ground_of("blog", "production") is None


@pytest.mark.parametrize(
    ("means", "mode"),
    [
        ("restart", Mode.AUTO),
        ("apply_fix/missing_index", Mode.APPROVE),
        ("apply_fix/jwt_secret", Mode.OFF),
        ("scale", Mode.OBSERVE),
    ],
)
def test_the_nearest_mode_that_is_named_holds(config, means, mode):
    assert rules_of(config).current().policy.projects[0].mode_of(means) is mode


def test_an_action_that_nobody_named_is_only_observed():
    assert Ground(project="shop").mode_of("restart") is Mode.OBSERVE


BAD = {
    "repair: {projects: [{project: shop, modes: {restart: sometimes}}]}": ":1:54: "
    "`repair.projects[0].modes.restart`: expected one of off, observe, approve, auto, found 'sometimes'",
    "repair:\n  projects:\n    - project: shop\n      restart: {systemd: a, docker: b}": ":4:16: "
    "`repair.projects[0].restart`: expected exactly one of command, systemd, docker, kubectl",
    "repair:\n  projects:\n    - {project: shop}\n    - {project: shop}": ":2:3: `repair`: expected one entry for each",
    "repair:\n  projects:\n    - {project: shop, sources: /srv}": ":3:23: "
    "`repair.projects[0]`: expected one of project, environment, source",
    "repair:\n  limits: {cooldown_s: 5m}": ":2:24: `repair.limits.cooldown_s`: expected `float`, found '5m'",
    "repair:\n  projects:\n    - {project: shop, tests: pytest -k 'a}": ":3:7: `repair.projects[0]`: "
    'expected a command, found "pytest -k \'a": No closing quotation',
    "repair:\n  promote_after: -1": ":2:18: `repair.promote_after`: expected `int` >= 0, found -1",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_section_is_refused_whole_with_its_place(config, text):
    assert complaint(config, text).startswith(BAD[text])


def test_a_change_is_in_force_at_the_next_look(config):
    rules = rules_of(config)
    write(config, SHOP.replace("restart: auto", "restart: off"))
    assert rules.current().policy.projects[0].mode_of("restart") is Mode.OFF


def test_a_bad_file_leaves_the_last_good_one_in_force_and_says_why(config):
    rules = rules_of(config)
    good = rules.current()
    write(config, SHOP.replace("restart: auto", "restart: perhaps"))
    assert rules.current() is good
    assert "naosu.yaml:16:42: `repair.projects[0].modes.restart`: expected one of off" in rules.fault
    write(config, SHOP)
    assert rules.current().policy == good.policy
    assert rules.fault == ""


def test_the_log_says_once_what_became_of_a_change(config):
    rules = rules_of(config)
    with capture_logs() as logged:
        write(config, "repair: 1")
        for _ in range(3):
            rules.current()
        write(config, SHOP)
        rules.current()
    assert [entry["event"] for entry in logged] == ["repair.rules_refused", "repair.rules_changed"]
    assert logged[0]["detail"] == f"{config}:1:9: `repair`: expected `object`, found 1"


def test_a_mistake_anywhere_in_the_file_refuses_it_whole(config):
    rules = rules_of(config)
    write(config, "port: x\n" + SHOP.replace("restart: auto", "restart: off"))
    assert rules.current().policy.projects[0].mode_of("restart") is Mode.AUTO
    assert "`port`" in rules.fault


def test_a_file_that_is_gone_leaves_the_last_good_one_in_force(config):
    rules = rules_of(config)
    config.unlink()
    assert rules.current().policy.projects
    assert "cannot be read" in rules.fault


def test_what_is_wrong_from_the_beginning_is_refused(config):
    with pytest.raises(NaosuError):
        rules_of(config, SHOP.replace("restart: auto", "restart: perhaps"))


def test_own_playbooks_are_added_changed_and_removed_while_it_runs(config, tmp_path):
    folder = tmp_path / "playbooks"
    folder.mkdir()
    write(folder / "a.yaml", PLAYBOOK.replace("NAME", "mine"))
    rules = rules_of(config, f"repair: {{playbooks: {folder}}}")
    count = len(shipped_playbooks())
    assert [one.name for one in rules.current().playbooks][:1] == ["mine"]
    write(folder / "b.yaml", PLAYBOOK.replace("NAME", "another"))
    assert len(rules.current().playbooks) == count + 2
    write(folder / "b.yaml", PLAYBOOK.replace("NAME", "mend-code"))
    assert len(rules.current().playbooks) == count + 1
    write(folder / "b.yaml", PLAYBOOK.replace("do: restart_program", "do: dance"))
    assert len(rules.current().playbooks) == count + 1
    assert f"{folder}/b.yaml:4:" in rules.fault
    (folder / "b.yaml").unlink()
    assert len(rules.current().playbooks) == count + 1
    assert rules.fault == ""


def test_a_refused_folder_is_read_again_once_it_is_mended(config, tmp_path):
    folder = tmp_path / "playbooks"
    folder.mkdir()
    rules = rules_of(config)
    write(folder / "a.yaml", "version: 2")
    write(config, f"repair: {{playbooks: {folder}}}")
    assert rules.current().policy.projects
    write(folder / "a.yaml", PLAYBOOK.replace("NAME", "mine"))
    assert rules.current().playbooks[0].name == "mine"


def test_a_folder_of_playbooks_that_is_not_there_is_refused(config, tmp_path):
    with pytest.raises(NaosuError, match="expected a folder of playbooks"):
        rules_of(config, f"repair: {{playbooks: {tmp_path / 'none'}}}")


def test_a_look_at_files_that_did_not_change_reads_none(config):
    reads = []

    def load() -> RepairPolicy:
        reads.append(1)
        return RepairPolicy(limits=RepairLimits(cooldown_s=1))

    write(config, "")
    rules = RulesFile(load, config=config)
    for _ in range(3):
        rules.current()
    assert len(reads) == 1
