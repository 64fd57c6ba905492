"""The logs of the shown fault cases are read for what is in them."""

import json
import re
from pathlib import Path

import pytest

from naosu.repair.reading import read_log
from naosu.scratch.tree import DirectoryTree

FAULTS = Path(__file__).parents[4] / "shared" / "data" / "faults"
SILENT = {
    "performance_missing_index", "performance_n_plus_one", "security_cors_wildcard_with_credentials",
    "security_missing_headers",
}  # fmt: skip
CASES = sorted(file.parent for file in FAULTS.glob("*/traceback.txt")) or [None]


@pytest.fixture(params=CASES, ids=lambda case: case.name if case else "absent")
def case(request) -> Path:
    if request.param is None:
        pytest.skip("the shown fault cases are not here")
    return request.param


def read(case: Path):
    return read_log((case / "traceback.txt").read_text(), DirectoryTree(case))


def test_a_fault_with_a_traceback_names_its_signature_and_the_applications_frames(case):
    evidence = read(case)
    if case.name in SILENT:
        assert evidence.crashes == ()
        return
    described = [f"{raised.type}: {raised.message}" for crash in evidence.crashes for raised in crash.chain]
    signature = re.compile(json.loads((case / "case.json").read_text()).get("signature") or ".")
    assert any(signature.search(text) for text in described) or signature.search(evidence.log)
    assert all(crash.own_frames for crash in evidence.crashes)


def test_every_frame_that_is_printed_as_the_applications_own_is_found_and_no_other(case):
    frames = [frame for crash in read(case).crashes for raised in crash.chain for frame in raised.frames]
    assert all(bool(frame.source_path) == frame.path.startswith("<app>/") for frame in frames)
    assert all(frame.path.removeprefix("<app>/") == frame.source_path for frame in frames if frame.source_path)


def test_the_requests_that_failed_come_first(case):
    statuses = [request.status for request in read(case).requests]
    assert statuses == sorted(statuses, key=lambda status: status < 500)
