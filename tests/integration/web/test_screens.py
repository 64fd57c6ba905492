"""What the pages say and what their forms do, over HTTP, on a real store."""

from datetime import timedelta

import pytest
from web_world import ENVELOPES, NOW, World, event_of, fill

from naosu.domain.account import Role
from naosu.domain.classification import Category, Classification, Severity
from naosu.domain.issue import IssueStatus
from naosu.domain.telemetry import Attachment
from naosu.ports.inbox import InboxDepth
from naosu.ports.store.digest import DigestBatch

needs_envelopes = pytest.mark.skipif(not ENVELOPES.exists(), reason="no recorded envelopes on this machine")


def payload(number: int = 1, *, message: str = "boom", kind: str = "ValueError", function: str = "price") -> dict:
    frame = {"function": function, "module": "shop.cart", "filename": "cart.py", "lineno": 7, "in_app": True}
    frame |= {"context_line": "    total = price(cart)", "pre_context": ["def checkout(cart):"], "vars": {"cart": "[]"}}
    library = {"function": "run", "module": "lib.core", "filename": "core.py", "lineno": 70, "in_app": False}
    error = {"type": kind, "value": message, "stacktrace": {"frames": [library, frame]}}
    return {
        "event_id": f"{number:032x}",
        "platform": "python",
        "level": "error",
        "release": "shop@1.2",
        "environment": "production",
        "exception": {"values": [error | {"mechanism": {"type": "wsgi", "handled": False}}]},
        "user": {"id": str(number)},
        "tags": {"region": "eu"},
        "request": {
            "method": "POST",
            "url": "https://shop.example/pay",
            "headers": {"Authorization": "Bearer abcdef123456"},
        },
        "breadcrumbs": {"values": [{"category": "query", "message": "SELECT 1", "timestamp": NOW.isoformat()}]},
        "left_field": {"kept": "as it is"},
    }


@pytest.fixture
def world() -> World:
    world = World()
    world.record(*(event_of(payload(n), at=NOW - timedelta(minutes=20 - n)) for n in range(1, 4)))
    world.record(event_of(payload(9, kind="KeyError", function="ship"), at=NOW - timedelta(days=3)))
    return world


def number_of(world: World, kind: str) -> str:
    query = world.browser().get("/issues").text
    return query.split(kind)[0].rsplit('href="/issues/', 1)[1].split('"')[0]


def test_before_the_first_event_the_first_screen_shows_how_to_send_one():
    world = World()
    page = world.browser().get("/").text
    assert f"http://{world.key.public_key}@testserver/{world.project.id}" in page.replace("&#34;", '"')
    for framework in ("FastAPI", "Django", "Flask", "Python", "Node.js"):
        assert f"<summary>{framework}</summary>" in page
    assert "Send test error" in page


def test_the_first_screen_answers_four_questions_in_order(world: World):
    page = world.browser().get("/").text
    places = [page.index(q) for q in ("Is anything broken?", "What needs me?", "What did Naosu do", "What is new?")]
    assert places == sorted(places)
    assert "come in a later version" in page


@pytest.mark.parametrize(
    ("severities", "headline"),
    [
        ("CRITICAL CRITICAL HIGH", "Yes: 2 critical issues in the last hour"),
        ("CRITICAL", "Yes: 1 critical issue in the last hour"),
        ("HIGH MEDIUM", "Yes: 1 high-severity issue in the last hour"),
        ("MEDIUM LOW", "No critical or high-severity issue in the last hour"),
    ],
)
def test_the_headline_counts_issues_and_claims_no_more(severities: str, headline: str):
    world = World()
    for number, severity in enumerate(severities.split(), 1):
        verdict = Classification(category=Category.CODE, severity=Severity(severity))
        event = event_of(payload(number, kind=f"Kind{number}Error"), at=NOW - timedelta(minutes=5))
        world.record(event, classification=verdict)
    page = world.browser().get("/").text
    assert f"<strong>{headline}</strong>" in page
    assert " down" not in page.split("<main")[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("system is down", "function is down", "does not work", "grave")),
        ("ja", ("停止してい", "動いていない", "緊急")),
        ("fr", ("en panne", "ne marche pas", "grave<", "graves")),
    ],
)
@pytest.mark.parametrize("severity", list(Severity))
def test_a_severity_never_claims_that_something_is_down(language: str, words: tuple[str, ...], severity: Severity):
    world = World()
    world.record(event_of(payload(), at=NOW), classification=Classification(category=Category.CODE, severity=severity))
    browser = world.browser(language=language)
    shown = [browser.get(path).text.split("<main")[1].split('id="q2"')[0] for path in ("/", "/issues/SHOP-1")]
    assert not [word for page in shown for word in words if word in page]


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (InboxDepth(report_count=0, stored_bytes=0), "Reports wait"),
        (InboxDepth(report_count=5, stored_bytes=9, oldest_at=NOW - timedelta(seconds=60)), "Reports wait"),
    ],
)
def test_an_inbox_that_keeps_up_is_no_alarm(world: World, depth: InboxDepth, words: str):
    world.depth = depth
    assert words not in world.browser().get("/").text


