import json

import pytest
from source_of import TextTree

from naosu.domain.evidence import Crash, FaultEvidence, Raised, WebRequest
from naosu.domain.observation import Described
from naosu.repair.probing import FOREIGN_ORIGIN, UNKNOWN_PATH
from naosu.repair.requests import REQUESTS_MAX, choose_requests, parse_request

ORDER = {
    "type": "object",
    "required": ["item", "email"],
    "properties": {
        "item": {"type": "integer", "minimum": 3},
        "email": {"type": "string", "format": "email"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}


def operation(*parameters: dict, body: dict | None = None) -> dict:
    content = {"requestBody": {"content": {"application/json": {"schema": body}}}} if body else {}
    return {"parameters": list(parameters), "responses": {"200": {}}, **content}


def parameter(name: str, where: str = "path", kind: str = "integer", **more) -> dict:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": kind, **more}}


PATHS = {
    "/orders": {"get": operation(parameter("q", "query", "string")), "post": operation(body=ORDER)},
    "/orders/{order_id}": {
        "get": operation(parameter("order_id")),
        "patch": operation(parameter("order_id"), body=ORDER),
        "delete": operation(parameter("order_id")),
    },
    "/orders/{order_id}/cancel": {"post": operation(parameter("order_id"))},
    "/admin/reset": {"get": operation()},
}


def described(paths: dict | None = None) -> Described:
    return Described(framework="fastapi", openapi=json.dumps({"paths": PATHS if paths is None else paths}).encode())


def get(path: str, status: int = 200) -> WebRequest:
    return WebRequest(method="GET", path=path, status=status)


def post(path: str, status: int = 500, body: bytes | None = None) -> WebRequest:
    return WebRequest(method="POST", path=path, status=status, body=body)


def lines(requests) -> list[str]:
    return [request.line for request in requests]


def chosen(*recorded: WebRequest, given=(), about: Described | None = None, crash: str = "", source=None):
    crashes = (Crash(chain=(Raised(type=crash, message=""),)),) if crash else ()
    evidence = FaultEvidence(requests=recorded, crashes=crashes)
    return choose_requests(evidence, given=given, described=about, source=source)


def test_what_failed_is_sent_first_among_what_reads():
    failed_first = chosen(get("/b", 500), get("/a"))
    assert lines(failed_first)[:2] == ["GET /b", "GET /a"]


def test_no_more_than_25_requests_are_sent_and_what_was_given_is_among_them():
    recorded = [get(f"/failed/{n}", 500) for n in range(40)] + [post(f"/p/{n}") for n in range(40)]
    given = [WebRequest(method="GET", path=f"/given/{n}") for n in range(10)]
    sent = chosen(*recorded, given=given, about=described())
    assert len(sent) == REQUESTS_MAX
    assert set(given) <= set(sent)


def test_what_was_given_keeps_its_order_and_may_even_delete():
    given = [WebRequest(method="POST", path="/login"), WebRequest(method="DELETE", path="/orders/1")]
    sent = chosen(given=given, about=described())
    assert [request for request in sent if request in given] == given


@pytest.mark.parametrize(
    "request_",
    [
        WebRequest(method="DELETE", path="/orders/7", status=500),
        post("/admin/reset"),
        post("/orders/7/cancel"),
        get("/logout", 500),
        get("/users/delete?id=7", 500),
        post("/cache/flush"),
    ],
    ids=lambda request: request.line,
)
def test_what_deletes_or_looks_destructive_is_not_sent_by_ourselves(request_):
    assert request_.line not in lines(chosen(request_))


@pytest.mark.parametrize("path", ["/orders/7", "/presets", "/undeleted", "/backdrop", "/surface"])
def test_what_only_sounds_destructive_is_sent(path):
    assert f"GET {path}" in lines(chosen(get(path, 500)))


def test_an_openapi_document_gives_safe_requests_with_their_parameters_filled():
    sent = chosen(about=described())
    assert "GET /orders/1" in lines(sent)
    assert not any("cancel" in line or "reset" in line or "DELETE" in line for line in lines(sent))
    assert all(request.is_made_up for request in sent)


def test_a_path_parameter_is_filled_with_what_the_log_showed_and_was_answered():
    sent = chosen(get("/orders/404x", 404), get("/orders/7/", 200), get("/orders/42"), about=described())
    patched = [request.path for request in sent if request.method == "PATCH"]
    assert patched[0] == "/orders/42"


def test_a_recorded_write_without_its_body_gets_bodies_that_its_schema_allows():
    bodies = [request.body for request in chosen(post("/orders"), about=described()) if request.line == "POST /orders"]
    assert json.loads(bodies[0]) == {"item": 3, "email": "ann@example.com"}
    assert json.loads(bodies[1]) == {"item": 3, "email": "ann@example.com", "note": "example"}


def test_a_recorded_body_is_sent_as_it_is():
    recorded = post("/orders", body=b'{"item": 9}')
    sent = [request for request in chosen(recorded, about=described()) if request.line == "POST /orders"]
    assert sent[0] == recorded


def test_what_was_recorded_with_a_made_up_body_is_made_up_and_keeps_its_status():
    sent = next(request for request in chosen(post("/orders"), about=described()) if request.method == "POST")
    assert (sent.is_made_up, sent.status) == (True, 500)


def test_some_requests_ought_to_be_refused():
    bodies = [request.body for request in chosen(about=described()) if request.line == "POST /orders"]
    assert None in bodies
    assert b'{"item":{"wrong":true},"email":{"wrong":true}}' in bodies


def test_a_patch_is_tried_with_one_field_only():
    paths = {
        "/me": {"patch": operation(body={"type": "object", "properties": {"bio": {}, "age": {}}, "required": ["bio"]})}
    }
    bodies = [request.body for request in chosen(about=described(paths)) if request.method == "PATCH"]
    assert b'{"bio":"example"}' in bodies


@pytest.mark.parametrize(("crash", "times"), [("IntegrityError", 2), ("PendingRollbackError", 2), ("KeyError", 1)])
def test_a_write_is_repeated_where_the_fault_shows_only_then(crash, times):
    sent = chosen(post("/threads"), crash=crash)
    assert lines(sent).count("POST /threads") == times


def test_a_leak_is_provoked_by_repeating_what_reads():
    crash = Crash(chain=(Raised(type="TimeoutError", message="QueuePool limit of size 5 overflow 10 reached"),))
    sent = choose_requests(FaultEvidence(requests=(get("/leaky", 500),), crashes=(crash,)))
    assert lines(sent).count("GET /leaky") > 15


def test_reads_come_before_writes_and_some_again_after_them():
    sent = lines(chosen(get("/a"), post("/b")))
    assert sent.index("GET /a") < sent.index("POST /b") < len(sent) - 1 - sent[::-1].index("GET /a")


def test_silent_faults_are_probed():
    sent = chosen(get("/users?name=ann"), get("/broken", 500))
    origins = [(request.method, request.path) for request in sent if dict(request.headers).get("origin")]
    assert origins == [("GET", "/users?name=ann"), ("GET", "/broken"), ("OPTIONS", "/users?name=ann")]
    assert all(dict(request.headers)["origin"] == FOREIGN_ORIGIN for request in sent if request.headers)
    assert "GET /users?name=O%27Brien" in lines(sent)
    assert f"GET {UNKNOWN_PATH}" in lines(sent)


def test_an_apostrophe_goes_where_the_document_has_a_text():
    assert "GET /orders?q=O%27Brien" in lines(chosen(about=described()))


@pytest.mark.parametrize(
    ("method", "route", "path"),
    [
        ("GET", "/items/<int:item_id>", "/items/1"),
        ("GET", "/items/<uuid:key>/<name>", "/items/3f2b8c1e-5d47-4a6b-9c0d-1e2f3a4b5c6d/Ann%20Example"),
        ("GET", "/files/{name:path}", "/files/Ann%20Example"),
        ("GET", "items/<int:pk>/", "/items/1/"),
        ("GET", r"^items/(?P<pk>\d+)/$", "/items/1/"),
        ("GET", r"^api/v1\.0/(?P<slug>[-\w]+)/?$", "/api/v1.0/example/"),
    ],
)
def test_routes_of_every_framework_are_filled(method, route, path):
    assert f"{method} {path}" in lines(chosen(about=Described(routes=((method, route),))))


def test_no_body_is_made_up_where_nothing_is_known_of_it():
    sent = chosen(about=Described(framework="flask", routes=(("POST", "/threads"), ("GET", "/threads"))))
    assert "POST /threads" not in lines(sent)


def test_an_application_that_does_not_start_is_asked_what_its_source_declares():
    source = TextTree(
        {
            "main.py": "from fastapi import FastAPI\nimport orders\napp = FastAPI()\n"
            "app.include_router(orders.router, prefix='/v1')\n@app.get('/health')\ndef h(): ...\n",
            "orders.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/orders')\n"
            "@router.get('/{order_id}')\ndef one(order_id: int): ...\n@router.delete('/{x}')\ndef no(): ...\n",
        }
    )
    sent = lines(chosen(about=Described(error="ImportError"), source=source))
    assert {"GET /health", "GET /v1/orders/example"} <= set(sent)


def test_the_source_of_flask_and_django_declares_routes_too():
    source = TextTree(
        {
            "views.py": "from flask import Blueprint\nbp = Blueprint('b', __name__, url_prefix='/shop')\n"
            "@bp.route('/items/<int:n>', methods=['GET', 'POST'])\ndef items(n): ...\n",
            "site/urls.py": "from django.urls import include, path\nfrom . import v\n"
            "urlpatterns = [path('health/', v.health), path('api/', include('catalog.urls'))]\n",
            "catalog/urls.py": "from django.urls import path\nimport v\nurlpatterns = [path('products/', v.all)]\n",
        }
    )
    sent = lines(chosen(about=Described(error="ImportError"), source=source))
    assert {"GET /shop/items/1", "GET /health/", "GET /api/products/"} <= set(sent)


@pytest.mark.parametrize("openapi", [b"", b"{", b"[]", b'{"paths": 7}', b'{"paths": {"/a": 7, "/b": {"get": 7}}}'])
def test_an_odd_document_is_no_error(openapi):
    assert lines(chosen(about=Described(openapi=openapi)))


def test_schemas_that_refer_to_themselves_come_to_an_end():
    node = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    document = {
        "paths": {"/n": {"post": operation(body={"$ref": "#/components/schemas/Node"})}},
        "components": {"schemas": {"Node": node}},
    }
    sent = chosen(about=Described(openapi=json.dumps(document).encode()))
    assert "POST /n" in lines(sent)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /orders/7", ("GET", "/orders/7", None)),
        (' post  /orders  {"a": 1} ', ("POST", "/orders", b'{"a": 1}')),
        ("POST /login user=ann&x=1", ("POST", "/login", b"user=ann&x=1")),
    ],
)
def test_a_request_is_read_as_people_write_it(text, expected):
    request = parse_request(text)
    assert (request.method, request.path, request.body) == expected


@pytest.mark.parametrize(
    ("text", "kind"), [("POST /a {}", "application/json"), ("POST /a x=1", "application/x-www-form-urlencoded")]
)
def test_a_body_has_the_content_type_that_it_looks_like(text, kind):
    assert dict(parse_request(text).headers) == {"content-type": kind}


@pytest.mark.parametrize("text", ["", "GET", "/orders", "GET orders", "hello world"])
def test_what_is_no_request_is_none(text):
    assert parse_request(text) is None
