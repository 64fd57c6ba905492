"""Web origins, and the paths of the door."""

import pytest

from naosu.api.ingest.routes import Route, RouteKind, parse_route
from naosu.ingest.origins import is_origin_allowed


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        ("https://shop.example", ["*"], True),
        ("null", ["*"], True),
        ("null", ["https://shop.example"], False),
        ("https://shop.example", [], False),
        ("https://shop.example", ["https://shop.example"], True),
        ("https://shop.example", ["https://shop.example/"], True),
        ("HTTPS://Shop.Example", ["https://shop.example"], True),
        ("http://shop.example", ["https://shop.example"], False),
        ("http://shop.example", ["shop.example"], True),
        ("https://shop.example:8443", ["shop.example"], True),
        ("https://shop.example:8443", ["https://shop.example:8443"], True),
        ("https://shop.example:8443", ["https://shop.example:9000"], False),
        ("https://a.shop.example", ["*.shop.example"], True),
        ("https://a.b.shop.example", ["https://*.shop.example"], True),
        ("https://shop.example", ["*.shop.example"], False),
        ("https://evilshop.example", ["*.shop.example"], False),
        ("https://shop.example.evil", ["shop.example"], False),
        ("https://[broken", ["shop.example"], False),
        ("", ["shop.example"], False),
    ],
)
def test_origins_are_matched_whole(origin: str, allowed: list[str], expected: bool) -> None:
    assert is_origin_allowed(origin, allowed) is expected


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/7/envelope/", Route(RouteKind.ENVELOPE, "7")),
        ("/api/7/store", Route(RouteKind.STORE, "7")),
        ("/api/store/", Route(RouteKind.STORE, "")),
        ("/api/7/csp-report/", Route(RouteKind.SECURITY, "7")),
        ("/api/7/nel/", Route(RouteKind.SECURITY, "7")),
        ("/api/7/minidump", Route(RouteKind.MINIDUMP, "7")),
        ("/api/7/cron/nightly/", Route(RouteKind.CRON, "7", slug="nightly")),
        ("/api/7/cron/nightly/abc/", Route(RouteKind.CRON, "7", path_key="abc", slug="nightly")),
        ("/api/7/otlp/v1/traces/", Route(RouteKind.OTLP_TRACES, "7")),
        ("/api/7/integration/otlp/v1/logs", Route(RouteKind.OTLP_LOGS, "7")),
        ("/api/7/unreal/abc/", Route(RouteKind.UNREAL, "7", path_key="abc")),
        ("/api/7/events/x/attachments/", Route(RouteKind.ATTACHMENTS, "7")),
        ("///api//7///envelope///", Route(RouteKind.ENVELOPE, "7")),
    ],
)
def test_each_path_means_one_thing(path: str, route: Route) -> None:
    assert parse_route(path) == route


@pytest.mark.parametrize("path", ["/api/7/envelope/" + "x" * 10_000, "/" * 10_000, "/api/" + "a/" * 5000])
def test_long_paths_are_judged_without_being_remembered(path: str) -> None:
    assert parse_route(path) is None