def test_an_inbox_that_lags_more_than_a_minute_is_said_first(world: World):
    world.depth = InboxDepth(report_count=5, stored_bytes=9, oldest_at=NOW - timedelta(seconds=61))
    assert "Reports wait to be digested" in world.browser().get("/").text


def test_the_list_shows_open_issues_with_counts_and_titles(world: World):
    page = world.browser().get("/issues").text
    assert "ValueError: boom" in page
    assert "2 issues" in page
    assert 'role="img" aria-label="3 events in the last 7 days"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:open type:KeyError", {"KeyError"}),
        ("user.id:2", {"ValueError"}),
        ("region:eu", {"ValueError", "KeyError"}),
        ("is:resolved", set()),
        ("ship", {"KeyError"}),
        ("", {"ValueError", "KeyError"}),
    ],
)
def test_a_search_finds_what_matches_and_nothing_else(world: World, query: str, found: set[str]):
    page = world.browser().client.get("/issues", params={"query": query}).text
    titles = page.split("<tbody>")[1] if "<tbody>" in page else ""
    assert {kind for kind in ("ValueError", "KeyError") if f">{kind}: " in titles} == found


def test_a_search_that_cannot_be_read_is_explained_where_it_stands(world: World):
    page = world.browser().client.get("/issues", params={"query": "is:broken text"})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.text
    assert "At character 4: expected one of open, unresolved" in page.text
    assert "\n   ^" in page.text


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("sort:first_seen", ["ValueError", "KeyError"]),
        ("sort:events project:shop", ["ValueError", "KeyError"]),
        ("lastSeen:-1h", ["ValueError"]),
        ("error.handled:false KeyError", ["KeyError"]),
        ("is:unassigned user:9", ["KeyError"]),
        ("ValueError: boom", ["ValueError"]),
        ("!lastSeen:-1h", None),
        ("sort:luck", None),
        ("user:[id:1, email:a@b.c]", None),
    ],
)
def test_a_search_line_means_the_same_on_the_screen_in_rest_and_to_scripts_written_for_sentry(
    world: World, line: str, kinds: list[str] | None
):
    client = world.browser().client
    page = client.get("/issues", params={"query": line}).text
    rest = client.get("/api/v1/issues", params={"query": line})
    scripts = client.get("/api/0/projects/any/shop/issues/", params={"query": line})
    if kinds is None:
        assert ("aria-invalid" in page, rest.status_code, scripts.status_code) == (True, 422, 400)
        assert rest.json()["code"] == "query.syntax"
        return
    rows = page.split("<tbody>")[1]
    assert sorted(("ValueError", "KeyError"), key=rows.find)[-len(kinds) :] == kinds
    assert [issue["title"].split(":")[0] for issue in rest.json()["items"]] == kinds
    assert [issue["title"].split(":")[0] for issue in scripts.json()] == kinds


def test_the_order_that_the_search_line_asks_for_is_the_one_that_is_shown_as_chosen(world: World):
    page = world.browser().get("/issues?query=sort:users&sort=last_seen").text
    assert '<option value="users" selected>' in page


def test_a_project_in_the_search_line_that_does_not_exist_is_named_beside_the_field(world: World):
    page = world.browser().client.get("/issues", params={"query": "project:gone"})
    assert (page.status_code, "There is no such project." in page.text) == (200, True)


def test_a_cursor_that_is_not_ours_is_explained_and_no_server_error(world: World):
    page = world.browser().get("/issues?query=&cursor=nonsense")
    assert page.status_code == 200
    assert 'role="alert"' in page.text


