"""Who gets in, and what a page from elsewhere cannot do."""

import pytest
from web_world import NOW, PASSWORD, World, fill, hostile_event

from naosu.api.auth import first_run_link
from naosu.domain.account import Role
from naosu.web.router import SCREENS

OPEN_PATHS = {"/sign-in", "/sign-out", "/language", "/first-run"}


def concrete(path: str) -> str:
    names = {"{slug}": "shop", "{ref}": "SHOP-1", "{event_id}": "ab" * 16, "{key_id}": "1"}
    for name, value in {**names, "{account_id}": "1", "{token_id}": "1"}.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.method == "GET" and s.role], ids=lambda s: s.path)
def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(screen):
    answer = World().visitor().get(concrete(screen.path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.method == "POST" and s.role], ids=lambda s: s.path)
def test_no_form_is_taken_from_whoever_is_not_signed_in(screen):
    world = World()
    mark = world.store.change_mark()
    assert world.visitor().post(concrete(screen.path), data={"action": "resolve"}).status_code == 303
    assert world.store.change_mark() == mark


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.method == "POST" and s.role], ids=lambda s: s.path)
def test_no_form_is_taken_without_its_sessions_token(screen):
    browser = World().browser()
    answer = browser.client.post(concrete(screen.path), data={"action": "resolve", "csrf_token": "guessed"})
    assert answer.status_code == 403
    assert "auth.csrf" in answer.text


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.role is Role.ADMIN], ids=lambda s: s.path)
def test_what_is_an_admins_is_refused_to_an_operator(screen):
    answer = World().browser(Role.OPERATOR).send(concrete(screen.path))
    assert answer.status_code == 403
    assert "auth.forbidden" in answer.text


@pytest.mark.parametrize("screen", [s for s in SCREENS if s.role is Role.OPERATOR], ids=lambda s: s.path)
def test_what_is_an_operators_is_refused_to_a_viewer(screen):
    assert World().browser(Role.VIEWER).send(concrete(screen.path)).status_code == 403


def test_every_open_path_is_meant_to_be_open():
    assert {screen.path for screen in SCREENS if screen.role is None} == OPEN_PATHS


def test_a_viewer_sees_no_button_that_would_be_refused():
    world = World()
    world.record(hostile_event("x"))
    page = world.browser(Role.VIEWER).get("/issues/SHOP-1").text
    assert "Resolve in the next release" not in page
    assert 'value="merge"' not in page


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\n/evil.example"]
)
def test_signing_in_never_leads_to_another_site(target: str):
    world = World()
    address = world.person()
    answer = world.visitor().post("/sign-in", data={"email": address, "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_signing_in_leads_on_to_where_one_wanted_to_go():
    world = World()
    address = world.person()
    form = {"email": address, "password": PASSWORD, "next": "/issues?query=is:open"}
    assert world.visitor().post("/sign-in", data=form).headers["location"] == "/issues?query=is:open"


def test_a_wrong_password_shows_the_form_again_with_the_address():
    world = World()
    address = world.person()
    answer = world.visitor().post("/sign-in", data={"email": address, "password": "wrong wrong wrong"})
    assert answer.status_code == 401
    assert f'value="{address}"' in answer.text
    assert "do not fit" in answer.text


def test_another_sites_page_cannot_sign_anybody_in():
    world = World()
    form = {"email": world.person(), "password": PASSWORD}
    answer = world.visitor().post("/sign-in", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_signing_out_ends_the_session():
    browser = World().browser()
    assert browser.send("/sign-out").headers["location"] == "/sign-in"
    assert browser.get("/issues").status_code == 303


@pytest.mark.parametrize("path", ["/", "/issues", "/ingest", "/nowhere", "/sign-in"])
def test_every_page_forbids_foreign_and_inline_script(path: str):
    policy = World().browser().get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_an_unknown_path_is_a_page_that_says_so():
    answer = World().browser().get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_an_unknown_path_of_the_api_is_not_a_page():
    answer = World().browser().get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert "html" not in answer.headers["content-type"]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "%(evil)s %s",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", ["en", "ja", "fr"])
def test_whatever_an_event_holds_is_text_on_every_page(text: str, language: str):
    world = World()
    world.record(hostile_event(text))
    browser = world.browser(language=language)
    for path in ("/", "/issues", "/issues/SHOP-1", f"/issues/SHOP-1/events/{'ab' * 16}", "/releases", "/ingest"):
        page = browser.get(path)
        assert page.status_code == 200
        for live in ("<script>alert", "<img src=x", "<svg onload", "' onmouseover='", "49{"):
            assert live not in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_searched_for_is_text_in_the_answer(text: str):
    answer = World().browser().client.get("/issues", params={"query": text, "project": text, "sort": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    "cookie", ["naosu_zone=../../etc/passwd", "naosu_zone=%00", "naosu_language=xx", "naosu_flash=<b>"]
)
def test_a_strange_cookie_changes_nothing(cookie: str):
    world = World()
    fill(world, newest=1)
    browser = world.browser()
    session = browser.client.cookies["naosu_session"]
    browser.client.cookies.clear()
    answer = browser.get("/", Cookie=f"naosu_session={session}; {cookie}")
    assert answer.status_code == 200
    assert "<b>" not in answer.text.split("<main")[1].split('class="figures"')[0]


def test_the_one_time_link_makes_one_admin_and_works_once():
    world = World()
    link = first_run_link(world.store, now=NOW, public_url="http://testserver")
    token = link.split("token=")[1]
    client = world.visitor()
    assert "Make the first account" in client.get(f"/first-run?token={token}").text
    form = {"token": token, "email": "first@example.com", "password": PASSWORD}
    assert client.post("/first-run", data=form).headers["location"] == "/"
    assert client.get("/projects").status_code == 200
    assert world.store.find_account("first@example.com").role is Role.ADMIN
    assert client.post("/first-run", data={**form, "email": "second@example.com"}).status_code == 403
    assert "expired" in client.get(f"/first-run?token={token}").text


@pytest.mark.parametrize(("email", "password"), [("nobody", PASSWORD), ("a@example.com", "short")])
def test_the_first_account_needs_an_address_and_a_long_password(email: str, password: str):
    world = World()
    token = first_run_link(world.store, now=NOW, public_url="http://testserver").split("token=")[1]
    answer = world.visitor().post("/first-run", data={"token": token, "email": email, "password": password})
    assert answer.status_code == 422
    assert world.store.list_accounts() == []
    assert f'value="{token}"' in answer.text
