import pytest

from naosu.cli.issues import status_of


@pytest.mark.parametrize(
    ("status", "regressed_at", "shown"),
    [
        ("open", None, "open"),
        ("open", "2026-11-22T00:00:00Z", "open (came back)"),
        ("resolved", "2026-11-22T00:00:00Z", "resolved"),
        ("muted", "2026-11-22T00:00:00Z", "muted"),
    ],
)
def test_only_an_open_issue_that_was_resolved_before_came_back(status, regressed_at, shown):
    assert status_of({"status": status, "regressed_at": regressed_at}) == shown