def test_pages_of_issues_follow_one_another_without_gap_or_repetition():
    world = World()
    world.record(*(event_of(payload(n, kind=f"Kind{n}Error"), at=NOW - timedelta(minutes=n)) for n in range(1, 31)))
    browser = world.browser()
    first = browser.get("/issues").text
    further = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(further).text
    seen = [part.split('"')[0] for page in (first, second) for part in page.split('class="title" href="/issues/')[1:]]
    assert len(seen) == len(set(seen)) == 30


def test_picked_issues_are_resolved_together_and_the_list_says_so(world: World):
    browser = world.browser(Role.OPERATOR)
    ids = [i.id for i in (world.store.find_by_short_id("SHOP-1"), world.store.find_by_short_id("SHOP-2"))]
    answer = browser.send("/issues", issue=ids, action="resolve", next="/issues?query=is:open")
    assert answer.headers["location"] == "/issues?query=is:open"
    assert [world.store.get_issue(i).status for i in ids] == [IssueStatus.RESOLVED] * 2
    assert "No issue matches this search" in browser.get("/issues?query=is:open").text


def test_what_was_done_is_said_once(world: World):
    browser = world.browser()
    browser.send("/issues/SHOP-1", action="resolve")
    assert "Resolved. If it comes back" in browser.get("/issues/SHOP-1").text
    assert "Resolved. If it comes back" not in browser.get("/issues/SHOP-1").text


def test_picked_issues_merge_into_the_oldest_one(world: World):
    ids = [world.store.find_by_short_id(name).id for name in ("SHOP-1", "SHOP-2")]
    oldest = min((world.store.get_issue(i) for i in ids), key=lambda issue: issue.first_seen_at)
    answer = world.browser().send("/issues", issue=ids, action="merge")
    assert answer.headers["location"] == f"/issues/{oldest.short_id}"
    assert world.store.get_issue(oldest.id).event_count == 4


def test_one_issue_alone_cannot_be_merged(world: World):
    answer = world.browser().send("/issues", issue=[world.store.find_by_short_id("SHOP-1").id], action="merge")
    assert answer.headers["location"] == "/issues"
    assert world.store.find_by_short_id("SHOP-2").event_count


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "resolve"}, IssueStatus.RESOLVED),
        ({"action": "resolve_next"}, IssueStatus.RESOLVED),
        ({"action": "mute", "hours": "24"}, IssueStatus.MUTED),
        ({"action": "mute", "hours": ""}, IssueStatus.MUTED),
        ({"action": "mute_events", "more_events": "10"}, IssueStatus.MUTED),
        ({"action": "open"}, IssueStatus.OPEN),
    ],
)
def test_each_button_of_the_issue_page_does_what_it_says(world: World, fields: dict[str, str], status: IssueStatus):
    browser = world.browser(Role.OPERATOR)
    assert browser.send("/issues/SHOP-1", **fields).headers["location"] == "/issues/SHOP-1"
    assert world.store.find_by_short_id("SHOP-1").status is status


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Mute for this duration", "Mute until N more events")),
        ("ja", ("この期間ミュート", "N件発生するまでミュート")),
        ("fr", ("Mettre en sourdine pour cette durée", "Mettre en sourdine jusqu’à N événements de plus")),
    ],
)
def test_each_mute_button_says_what_it_does(world: World, language: str, words: tuple[str, ...]):
    page = world.browser(language=language).get("/issues/SHOP-1").text
    for action, text in zip(("mute", "mute_events"), words, strict=True):
        assert page.split(f'value="{action}"')[1].split(">")[1].startswith(text)


def test_muting_for_a_day_ends_exactly_a_day_later(world: World):
    world.browser().send("/issues/SHOP-1", action="mute", hours="24")
    assert world.store.find_by_short_id("SHOP-1").muted_until == NOW + timedelta(days=1)


@pytest.mark.parametrize("count", ["0", "-1", "x", "", "1000000001", "9" * 40])
def test_a_number_that_cannot_be_used_is_refused_and_nothing_changes(world: World, count: str):
    answer = world.browser().send("/issues/SHOP-1", action="mute_events", more_events=count)
    assert answer.status_code == 422
    assert world.store.find_by_short_id("SHOP-1").status is IssueStatus.OPEN


