import re
from pathlib import Path
from shutil import copytree

import pytest
from sample_workplace import SampleWorkplace
from workplace import put

from naosu.domain.classification import Category
from naosu.domain.repair import Finding
from naosu.fixers import load_fixers

ROOT = Path(__file__).parents[3]
FIXERS = ROOT / "src/naosu/fixers"
CORPUS = ROOT / "tests/corpus/repair"
OWN = {
    fixer.name: fixer
    for fixer in load_fixers()
    if fixer.category in (Category.AUTH, Category.VALIDATION) and fixer.name.startswith(("auth_", "validation_"))
}
FOLDERS = {folder.name: folder for folder in FIXERS.glob("*/*") if folder.name in OWN}
BEFORE = [
    pytest.param(folder, before, id=f"{folder.name}{before.name.removeprefix('before')}")
    for folder in FOLDERS.values()
    for before in sorted(folder.glob("before*/"))
    if before.is_dir()
]
HEALTHY = [case.parent for case in CORPUS.glob("*/*/case.json") if '"fault": null' in case.read_text()]
KEY = re.compile(r"\b[0-9a-f]{64}\b")


def found_in(folder: Path, before: Path) -> list[Finding]:
    log = before.with_suffix(".log").read_text()
    return list(OWN[folder.name].find(SampleWorkplace(before, log)))


def files_in(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(("folder", "before"), BEFORE)
def test_a_fault_is_found_in_its_sample_and_the_first_plan_makes_the_sample_after_of_it(folder, before, tmp_path):
    findings = found_in(folder, before)
    assert [finding.diagnosis.fixer for finding in findings] == [folder.name]
    after = folder / before.name.replace("before", "after", 1)
    if not after.exists():
        assert not findings[0].plans
        assert findings[0].diagnosis.options
        return
    copytree(before, tmp_path / "app")
    put(findings[0].plans[0].edits, tmp_path / "app")
    made = {path: KEY.sub("0" * 64, text) for path, text in files_in(tmp_path / "app").items()}
    assert made == files_in(after)


@pytest.mark.parametrize(("folder", "before"), BEFORE)
def test_a_diagnosis_names_the_crash_that_it_explains_and_shows_it(folder, before):
    for finding in found_in(folder, before):
        assert finding.diagnosis.evidence
        if "Traceback" in before.with_suffix(".log").read_text():
            assert finding.crashes


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_healthy_applications_get_no_plan_even_beside_logs_of_the_faults(case):
    for folder in FOLDERS.values():
        for log in folder.glob("before*.log"):
            text = log.read_text().replace("<app>/", "<elsewhere>/")
            for finding in OWN[folder.name].find(SampleWorkplace(case, text)):
                assert not [edit.path for plan in finding.plans for edit in plan.edits], folder.name


@pytest.mark.parametrize(("folder", "before"), BEFORE)
def test_every_plan_parses_says_how_it_is_verified_and_how_it_is_undone(folder, before):
    for finding in found_in(folder, before):
        for plan in finding.plans:
            assert plan.proof.text
            assert plan.undo
            assert plan.edits
            for edit in plan.edits:
                if edit.path.endswith(".py"):
                    compile(edit.after, edit.path, "exec")
            if plan.proof.script:
                compile(plan.proof.script, "proof", "exec")


def test_a_made_up_key_is_new_each_time_long_and_only_in_a_secret_file():
    folder = FOLDERS["auth_secret_unset"]
    plans = [found_in(folder, folder / "before")[0].plans[0] for _ in range(2)]
    values = [KEY.findall("".join(edit.after or "" for edit in plan.edits)) for plan in plans]
    assert len(values[0]) == len(values[1]) == 1
    assert values[0] != values[1]
    for edit in plans[0].edits:
        assert edit.is_secret == bool(KEY.search(edit.after or ""))
    assert values[0][0] not in plans[0].diff()


def test_the_key_of_another_issuer_is_not_made_up():
    folder = FOLDERS["auth_secret_unset"]
    (finding,) = found_in(folder, folder / "before_other_issuer")
    assert not finding.plans
    assert "other" in " ".join(finding.diagnosis.options).lower()


def test_a_missing_package_is_named_with_the_list_that_it_belongs_in_and_nothing_is_installed(tmp_path):
    (tmp_path / "app.py").write_text("from fastapi import FastAPI\n")
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    log = (
        'Traceback (most recent call last):\n  File "<app>/app.py", line 1, in <module>\n    app = FastAPI()\n'
        'RuntimeError: Form data requires "python-multipart" to be installed.\n'
    )
    fixer = next(fixer for fixer in load_fixers() if fixer.name == "dependency_missing")
    (finding,) = fixer.find(SampleWorkplace(tmp_path, log))
    assert not finding.plans
    assert "Add python-multipart to requirements.txt." in finding.diagnosis.options
    assert finding.crashes
