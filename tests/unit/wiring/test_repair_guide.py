"""What the guide to repair shows can be used as it stands."""

import re
from pathlib import Path

from naosu.domain.attempt import Mode
from naosu.repair.playbooks import load_playbooks
from naosu.wiring.settings_source import load_settings

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "let-naosu-repair.md"


def blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def test_its_section_of_the_configuration_is_good(tmp_path):
    config = tmp_path / "naosu.yaml"
    config.write_text(blocks()[0])
    (ground,) = load_settings(config=config, environ={}).repair.projects
    assert (ground.mode_of("apply_fix/jwt_secret"), ground.mode_of("scale")) == (Mode.OFF, Mode.OBSERVE)


def test_its_playbook_is_good():
    (playbook,) = load_playbooks([("guide", blocks()[1])])
    assert (playbook.mode, len(playbook.steps), len(playbook.fatal)) == (Mode.APPROVE, 4, 2)
