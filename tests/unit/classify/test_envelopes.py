"""What an unmodified SDK recorded in a real application gets the labels that its operator would defend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from naosu.classify import classify
from naosu.ingest.sentry.envelope import parse_envelope
from naosu.normalize.event import to_event

ROOT = Path(__file__).parents[4] / "shared" / "data" / "envelopes"
LABELS = [
    line.split()
    for line in (Path(__file__).parents[2] / "corpus" / "classify" / "envelopes.txt").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.skipif(not ROOT.exists(), reason="../shared/data/envelopes is absent")
@pytest.mark.parametrize(("file", "category", "severity", "retry"), LABELS, ids=[label[0] for label in LABELS])
def test_a_recorded_event_gets_its_label(file: str, category: str, severity: str, retry: str, matcher) -> None:
    items = parse_envelope((ROOT / f"{file}.envelope").read_bytes()).items
    payload = next(item.payload for item in items if item.type == "event")
    event = to_event(payload, project_id=1, received_at=datetime(2026, 11, 22, tzinfo=UTC), scrubbed=())
    verdict = classify(event, matcher)
    assert (verdict.category, verdict.severity, verdict.retry or "-") == (category, severity, retry), verdict.rule_id
