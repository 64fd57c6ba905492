"""The screens in a real browser: live, by keyboard, in both themes, with hostile events."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources

import pytest
import uvicorn
from web_world import ENVELOPES, PASSWORD, FixedClock, World, event_of, fill, hostile_event

CHROMIUM = next(
    (path for name in ("chromium", "google-chrome", "chromium-browser") if (path := shutil.which(name))), None
)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not ENVELOPES.exists(), reason="no recorded envelopes on this machine"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WAIT_MS = 15_000


class Site:
    """A world behind a real server on a free port."""

    def __init__(self, *, filled: bool = True) -> None:
        self.world = World(clock=FixedClock(datetime.now(UTC)))
        self.world.person()
        if filled:
            fill(self.world, newest=12)
            hostile = hostile_event("<img src=x onerror=document.title='owned'>", at=self.world.clock.now())
            self.world.record(hostile)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.world.app, log_level="warning", timeout_graceful_shutdown=5))
        self.world.app.state.is_stopping = lambda: self.server.should_exit
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]})

    def start(self) -> None:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(site: Site, chromium: sync_api.Browser) -> Iterator[sync_api.Page]:
    """A signed-in page that must end without a script error or a breach of the content security policy."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Asia/Tokyo", locale="en-GB")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    sign_in(page, site)
    yield page
    context.close()
    assert not faults


def sign_in(page: sync_api.Page, site: Site) -> None:
    page.goto(f"{site.url}/sign-in")
    page.fill("#email", "admin@example.com")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{site.url}/")


def some_error(number: int, kind: str) -> dict:
    frames = {"frames": [{"function": f"f{kind}", "module": "shop", "in_app": True}]}
    return {
        "event_id": f"{number:032x}",
        "exception": {"values": [{"type": kind, "value": "new", "stacktrace": frames}]},
    }


def test_a_new_issue_appears_by_itself_and_what_was_picked_stays(site: Site, page: sync_api.Page):
    page.goto(f"{site.url}/issues")
    page.wait_for_selector('[data-state="on"]')
    page.check("tbody tr:first-child input")
    picked = page.get_attribute("tbody tr:first-child", "id")
    page.focus("#query")
    page.keyboard.type(" typed")
    site.world.record(event_of(some_error(0xBEEF, "BrandNewError"), at=site.world.clock.now()))
    page.wait_for_selector("text=BrandNewError: new")
    assert page.is_checked(f"#{picked} input")
    assert page.evaluate("document.activeElement.id") == "query"
    assert " typed" in page.input_value("#query")


def test_an_issue_can_be_found_opened_and_resolved_without_a_mouse(site: Site, page: sync_api.Page):
    site.world.record(event_of(some_error(0xCAFE, "KeyboardOnlyError"), at=site.world.clock.now()))
    page.goto(f"{site.url}/issues")
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type("type:KeyboardOnlyError is:open")
    page.keyboard.press("Enter")
    page.wait_for_url("**query=type*")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/issues/SHOP-*")
    page.keyboard.press("e")
    page.wait_for_selector("text=Resolved. If it comes back")
    assert page.inner_text("h1").startswith("KeyboardOnlyError")


def test_the_question_mark_tells_all_keys_and_escape_closes_the_list(site: Site, page: sync_api.Page):
    page.goto(f"{site.url}/issues")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    page.keyboard.press("Escape")
    assert page.locator("#keys[open]").count() == 0


def test_hostile_events_run_nothing(site: Site, page: sync_api.Page):
    for path in ("/", "/issues?query=", f"/events/{'ab' * 16}", "/releases"):
        page.goto(site.url + path)
        page.wait_for_selector("h1", state="attached")
        assert "owned" not in page.title().split("·")[-1]
        assert page.evaluate("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize("language", ["en", "ja", "fr"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(site: Site, page: sync_api.Page, language: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site.url}/account")
    page.select_option("#language", language)
    page.wait_for_selector(f"html[lang={language}]")
    for path in (
        "/",
        "/issues",
        "/issues/SHOP-1",
        f"/events/{'ab' * 16}",
        "/ingest",
        "/releases",
        "/projects/shop",
        "/account",
    ):
        page.goto(site.url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def test_times_follow_the_browsers_zone(site: Site, page: sync_api.Page):
    page.goto(f"{site.url}/issues/SHOP-1")
    assert "JST" in page.inner_text("footer")


def test_the_first_tab_stop_leads_past_the_menu(site: Site, page: sync_api.Page):
    page.goto(f"{site.url}/issues")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_systems_theme(site: Site, page: sync_api.Page, scheme: str):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site.url}/issues")
    red = int(page.evaluate("getComputedStyle(document.documentElement).backgroundColor").split("(")[1].split(",")[0])
    assert (red > 127) is (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/issues",
        "/issues?query=is:x",
        "/issues/SHOP-1",
        "/ingest",
        "/releases",
        "/projects",
        "/projects/shop",
        "/account",
    ],
)
def test_axe_finds_no_breach_of_wcag_2_2_aa(site: Site, page: sync_api.Page, scheme: str, path: str):
    page.emulate_media(color_scheme=scheme)
    page.goto(site.url + path)
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({runOnly: tags}).then(r => r.violations)", tags)
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in found] == []


def test_the_server_stops_although_a_browser_listens(chromium: sync_api.Browser):
    site = Site()
    site.start()
    page = chromium.new_context().new_page()
    sign_in(page, site)
    page.wait_for_selector('[data-state="on"]')
    site.stop()
    assert not site.thread.is_alive()
    page.context.close()


def test_the_first_event_turns_the_first_page_into_the_overview(chromium: sync_api.Browser):
    site = Site(filled=False)
    site.start()
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    sign_in(page, site)
    page.wait_for_selector("text=Connect an application")
    page.wait_for_selector('[data-state="on"]')
    site.world.record(event_of(some_error(1, "FirstEverError"), at=site.world.clock.now()))
    page.wait_for_selector("text=FirstEverError: new >> nth=0")
    assert page.locator("text=Is anything broken?").count() == 1
    context.close()
    site.stop()
