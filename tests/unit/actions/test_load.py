import re
from pathlib import Path

import msgspec
import pytest

import naosu.actions
from naosu.actions import load_actions
from naosu.actions.errors import ActionRefusedError
from naosu.actions.parameters import read_parameters
from naosu.actions.run_command.action import RunParameters
from naosu.actions.scale.action import ScaleParameters
from naosu.domain.playbook import STAKES

FOLDERS = sorted(path.parent for path in Path(naosu.actions.__file__).parent.glob("*/action.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_folder_holds_one_action_of_its_name_and_says_what_it_does(folder: Path):
    action = load_actions()[folder.name]
    assert issubclass(action.parameters, msgspec.Struct)
    lines = (folder / "README.md").read_text().splitlines()
    assert lines[0] == f"# {folder.name}"
    assert len(lines) <= 30


def test_nothing_else_is_an_action():
    assert sorted(load_actions()) == [folder.name for folder in FOLDERS]


def test_playbooks_and_actions_agree_on_what_is_at_stake():
    for step, (risk, reversible) in STAKES.items():
        name = re.sub(r"(?<!^)([A-Z])", r"_\1", step.__name__).lower().replace("restart_program", "restart")
        action = load_actions()[name]
        assert (action.risk, action.reversible) == (risk, reversible), name


def test_arguments_are_texts_and_become_what_the_action_declares():
    parameters = read_parameters(RunParameters, {"command": "echo 'a b' c", "undo": '["echo", "d"]'})
    assert parameters == RunParameters(command=("echo", "a b", "c"), undo=("echo", "d"))
    assert read_parameters(ScaleParameters, {"count": "3"}).count == 3


WRONG = [{}, {"count": "x"}, {"count": "0"}, {"count": "1", "other": "2"}, {"count": "1", "command": "'"}]


@pytest.mark.parametrize("arguments", WRONG)
def test_arguments_that_are_missing_unknown_or_of_another_type_are_refused(arguments: dict[str, str]):
    with pytest.raises(ActionRefusedError):
        read_parameters(ScaleParameters, arguments)
