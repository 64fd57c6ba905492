"""Events of every platform are read alike, and scrubbed alike."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from naosu.domain.event import Event
from naosu.normalize.detail import to_detail
from naosu.normalize.event import to_event
from naosu.normalize.markdown import to_markdown
from naosu.normalize.scrub import Scrubber

CORPUS = Path(__file__).parents[2] / "corpus" / "platforms"
FILES = sorted(CORPUS.glob("*.jsonl"))
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SCRUBBER = Scrubber(pseudonym_key=b"k" * 32)
SECRETS = [
    "hunter2",
    "JSESSIONID=0A",
    "tok-java-1234",
    "abc123def456",
    "go-abc-123",
    "gokey123",
    "eyJpdiI6Ik",
    "csrf-php-123",
    "tok-ruby-1",
    "fallback-secret-1",
    "net-abc-123",
    "CfDJ8",
    "kim@example.com",
    "203.0.113",
    "198.51.100",
    "tok_live_",
    "tok_abcdef",
    "10.4.0.12",
]


def events(name: str) -> list[Event]:
    lines = (CORPUS / f"{name}.jsonl").read_bytes().splitlines()
    return [to_event(SCRUBBER.scrub(line).payload, project_id=1, received_at=NOW) for line in lines]


def in_app(event: Event, exception: int = -1) -> list[bool | None]:
    return [frame.in_app for frame in event.exceptions[exception].frames]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_invented_secret_survives(path: Path) -> None:
    for line in path.read_bytes().splitlines():
        left = SCRUBBER.scrub(line).payload.decode()
        json.loads(left)
        assert [secret for secret in SECRETS if secret in left] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_event_can_be_shown(path: Path) -> None:
    for line in path.read_bytes().splitlines():
        detail = to_detail(SCRUBBER.scrub(line).payload)
        markdown = to_markdown(detail)
        assert len(markdown) <= 40_000
        if detail.exceptions:
            assert all(frame.function or frame.filename for shown in detail.exceptions for frame in shown.frames)


def test_java_libraries_are_not_in_app_and_the_module_is_the_class() -> None:
    web, chain, kotlin = events("java")
    assert in_app(web) == [False, False, False, True, True]
    assert web.exceptions[0].frames[-1].module == "com.acme.shop.Cart"
    assert web.exceptions[0].handled is False
    assert in_app(chain, 0) == [False, False, True]
    assert in_app(chain) == [False, True]
    assert (chain.message, chain.message_template) == ("cannot load order 4711", "cannot load order {}")
    assert chain.exceptions[0].parent_id == 0
    assert in_app(kotlin) == [False, True, True]
    assert kotlin.tags == (("region", "eu"), ("retries", "3"))


def test_the_go_runtime_and_downloaded_modules_are_not_in_app() -> None:
    web, panic, _ = events("go")
    assert in_app(web) == [False, True, True]
    assert in_app(panic) == [False, True, False, True]
    assert web.request_method == "POST"


def test_php_vendor_and_internal_frames_are_not_in_app() -> None:
    web, database, warning = events("php")
    assert in_app(web) == [False, True, True]
    assert in_app(database) == [False, True]
    assert database.status_code == 500
    assert warning.level == "warning"


def test_ruby_gems_and_internal_frames_are_not_in_app() -> None:
    web, chain, key = events("ruby")
    assert in_app(web) == [False, False, True]
    assert in_app(chain, 0) == [False]
    assert in_app(key) == [False, True]
    assert key.exceptions[0].value == "key not found: :token"


def test_dotnet_framework_frames_are_not_in_app() -> None:
    web, group, database = events("csharp")
    assert in_app(web) == [False, True, True]
    assert in_app(group) == [False, True]
    assert [value.is_group for value in group.exceptions] == [False, False, True]
    assert [value.parent_id for value in group.exceptions] == [0, 0, -1]
    assert in_app(database) == [False, True]
    assert database.tags == (("count", "2"), ("retry", "true"))


def test_browser_dependencies_are_not_in_app_though_the_sdk_says_so() -> None:
    chrome, firefox, thrown, chained = events("browser")
    assert in_app(chrome) == [False, False, True, True, True]
    assert in_app(firefox)[0] is False
    assert thrown.exceptions or thrown.message == "a thrown string"
    assert [value.type for value in chained.exceptions] == ["SyntaxError", "Error"]


def test_node_builtin_frames_are_not_in_app() -> None:
    recorded = events("node")
    for event in recorded:
        for value in event.exceptions:
            for frame in value.frames:
                assert frame.in_app is ("/srv/" in frame.filename and "node_modules" not in frame.filename)
    assert {event.platform for event in recorded} == {"node"}
    assert any(value.is_group for event in recorded for value in event.exceptions)