def test_merging_and_splitting_by_hand_give_back_what_was(world: World):
    browser = world.browser()
    browser.send("/issues/SHOP-1", action="merge", sources="shop-2")
    merged = world.store.find_by_short_id("SHOP-1")
    prints = world.store.list_fingerprints(merged.id)
    assert len(prints) == 2
    assert "Split off" in browser.get("/issues/SHOP-1").text
    answer = browser.send("/issues/SHOP-1", action="split", fingerprint=prints[-1].fingerprint)
    assert answer.headers["location"] != "/issues/SHOP-1"
    assert len(world.store.list_fingerprints(merged.id)) == 1


def test_an_issue_page_shows_stack_source_locals_request_and_what_was_scrubbed(world: World):
    page = world.browser().get(f"/issues/{world.store.find_by_short_id('SHOP-1').short_id}").text
    for words in (
        "cart.py:7",
        "total = price(cart)",
        "def checkout(cart):",
        "1 library frame",
        "SELECT 1",
        "left_field",
    ):
        assert words in page
    assert "https://shop.example/pay" in page
    assert "abcdef123456" not in page
    assert "Why are these together?" in page
    assert "exception types" in page


def test_the_newest_event_comes_first_and_older_ones_can_be_reached(world: World):
    browser = world.browser()
    issue = next(i for i in ("SHOP-1", "SHOP-2") if world.store.find_by_short_id(i).event_count == 3)
    newest = browser.get(f"/issues/{issue}").text
    assert f"<code>{3:032x}</code>" in newest
    older = browser.get(f"/issues/{issue}/events/{2:032x}").text
    assert f'/events/{1:032x}" rel="prev"' in older
    assert f'/events/{3:032x}" rel="next"' in older


def test_an_issue_reached_by_number_or_in_small_letters_is_led_to_its_own_address(world: World):
    issue, browser = world.store.find_by_short_id("SHOP-1"), world.browser()
    for ref in (str(issue.id), "shop-1"):
        for rest in ("", "?from=mail", f"/events/{2:032x}"):
            answer = browser.get(f"/issues/{ref}{rest}")
            assert (answer.status_code, answer.headers["location"]) == (302, f"/issues/SHOP-1{rest}")
    assert browser.get("/issues/SHOP-1").status_code == 200


def test_the_id_of_a_merged_issue_leads_to_what_it_was_merged_into_and_stale_lists_still_work(world: World):
    kept, gone = (world.store.find_by_short_id(name).id for name in ("SHOP-1", "SHOP-2"))
    browser = world.browser()
    browser.send("/issues/SHOP-1", action="merge", sources=str(gone))
    assert browser.get(f"/issues/{gone}").headers["location"] == "/issues/SHOP-1"
    assert browser.send(f"/issues/{gone}", action="resolve").headers["location"] == "/issues/SHOP-1"
    assert world.store.get_issue(kept).status is IssueStatus.RESOLVED
    browser.send("/issues", issue=[gone, kept], action="open")
    assert world.store.get_issue(kept).status is IssueStatus.OPEN
    assert browser.send("/issues", issue=[gone, kept], action="merge").headers["location"] == "/issues"


def test_the_short_id_of_a_merged_issue_leads_to_what_it_was_merged_into(world: World):
    browser = world.browser()
    browser.send("/issues/SHOP-1", action="merge", sources="SHOP-2")
    answer = browser.get("/issues/SHOP-2")
    assert (answer.status_code, answer.headers["location"]) == (302, "/issues/SHOP-1")
    answer = browser.send("/issues/SHOP-2", action="resolve")
    assert answer.headers["location"] == "/issues/SHOP-1"


def test_attachments_are_listed_with_type_size_and_a_link_and_nothing_is_claimed_of_what_is_in_them(world: World):
    event_id = world.store.latest_event(world.store.find_by_short_id("SHOP-1").id).event.event_id
    file = Attachment(
        project_id=1, event_id=event_id, filename="core.dmp", content_type="application/x-dmp", kind="", body=b"abcdef"
    )
    world.store.record(DigestBatch(attachments=(file,)), now=NOW)
    browser = world.browser()
    page = browser.get("/issues/SHOP-1").text
    assert "core.dmp</a>" in page
    assert "application/x-dmp · 6 B" in page
    assert "stored as sent" in page
    link = page.split("core.dmp</a>")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert browser.get(link).content == b"abcdef"


def test_an_event_of_another_issue_is_not_shown_under_this_one(world: World):
    other = next(i for i in ("SHOP-1", "SHOP-2") if world.store.find_by_short_id(i).event_count == 1)
    assert world.browser().get(f"/issues/{other}/events/{2:032x}").status_code == 404


