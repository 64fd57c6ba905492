"""Real and vendor-documented errors of eight platforms get the labels that an operator would defend."""

import json
from pathlib import Path

import pytest

from naosu.classify import classify

SAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "classify" / "samples.jsonl").read_text().splitlines()
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s['platform']}-{s['type'] or s['message'][:20]}")
def test_a_known_error_gets_its_category_severity_and_retryability(sample, matcher, make_event) -> None:
    if sample["type"]:
        event = make_event((sample["module"], sample["type"], sample["message"]), platform=sample["platform"])
    else:
        event = make_event(message=sample["message"], platform=sample["platform"])
    verdict = classify(event, matcher)
    got = (verdict.category.value, verdict.severity.value, verdict.retryable)
    assert got == (sample["category"], sample["severity"], sample["retryable"]), verdict.rule_id


def test_the_corpus_covers_eight_platforms_and_all_categories() -> None:
    assert len(SAMPLES) >= 200
    assert len({sample["platform"] for sample in SAMPLES}) >= 8
    assert len({sample["category"] for sample in SAMPLES}) == 12
