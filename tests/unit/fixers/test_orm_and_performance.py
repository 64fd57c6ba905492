"""Each fixer of relations and of speed on its own samples: `before`, what its server printed, and `after`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from workplace import FolderWorkplace, put

import naosu.fixers
from naosu.domain.repair import Finding
from naosu.fixers import load_fixers
from naosu.scratch.tree import DirectoryTree

CODE = Path(naosu.fixers.__file__).parent / "code"
MINE = tuple(fixer for fixer in load_fixers() if fixer.name.startswith(("orm_", "performance_"))
             and (CODE / fixer.name / "before.log").exists())  # fmt: skip
SAMPLES = [(fixer, log) for fixer in MINE for log in sorted((CODE / fixer.name).glob("before*.log"))]
CORPUS = Path(__file__).parents[2] / "corpus" / "repair"
HEALTHY = sorted(
    case.parent
    for kind in ("orm", "performance")
    for case in (CORPUS / kind).glob("*/case.json")
    if json.loads(case.read_text())["fault"] is None
)


class AnsweredWorkplace(FolderWorkplace):
    """A workplace whose application told what it had to tell when the sample was made."""

    told: Mapping[str, Any] = {}

    def ask(self, script: str, argument: Any = None, *, timeout_s: float = 20.0) -> Mapping[str, Any]:
        return self.told


def findings(fixer, log: Path) -> list[Finding]:
    work = AnsweredWorkplace(log.with_suffix(""), log.read_text())
    told = log.with_suffix(".told.json")
    work.told = json.loads(told.read_text()) if told.exists() else {}
    return list(fixer.find(work))


def texts(root: Path) -> dict[str, str | None]:
    tree = DirectoryTree(root)
    return {path: tree.text(path) for path in tree.paths("")}


def test_there_are_samples_of_all_of_them():
    assert len(MINE) >= 13
    assert HEALTHY


@pytest.mark.parametrize(("fixer", "log"), SAMPLES, ids=[f"{fixer.name}-{log.stem}" for fixer, log in SAMPLES])
def test_the_first_plan_makes_of_before_what_is_after(fixer, log, tmp_path):
    (found,) = findings(fixer, log)
    assert found.diagnosis.fixer == fixer.name
    assert found.diagnosis.evidence
    for path, text in texts(log.with_suffix("")).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    put(found.plans[0].edits, tmp_path)
    assert texts(tmp_path) == texts(log.with_name(log.name.replace("before", "after")).with_suffix(""))


@pytest.mark.parametrize(("fixer", "log"), SAMPLES, ids=[f"{fixer.name}-{log.stem}" for fixer, log in SAMPLES])
def test_a_plan_says_by_what_it_is_judged_and_how_it_is_undone(fixer, log):
    for plan in findings(fixer, log)[0].plans:
        assert plan.undo
        assert plan.proof.gone or plan.proof.script
        assert all(edit.before != edit.after for edit in plan.edits)


@pytest.mark.parametrize(("fixer", "log"), SAMPLES, ids=[f"{fixer.name}-{log.stem}" for fixer, log in SAMPLES])
def test_nothing_is_found_where_nothing_was_said(fixer, log):
    assert not list(fixer.find(AnsweredWorkplace(log.with_suffix(""), "")))


@pytest.mark.parametrize("fixer", MINE, ids=lambda fixer: fixer.name)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_healthy_twins_stay_untouched(fixer, case):
    log = 'INFO:     127.0.0.1:60124 - "GET / HTTP/1.1" 200 OK\n'
    assert not list(fixer.find(AnsweredWorkplace(case, log)))


@pytest.mark.parametrize("fixer", MINE, ids=lambda fixer: fixer.name)
@pytest.mark.parametrize(("other", "log"), SAMPLES, ids=[f"{other.name}-{log.stem}" for other, log in SAMPLES])
def test_no_fixer_takes_the_fault_of_another_for_its_own(fixer, other, log):
    if fixer.name != other.name:
        assert not [found for found in findings(fixer, log) if found.plans]
