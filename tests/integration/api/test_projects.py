"""Projects, keys and tokens over HTTP."""

import pytest

from naosu.domain.account import Role


def test_a_new_project_answers_with_its_id_slug_and_dsn(api):
    made = api.post("/api/v1/projects", json={"name": "Café Müller"})
    assert made.status_code == 201
    body = made.json()
    assert body["slug"] == "cafe-muller"
    key = api.get("/api/v1/projects/cafe-muller/keys").json()[0]["public_key"]
    assert body["dsn"] == f"http://{key}@naosu.test:8790/{body['id']}"


def test_a_taken_slug_is_a_conflict(api):
    refused = api.post("/api/v1/projects", json={"name": "Shop"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("slug", ["", "12", "A", "-a", "a" * 51, "a b"])
def test_a_slug_that_is_none_or_reads_as_an_id_is_refused(api, slug):
    assert api.post("/api/v1/projects", json={"name": "X", "slug": slug}).status_code == 422


def test_a_name_without_latin_letters_gets_a_numbered_slug(api):
    assert api.post("/api/v1/projects", json={"name": "店"}).json()["slug"] == "project"
    assert api.post("/api/v1/projects", json={"name": "商店"}).json()["slug"] == "project-2"


def test_a_project_is_found_by_slug_and_by_id(api, desk):
    assert api.get("/api/v1/projects/shop").json() == api.get(f"/api/v1/projects/{desk.project.id}").json()
    assert api.get("/api/v1/projects/nowhere").status_code == 404
    assert api.get("/api/v1/projects/99999999999999999999").status_code == 404


def test_changing_one_section_of_the_settings_leaves_the_others(api):
    api.patch("/api/v1/projects/shop", json={"settings": {"scrub": {"fields": ["iban"]}}})
    changed = api.patch("/api/v1/projects/shop", json={"name": "Shop!", "settings": {"retention": {"days": 3}}}).json()
    assert changed["name"] == "Shop!"
    assert changed["settings"]["retention"] == {"days": 3, "events_max": 1_000_000}
    assert changed["settings"]["scrub"]["fields"] == ["iban"]


@pytest.mark.parametrize(
    "settings",
    [
        {"retention": {"days": 0}},
        {"retention": {"days": 3651}},
        {"rate_limits": [{"quantity": -1}]},
        {"rate_limits": [{"quantity": 1, "window_s": 0}]},
        {"scrub": {"patterns": [["x", "(a+)+$"]]}},
        {"grouping_rules": [{"match": [], "fingerprint": ["a"]}]},
        {"grouping_rules": [{"match": [["type", "A"]], "fingerprint": []}]},
    ],
)
def test_settings_out_of_their_bounds_are_refused_and_nothing_changes(api, settings):
    before = api.get("/api/v1/projects/shop").json()
    refused = api.patch("/api/v1/projects/shop", json={"settings": settings})
    assert (refused.status_code, refused.json()["code"]) == (422, "settings.invalid")
    assert api.get("/api/v1/projects/shop").json() == before


def test_a_disabled_key_leaves_the_project_with_the_next_one_as_dsn(api):
    first = api.get("/api/v1/projects/shop/keys").json()[0]
    second = api.post("/api/v1/projects/shop/keys", json={"label": "mobile"}).json()
    api.patch(f"/api/v1/projects/shop/keys/{first['id']}", json={"active": False})
    assert api.get("/api/v1/projects/shop").json()["dsn"] == second["dsn"]
    api.patch(f"/api/v1/projects/shop/keys/{second['id']}", json={"active": False})
    assert api.get("/api/v1/projects/shop").json()["dsn"] == ""


def test_a_key_of_another_project_is_not_found(api):
    other = api.post("/api/v1/projects", json={"name": "Other"}).json()
    key = api.get(f"/api/v1/projects/{other['slug']}/keys").json()[0]
    assert api.patch(f"/api/v1/projects/shop/keys/{key['id']}", json={"active": False}).status_code == 404


def test_a_tokens_secret_is_shown_once_and_opens_until_revoked(api, desk):
    made = api.post("/api/v1/tokens", json={"name": "ci", "role": "operator"}).json()
    assert made["token"].startswith("naosu_")
    assert all("token" not in one for one in api.get("/api/v1/tokens").json())
    script = desk.client(None)
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert script.get("/api/v1/me", headers=headers).json()["name"] == "ci"
    assert api.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert script.get("/api/v1/me", headers=headers).status_code == 401


def test_a_token_remembers_the_minute_in_which_it_was_used(api):
    api.get("/api/v1/me")
    assert api.get("/api/v1/tokens").json()[0]["last_used_at"] == "2026-11-22T10:30:00Z"


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        (None, "GET", "/api/v1/projects", 401),
        (Role.VIEWER, "GET", "/api/v1/projects", 200),
        (Role.VIEWER, "POST", "/api/v1/projects", 403),
        (Role.OPERATOR, "POST", "/api/v1/projects", 201),
        (Role.OPERATOR, "GET", "/api/v1/tokens", 403),
        (Role.OPERATOR, "GET", "/api/v1/accounts", 403),
        (Role.OPERATOR, "POST", "/api/v1/reset", 403),
        (Role.ADMIN, "GET", "/api/v1/tokens", 200),
        (Role.VIEWER, "PUT", "/api/0/organizations/x/issues/", 403),
        (None, "GET", "/api/0/", 401),
    ],
)
def test_each_role_may_do_its_own_and_no_more(desk, role, method, path, status):
    body = {"name": "New"} if method == "POST" else None
    assert desk.client(role).request(method, path, json=body).status_code == status