def test_the_short_address_of_an_event_leads_to_its_issue(world: World):
    answer = world.browser().get(f"/events/{9:032x}")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"/events/{9:032x}")


@pytest.mark.parametrize(
    "path", ["/issues/SHOP-99", "/issues/x", "/issues/99999999999999999999", "/events/zz", "/projects/none"]
)
def test_what_does_not_exist_is_a_404_page(world: World, path: str):
    assert world.browser().get(path).status_code == 404


def test_json_and_markdown_are_one_link_away(world: World):
    browser = world.browser()
    page = browser.get("/issues/SHOP-1").text
    links = [
        part.split('"')[0].replace("&amp;", "&")
        for part in page.split('href="')[1:]
        if part.startswith("/api/v1/events/")
    ]
    assert [browser.get(link).status_code for link in links[:2]] == [200, 200]


@needs_envelopes
@pytest.mark.parametrize("language", ["en", "ja", "fr"])
def test_every_recorded_error_has_a_page_in_every_language(language: str):
    world = World()
    fill(world, newest=60)
    browser = world.browser(language=language)
    page = world.store.find_issues(_everything(), now=NOW, limit=500)
    for issue in page.issues:
        answer = browser.get(f"/issues/{issue.short_id}")
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text


def _everything():
    from naosu.domain.issue_query import IssueQuery

    return IssueQuery()


@needs_envelopes
def test_ingest_health_names_each_reason_and_what_to_do():
    world = World()
    fill(world, newest=2)
    page = world.browser().get("/ingest").text
    for words in ("rate_limit", "Raise the limit", "unknown_key", "network_error", "invalid_json", "Expected a value"):
        assert words in page


@needs_envelopes
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("2,948 session records", "29 error events", "1 report<")),
        ("ja", ("セッション記録2,948件", "エラーイベント29件", "レポート1件")),
        ("fr", ("2\u202f948 relevés de session", "29 événements d’erreur", "1 rapport<")),
    ],
)
def test_ingest_health_puts_the_unit_beside_each_number(language: str, words: tuple[str, ...]):
    world = World()
    fill(world, newest=2)
    page = world.browser(language=language).get("/ingest?window=24h").text
    assert not [text for text in words if text not in page]


@needs_envelopes
def test_a_dead_letter_goes_back_into_the_inbox_and_leaves_the_list():
    world = World()
    fill(world, newest=1)
    (letter,) = world.store.list_dead_letters()
    world.browser(Role.OPERATOR).send("/ingest/dead", dead=[letter.id], action="redrive")
    assert world.redriven == [letter.report]
    assert world.store.list_dead_letters() == []


@needs_envelopes
def test_a_dead_letter_can_be_removed_without_being_tried_again():
    world = World()
    fill(world, newest=1)
    (letter,) = world.store.list_dead_letters()
    world.browser(Role.OPERATOR).send("/ingest/dead", dead=[letter.id], action="remove")
    assert world.redriven == []
    assert world.store.list_dead_letters() == []


@pytest.mark.parametrize(
    ("account", "cookie", "browser", "expected"),
    [("fr", "ja", "en", "fr"), ("", "ja", "fr", "ja"), ("", "", "fr-CA,en;q=0.5", "fr"), ("", "", "de,xx", "en")],
)
def test_the_language_is_the_accounts_then_the_cookies_then_the_browsers(account, cookie, browser, expected):
    world = World()
    client = world.browser(language=account).client
    if cookie:
        client.cookies.set("naosu_language", cookie)
    page = client.get("/account", headers={"Accept-Language": browser}).text
    assert f'<html lang="{expected}">' in page


def test_choosing_a_language_keeps_it_with_the_account():
    world = World()
    browser = world.browser()
    browser.send("/language", language="ja", next="/issues")
    assert world.store.find_account("admin@example.com").language == "ja"
    assert '<html lang="ja">' in browser.get("/issues").text


def test_times_are_in_the_readers_zone_and_say_which():
    world = World()
    world.record(event_of(payload(), at=NOW))
    client = world.browser().client
    client.cookies.set("naosu_zone", "Asia/Tokyo")
    page = client.get("/issues/SHOP-1").text
    assert "22 Nov 2026, 18:30:00 JST" in page
    assert 'datetime="2026-11-22T09:30:00+00:00"' in page


