"""First run, sign-in, sessions, CSRF and accounts over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest

from naosu.api.auth import first_run_link

PASSWORD = "correct horse battery"
ADMIN = {"email": "aiko@example.org", "password": PASSWORD}


def link_token(desk) -> str:
    link = first_run_link(desk.store, now=desk.clock.now(), public_url=desk.context.public_url)
    assert link is not None
    assert link.startswith("http://naosu.test:8790/first-run?token=")
    return parse_qs(urlsplit(link).query)["token"][0]


@pytest.fixture
def browser(desk):
    """A browser in which the first admin is signed in."""
    client = desk.client(None)
    answer = client.post("/api/v1/first-run", json={"token": link_token(desk), **ADMIN})
    assert answer.status_code == 200
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def test_the_first_run_link_creates_one_admin_and_signs_in(browser):
    me = browser.get("/api/v1/me").json()
    assert (me["kind"], me["name"], me["role"]) == ("session", "aiko@example.org", "admin")


def test_the_first_run_link_works_once(desk):
    token = link_token(desk)
    client = desk.client(None)
    assert client.post("/api/v1/first-run", json={"token": token, **ADMIN}).status_code == 200
    again = client.post("/api/v1/first-run", json={"token": token, **ADMIN, "email": "eve@example.org"})
    assert (again.status_code, again.json()["code"]) == (403, "auth.link_invalid")


def test_of_two_browsers_that_use_the_first_run_link_at_once_one_is_let_in(desk):
    token = link_token(desk)
    together = Barrier(2)

    def visit(name):
        together.wait()
        form = {"token": token, "email": f"{name}@example.org", "password": PASSWORD}
        return desk.client(None).post("/api/v1/first-run", json=form)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(visit, ("aiko", "eve")), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].json()["code"] == "auth.link_invalid"
    assert len(desk.store.list_accounts()) == 1


def test_a_newer_first_run_link_replaces_the_older(desk):
    older, newer = link_token(desk), link_token(desk)
    client = desk.client(None)
    assert client.post("/api/v1/first-run", json={"token": older, **ADMIN}).status_code == 403
    assert client.post("/api/v1/first-run", json={"token": newer, **ADMIN}).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(7 * 86_400 - 1, 200), (7 * 86_400, 403)])
def test_the_first_run_link_expires_exactly_on_time(desk, seconds, status):
    token = link_token(desk)
    desk.clock.advance(seconds=seconds)
    assert desk.client(None).post("/api/v1/first-run", json={"token": token, **ADMIN}).status_code == status


def test_no_first_run_link_is_made_once_there_is_an_account(browser, desk):
    assert first_run_link(desk.store, now=desk.clock.now(), public_url="http://x") is None


def test_a_refused_password_leaves_the_first_run_link_working(desk):
    token = link_token(desk)
    client = desk.client(None)
    weak = client.post("/api/v1/first-run", json={"token": token, "email": "a@example.org", "password": "short"})
    assert weak.status_code == 422
    assert client.post("/api/v1/first-run", json={"token": token, **ADMIN}).status_code == 200


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(desk):
    answer = desk.client(None).post("/api/v1/first-run", json={"token": link_token(desk), **ADMIN})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_the_session_cookie_is_secure_under_https(make_desk):
    import msgspec

    from naosu.api.app import create_app

    desk = make_desk()
    desk.context = msgspec.structs.replace(desk.context, public_url="https://naosu.test")
    desk.app = create_app(desk.context)
    answer = desk.client(None).post("/api/v1/sign-out")
    assert "Secure" in answer.headers["set-cookie"]


def test_neither_session_id_nor_password_is_stored(browser, desk):
    session_id = browser.cookies["naosu_session"]
    account = desk.store.find_account("aiko@example.org")
    assert account.password_hash.startswith("$argon2id$")
    assert desk.store.find_session(session_id, now=desk.clock.now()) is None


def test_signing_out_ends_the_session_on_the_server(browser, desk):
    session_id = browser.cookies["naosu_session"]
    assert browser.post("/api/v1/sign-out").status_code == 204
    thief = desk.client(None)
    thief.cookies.set("naosu_session", session_id)
    assert thief.get("/api/v1/me").status_code == 401


def test_a_session_ends_exactly_on_time(browser, desk):
    desk.clock.advance(seconds=14 * 86_400 - 1)
    assert browser.get("/api/v1/me").status_code == 200
    desk.clock.advance(seconds=1)
    assert browser.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_an_unsafe_request_by_cookie_needs_the_sessions_csrf_token(browser, token):
    del browser.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    refused = browser.post("/api/v1/projects", json={"name": "X"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.csrf")


def test_an_unsafe_request_with_the_csrf_token_is_let_through(browser):
    assert browser.post("/api/v1/projects", json={"name": "X"}).status_code == 201


def test_a_form_field_may_carry_the_csrf_token(browser):
    token = browser.headers.pop("X-CSRF-Token")
    # The body is no JSON, but that is looked at after who sent it.
    sent = browser.post("/api/v1/projects", data={"csrf_token": token})
    assert sent.status_code == 400


def test_a_wrong_bearer_token_is_not_saved_by_a_right_cookie(browser):
    assert browser.get("/api/v1/me", headers={"Authorization": "Bearer naosu_wrong"}).status_code == 401


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_another_sites_page_cannot_sign_anyone_in(browser, headers):
    refused = browser.post("/api/v1/sign-in", json=ADMIN, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.csrf")


def test_signing_in_takes_the_address_in_any_case(browser, desk):
    answer = desk.client(None).post("/api/v1/sign-in", json={**ADMIN, "email": " AIKO@example.org "})
    assert answer.status_code == 200


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(browser, desk):
    client = desk.client(None)
    wrong = client.post("/api/v1/sign-in", json={**ADMIN, "password": "wrong password"})
    unknown = client.post("/api/v1/sign-in", json={**ADMIN, "email": "nobody@example.org"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_after_too_many_failures_even_the_right_password_waits(make_desk):
    desk = make_desk(login_attempts_max=2, login_window_s=60)
    client = desk.client(None)
    client.post("/api/v1/first-run", json={"token": link_token(desk), **ADMIN})
    for _ in range(2):
        assert client.post("/api/v1/sign-in", json={**ADMIN, "password": "wrong password"}).status_code == 401
    refused = client.post("/api/v1/sign-in", json=ADMIN)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    desk.clock.advance(seconds=60)
    assert client.post("/api/v1/sign-in", json=ADMIN).status_code == 200


def test_changing_the_password_signs_out_every_other_browser(browser, desk):
    other = desk.client(None)
    other.post("/api/v1/sign-in", json=ADMIN)
    changed = browser.put("/api/v1/me/password", json={"current": PASSWORD, "new": "another long one"})
    assert changed.status_code == 204
    assert other.get("/api/v1/me").status_code == 401
    assert browser.get("/api/v1/me").status_code == 200
    assert desk.client(None).post("/api/v1/sign-in", json=ADMIN).status_code == 401


def test_changing_the_password_needs_the_present_one(browser):
    refused = browser.put("/api/v1/me/password", json={"current": "not it at all", "new": "another long one"})
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.failed")


def test_a_disabled_account_is_out_at_once(browser, desk):
    wanted = {"email": "ken@example.org", "password": PASSWORD, "role": "viewer"}
    ken = browser.post("/api/v1/accounts", json=wanted).json()
    other = desk.client(None)
    assert other.post("/api/v1/sign-in", json={"email": "ken@example.org", "password": PASSWORD}).status_code == 200
    browser.patch(f"/api/v1/accounts/{ken['id']}", json={"disabled": True})
    assert other.get("/api/v1/me").status_code == 401
    assert other.post("/api/v1/sign-in", json={"email": "ken@example.org", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "viewer"}])
def test_the_last_admin_stays_one(browser, change):
    own = browser.get("/api/v1/accounts").json()[0]
    refused = browser.patch(f"/api/v1/accounts/{own['id']}", json=change)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_an_admin_may_go_when_another_remains(browser):
    own = browser.get("/api/v1/accounts").json()[0]
    browser.post("/api/v1/accounts", json={"email": "ken@example.org", "password": PASSWORD, "role": "admin"})
    assert browser.patch(f"/api/v1/accounts/{own['id']}", json={"role": "viewer"}).json()["role"] == "viewer"


def test_a_person_chooses_their_language(browser):
    assert browser.patch("/api/v1/me", json={"language": "ja"}).json()["language"] == "ja"
    assert browser.get("/api/v1/me").json()["language"] == "ja"
    assert browser.patch("/api/v1/me", json={"language": "tlh"}).status_code == 422


def test_a_script_has_no_account_to_change(api):
    assert api.patch("/api/v1/me", json={"language": "ja"}).status_code == 403


def test_accounts_are_shown_without_their_hashes(browser):
    assert "argon2" not in browser.get("/api/v1/accounts").text
