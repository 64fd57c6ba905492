"""The application in parts answers what the whole one answers."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from naosu.api.app import create_app
from naosu.api.parts import ALL_PARTS, V1_WORDS, parts_for
from naosu.wiring.api_app import describing_context


def answered(app: FastAPI) -> dict[tuple[str, str], str]:
    """Return which handler answers which method and path."""
    routes = (context for route in app.routes for context in _routes_under(route))
    return {
        (method, route.path): f"{route.endpoint.__module__}.{route.endpoint.__qualname__}"
        for route in routes
        for method in sorted(route.methods or ())
    }


def _routes_under(route: object) -> list[APIRoute]:
    if isinstance(route, APIRoute):
        return [route]
    inner = getattr(getattr(route, "original_router", None), "routes", ())
    return [one for one in inner if isinstance(one, APIRoute)]


def test_each_path_is_answered_by_its_parts_as_by_the_whole() -> None:
    whole = answered(create_app(describing_context()))
    assert len(whole) > 90
    in_parts = {
        parts: answered(create_app(describing_context(), parts=parts))
        for parts in {parts_for(path) for _, path in whole}
    }
    for (method, path), handler in whole.items():
        assert in_parts[parts_for(path)].get((method, path)) == handler, (method, path)


def test_no_part_claims_a_word_that_it_does_not_answer() -> None:
    for part, words in V1_WORDS.items():
        paths = {path for _, path in answered(create_app(describing_context(), parts=(part,)))}
        assert {path.split("/")[3] for path in paths} == set(words), part


def test_a_path_that_no_part_claims_gets_the_whole() -> None:
    for path in (
        "/",
        "",
        "/healthz",
        "/api/v1",
        "/api/v1/",
        "/api/v1/openapi.json",
        "/api/0/projects/",
        "/x/api/v1/me",
    ):
        assert parts_for(path) == ALL_PARTS
    assert parts_for("/api/v1/issues") == parts_for("/api/v1/issues/SHOP-1/explain") == ("naosu.api.v1.issues",)