def test_a_project_is_made_with_a_key_and_shows_its_dsn():
    world = World()
    browser = world.browser()
    assert browser.send("/projects", name="Älter Shop 2").headers["location"] == "/projects/lter-shop-2"
    assert "@testserver/" in browser.get("/projects/lter-shop-2").text


@pytest.mark.parametrize(("name", "status"), [("Shop", 409), ("店", 422), ("", 422)])
def test_a_project_that_cannot_be_made_is_explained(name: str, status: int):
    world = World()
    assert world.browser().send("/projects", name=name).status_code == status
    assert len(world.store.list_projects()) == 1


SETTINGS = {"name": "Shop", "retention_days": "30", "events_max": "5000", "scrub_ips": "yes", "allowed_origins": "*"}


def test_a_projects_settings_are_kept_as_the_form_says():
    world = World()
    world.browser().send(
        "/projects/shop", **SETTINGS, scrub_fields="iban\n\niban\n pin ", scrub_patterns="order = ORD-[0-9]+"
    )
    settings = world.store.get_project("shop").settings
    assert settings.retention.days == 30
    assert settings.scrub.fields == ("iban", "pin")
    assert settings.scrub.patterns == (("order", "ORD-[0-9]+"),)
    assert (settings.scrub.emails, settings.scrub.ip_addresses) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scrub_patterns": "broken"},
        {"scrub_patterns": "a = ("},
        {"scrub_patterns": "a = (a+)+b"},
        {"retention_days": "0"},
        {"events_max": "x"},
        {"rate_limit": "0"},
    ],
)
def test_settings_that_cannot_be_used_are_refused_and_what_was_typed_stays(wrong: dict[str, str]):
    world = World()
    before = world.store.get_project("shop").settings
    answer = world.browser().send("/projects/shop", **{**SETTINGS, "scrub_fields": "typed before", **wrong})
    assert answer.status_code == 422
    assert "typed before" in answer.text
    assert world.store.get_project("shop").settings == before


def test_a_key_can_be_switched_off_and_the_page_then_says_that_nothing_is_accepted():
    world = World()
    browser = world.browser()
    browser.send(f"/projects/shop/keys/{world.key.id}", active="no")
    assert "no active key" in browser.get("/projects/shop").text
    browser.send("/projects/shop/keys", label="second")
    assert "no active key" not in browser.get("/projects/shop").text


def test_a_token_is_shown_once_and_opens_the_api():
    world = World()
    browser = world.browser()
    made = browser.send("/account/tokens", name="ci", role="viewer").text
    secret = made.split('id="secret">')[1].split("<")[0]
    assert secret not in browser.get("/account").text
    answer = world.visitor().get("/api/v1/issues", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


def test_nobody_can_lock_themselves_out():
    world = World()
    browser = world.browser()
    own = world.store.find_account("admin@example.com").id
    assert browser.send(f"/account/accounts/{own}", role="viewer", disabled="yes").status_code == 409
    assert world.store.get_account(own).role is Role.ADMIN


def test_an_account_that_is_switched_off_is_signed_out():
    world = World()
    viewer = world.browser(Role.VIEWER)
    account = world.store.find_account("viewer@example.com")
    world.browser().send(f"/account/accounts/{account.id}", role="viewer", disabled="yes")
    assert viewer.get("/issues").status_code == 303


def test_a_static_file_may_be_kept_for_ever_because_its_name_changes_with_it():
    world = World()
    name = world.visitor().get("/sign-in").text.split('href="/static/base.')[1].split('"')[0]
    answer = world.visitor().get(f"/static/base.{name}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("name", ["base.css", "../router.py", "htmx.LICENSE.txt", "%2e%2e%2frouter.py"])
def test_nothing_but_static_files_is_served_as_one(name: str):
    assert World().visitor().get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("is:x", "l’un de open, unresolved"),
        ("level:", "attendu une valeur, trouvé la fin de la ligne"),
        ('"open', "un “&#34;” fermant"),
    ],
)
def test_a_broken_search_is_explained_in_the_readers_language(query: str, words: str):
    page = World().browser(language="fr").client.get("/issues", params={"query": query})
    assert words in page.text


def test_a_project_that_does_not_exist_filters_everything_out_and_says_so(world: World):
    page = world.browser().get("/issues?query=&project=gone").text
    assert "There is no such project." in page
    assert "ValueError" not in page
