"""The fixers of answers and security: on their samples, in other styles, and on applications without the fault."""

import ast
import json
from pathlib import Path

import pytest
from recorded import RecordedWorkplace, files_in, recorded_in

from naosu.domain.repair import Finding
from naosu.fixers import load_fixers

ROOT = Path(__file__).resolve().parents[3]
FIXERS = ROOT / "src" / "naosu" / "fixers"
OURS = {fixer.name: fixer for fixer in load_fixers() if fixer.name.startswith(("response_", "security_"))}
SAMPLES = sorted(path for path in FIXERS.glob("*/*/before.json") if path.parent.name in OURS)
CORPUS = sorted(
    path.parent
    for kind in ("response", "security")
    for path in (ROOT / f"tests/corpus/repair/{kind}").glob("*/case.json")
)
ACTS = 0.7
"""Below this, a finding without a crash is advice."""


def findings(work: RecordedWorkplace) -> list[Finding]:
    """Return what our fixers would act on."""
    found = [finding for fixer in OURS.values() for finding in fixer.find(work)]
    return [one for one in found if one.crashes or one.diagnosis.confidence >= ACTS]


def after(finding: Finding, root: Path, plan: int = 0) -> dict[str, str]:
    """Return the files of an application once a plan is in force."""
    files = files_in(root)
    for edit in finding.plans[plan].edits:
        assert files.get(edit.path) == edit.before
        assert edit.after is not None
        files[edit.path] = edit.after
    return files


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_a_sample_becomes_what_its_fixer_promises(sample):
    folder = sample.parent
    found = findings(RecordedWorkplace(folder / "before", recorded_in(sample)))
    assert [one.diagnosis.fixer for one in found] == [folder.name]
    assert after(found[0], folder / "before") == files_in(folder / "after")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_a_mended_sample_is_left_alone_even_if_the_old_log_is_read_again(sample):
    folder = sample.parent
    found = findings(RecordedWorkplace(folder / "after", recorded_in(sample)))
    assert not [plan for one in found for plan in one.plans if _changes(plan)]


def _changes(plan):
    return any(edit.before != edit.after for edit in plan.edits)


def test_every_one_of_these_fixers_has_a_sample():
    assert {path.parent.name for path in SAMPLES} == set(OURS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda path: path.name)
def test_the_fault_is_recognised_in_other_styles_and_nothing_is_done_without_it(case):
    expected = json.loads((case / "case.json").read_text())["fault"]
    found = findings(RecordedWorkplace(case, recorded_in(case / "evidence.json")))
    assert {one.diagnosis.fixer for one in found if one.plans} == ({expected} if expected else set())
    for one in found:
        for number in range(len(one.plans)):
            for path, text in after(one, case, number).items():
                if path.endswith(".py"):
                    ast.parse(text)


@pytest.mark.parametrize(
    "case", [one for one in CORPUS if (one / "evidence.json").exists()], ids=lambda path: path.name
)
def test_without_the_evidence_of_a_crash_the_code_alone_changes_nothing_of_answers(case):
    recorded = {**recorded_in(case / "evidence.json"), "log": "", "given": "", "exchanges": []}
    found = findings(RecordedWorkplace(case, recorded))
    assert not [one for one in found if one.diagnosis.category.value == "RESPONSE"]