def test_every_route_but_the_named_ones_needs_someone_known(desk):
    open_paths = {"/healthz", "/readyz", "/metrics", "/api/v1/sign-in", "/api/v1/sign-out", "/api/v1/first-run"}
    document = desk.client(None).get("/api/v1/openapi.json").json()
    stranger = desk.client(None)
    for path, operations in document["paths"].items():
        if path in open_paths:
            continue
        concrete = path.replace("{event_id}", "0" * 32)
        for name in ("project", "organization", "issue", "version", "key", "kind"):
            concrete = concrete.replace(f"{{{name}}}", "a")
        concrete = concrete.replace("{", "").replace("}", "").replace("_id", "").replace("key_", "1")
        for method in operations:
            answer = stranger.request(method.upper(), concrete, json={})
            # Parameters are looked at first; nothing may be answered, though.
            assert answer.status_code in (401, 422), f"{method} {concrete}: {answer.status_code} {answer.text}"


def test_a_rule_can_be_tried_before_it_counts(api, desk, event):
    desk.send(event(1), event(2, function="ship"), event(3, kind="ValueError", function="ship"))
    rule = {"match": [["type", "KeyError"]], "fingerprint": ["all-keys"]}
    tried = api.post("/api/v1/projects/shop/grouping-rules/preview", json={"rule": rule}).json()
    assert (tried["looked_at"], tried["moved"], tried["fingerprint_count"]) == (3, 2, 1)
    assert len(tried["issue_ids"]) == 2
    assert api.get("/api/v1/issues").json()["total"] == 3


def test_scrub_settings_can_be_tried_on_a_payload(api):
    wanted = {"scrub": {"fields": ["iban"]}, "payload": {"extra": {"iban": "DE0212", "password": "x", "name": "n"}}}
    tried = api.post("/api/v1/projects/shop/scrub/preview", json=wanted).json()
    assert tried["payload"]["extra"]["name"] == "n"
    assert "DE0212" not in str(tried)
    assert len(tried["findings"][0]["notes"]) == 2


def test_scrub_settings_can_be_tried_on_stored_events(api, desk, event):
    desk.send(event(1, extra={"blood_group": "AB"}))
    tried = api.post("/api/v1/projects/shop/scrub/preview", json={"scrub": {"fields": ["blood_group"]}}).json()
    assert tried["looked_at"] == 1
    assert [finding["event_id"] for finding in tried["findings"]] == [f"{1:032x}"]
