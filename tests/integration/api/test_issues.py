"""Issues and events over HTTP, made of real reports."""

from urllib.parse import urlsplit

import pytest


@pytest.fixture
def issues(desk, event):
    """Three issues: SHOP-1 with three events, SHOP-2 and SHOP-3 with one each."""
    desk.send(event(1), event(2), event(3))
    desk.clock.advance(minutes=1)
    desk.send(event(4, function="ship", release="shop@1.1"))
    desk.clock.advance(minutes=1)
    desk.send(event(5, kind="ValueError", function="pay", level="warning"))
    return desk


def test_an_issue_shows_its_verdict_and_its_counts(api, issues):
    issue = api.get("/api/v1/issues/SHOP-1").json()
    assert (issue["short_id"], issue["event_count"], issue["user_count"]) == ("SHOP-1", 3, 3)
    assert (issue["category"], issue["status"], issue["handled"]) == ("CODE", "open", False)
    assert issue["first_release"] == "shop@1.0"
    assert issue["url"] == "http://naosu.test:8790/issues/SHOP-1"


def test_an_issue_is_found_by_id_and_by_short_id_in_any_case(api, issues):
    by_short_id = api.get("/api/v1/issues/shop-1").json()
    assert api.get(f"/api/v1/issues/{by_short_id['id']}").json() == by_short_id


@pytest.mark.parametrize("ref", ["SHOP-99", "99", "nothing", "99999999999999999999"])
def test_an_unknown_issue_is_not_found(api, issues, ref):
    assert api.get(f"/api/v1/issues/{ref}").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ("is:unresolved", {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ("level:error", {"SHOP-1", "SHOP-2"}),
        ("!level:error", {"SHOP-3"}),
        ("level:[error,warning]", {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ("category:code release:shop@1.1", {"SHOP-2"}),
        ("user.id:5", {"SHOP-3"}),
        ("shard:a ValueError", {"SHOP-3"}),
        ("project:shop is:resolved", set()),
        ("lastSeen:-90s", {"SHOP-2", "SHOP-3"}),
    ],
)
def test_a_search_line_finds_what_it_says(api, issues, query, found):
    page = api.get("/api/v1/issues", params={"query": query}).json()
    assert {issue["short_id"] for issue in page["items"]} == found


@pytest.mark.parametrize("query", ["is:nonsense", "lastSeen:1h", "lastSeen:-1y", "x" * 1_001])
def test_a_search_that_means_nothing_is_refused(api, issues, query):
    assert api.get("/api/v1/issues", params={"query": query}).status_code == 422


def test_pages_follow_each_other_by_cursor_and_by_link(api, issues):
    seen: list[str] = []
    url = "/api/v1/issues?limit=2&sort=first_seen"
    while url:
        answer = api.get(url)
        seen += [issue["short_id"] for issue in answer.json()["items"]]
        assert (answer.json()["next_cursor"] is None) == ("Link" not in answer.headers)
        url = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert seen == ["SHOP-3", "SHOP-2", "SHOP-1"]


def test_a_foreign_cursor_is_refused(api, issues):
    assert api.get("/api/v1/issues?cursor=%F0%9F%92%A9").status_code == 422


def test_resolving_now_in_a_release_and_in_the_next(api, issues):
    assert api.post("/api/v1/issues/SHOP-1/resolve").json()["status"] == "resolved"
    in_release = api.post("/api/v1/issues/SHOP-2/resolve", json={"in_release": "shop@2"}).json()
    assert in_release["resolved_in_release"] == "shop@2"
    assert api.post("/api/v1/issues/SHOP-3/resolve", json={"in_next": True}).json()["resolved_in_next"] is True
    assert api.get("/api/v1/issues?query=is:resolved").json()["total"] == 3


def test_an_event_on_a_resolved_issue_opens_it_as_a_regression(api, issues, event):
    api.post("/api/v1/issues/SHOP-1/resolve")
    issues.clock.advance(minutes=1)
    issues.send(event(9))
    issue = api.get("/api/v1/issues/SHOP-1").json()
    assert (issue["status"], issue["regressed_at"]) == ("open", "2026-11-22T10:33:12Z")


def test_muting_for_a_time_until_a_time_and_for_a_number_of_events(api, issues):
    assert (
        api.post("/api/v1/issues/SHOP-1/mute", json={"for_minutes": 60})
        .json()["muted_until"]
        .startswith("2026-11-22T11:32:12")
    )
    muted = api.post("/api/v1/issues/SHOP-2/mute", json={"until": "2026-11-23T00:00:00+09:00"}).json()
    assert muted["muted_until"] == "2026-11-22T15:00:00Z"
    assert api.post("/api/v1/issues/SHOP-3/mute", json={"events": 10}).json()["mute_events_left"] == 10
    assert api.post("/api/v1/issues/SHOP-1/open").json()["status"] == "open"


@pytest.mark.parametrize(
    "wanted",
    [
        {"until": "2026-11-22T10:32:12Z"},  # exactly now
        {"until": "2030-01-01T00:00:00"},  # without a zone
        {"until": "2030-01-01T00:00:00Z", "for_minutes": 1},
        {"until": "9999-12-31T23:59:59-09:00"},
        {"for_minutes": 0},
        {"events": 0},
    ],
)
def test_a_mute_that_makes_no_sense_is_refused(api, issues, wanted):
    assert api.post("/api/v1/issues/SHOP-1/mute", json=wanted).status_code == 422
    assert api.get("/api/v1/issues/SHOP-1").json()["status"] == "open"


def test_merging_and_splitting_again_brings_the_events_back(api, issues):
    merged = api.post("/api/v1/issues/SHOP-1/merge", json={"issues": ["SHOP-2"]}).json()
    assert merged["event_count"] == 4
    explained = api.get("/api/v1/issues/SHOP-1/explain").json()
    assert len(explained["fingerprints"]) == 2
    smaller = min(explained["fingerprints"], key=lambda one: one["event_count"])
    split = api.post("/api/v1/issues/SHOP-1/split", json={"fingerprints": [smaller["fingerprint"]]}).json()
    assert split["event_count"] == 1
    assert api.get("/api/v1/issues/SHOP-1").json()["event_count"] == 3


def test_a_merged_issues_short_id_answers_with_the_target_in_both_apis(api, issues):
    target = api.post("/api/v1/issues/SHOP-1/merge", json={"issues": ["SHOP-2"]}).json()
    assert api.get("/api/v1/issues/SHOP-2").json() == target
    assert api.get("/api/0/issues/SHOP-2/").json()["shortId"] == "SHOP-1"
    assert api.get("/api/v1/events?issue=SHOP-2").json() == api.get("/api/v1/events?issue=SHOP-1").json()


def test_a_merged_issues_id_answers_with_the_target_in_both_apis(api, issues):
    gone = api.get("/api/v1/issues/SHOP-2").json()["id"]
    target = api.post("/api/v1/issues/SHOP-1/merge", json={"issues": [str(gone)]}).json()
    assert api.get(f"/api/v1/issues/{gone}").json() == target
    assert api.get(f"/api/v1/issues/{gone}/explain").json()["short_id"] == "SHOP-1"
    assert api.get(f"/api/v1/events?issue={gone}").json() == api.get("/api/v1/events?issue=SHOP-1").json()
    assert api.get(f"/api/0/issues/{gone}/").json()["shortId"] == "SHOP-1"
    assert api.get(f"/api/0/issues/{gone}/events/latest/").json()["groupID"] == str(target["id"])
    assert api.post(f"/api/v1/issues/{gone}/resolve").json()["short_id"] == "SHOP-1"
    assert api.get("/api/v1/issues/SHOP-1").json()["status"] == "resolved"
    assert api.post("/api/v1/issues/SHOP-1/merge", json={"issues": [str(gone)]}).status_code == 422


def test_an_issue_cannot_be_merged_into_itself_nor_split_whole(api, issues):
    assert api.post("/api/v1/issues/SHOP-1/merge", json={"issues": ["SHOP-1"]}).status_code == 422
    only = api.get("/api/v1/issues/SHOP-1/explain").json()["fingerprints"][0]["fingerprint"]
    assert api.post("/api/v1/issues/SHOP-1/split", json={"fingerprints": [only]}).status_code == 422


@pytest.mark.parametrize("language", ["en", "ja", "fr"])
def test_an_explanation_says_in_sentences_why_events_are_together(api, issues, language):
    explained = api.get(f"/api/v1/issues/SHOP-1/explain?language={language}").json()
    assert any("KeyError" in sentence for sentence in explained["sentences"])
    assert explained["fingerprints"][0]["parts"]


def test_an_explanation_says_what_kind_of_fault_it_is_and_what_to_do(api, desk, event):
    desk.send(event(1, kind="OperationalError", module="sqlite3"))
    issue = api.get("/api/v1/issues/SHOP-1").json()
    verdict = api.get("/api/v1/issues/SHOP-1/explain").json()["verdict"]
    assert (verdict is None) == (issue["rule_id"] == "")
    if verdict:
        assert verdict["title"]
        assert verdict["action"]


def test_facets_of_an_issue(api, issues):
    tags = api.get("/api/v1/issues/SHOP-1/tags").json()
    assert tags["release"][0]["value"] == "shop@1.0"
    assert tags["shard"][0]["count"] == 3
    assert sum(one["count"] for one in api.get("/api/v1/issues/SHOP-1/hours").json()) == 3
    assert isinstance(api.get("/api/v1/issues/SHOP-1/callers").json(), list)


def test_events_of_an_issue_come_newest_first_in_pages(api, issues):
    first = api.get("/api/v1/issues/SHOP-1/events?limit=2")
    second = api.get(first.headers["Link"].partition("<")[2].partition(">")[0])
    ids = [one["event_id"] for one in (*first.json()["items"], *second.json()["items"])]
    assert sorted(ids) == [f"{number:032x}" for number in (1, 2, 3)]


@pytest.mark.parametrize("ref", ["SHOP-1", "shop-1"])
def test_all_events_are_narrowed_to_an_issue(api, issues, ref):
    one = api.get("/api/v1/issues/SHOP-1/events").json()
    assert api.get("/api/v1/events", params={"issue": ref}).json()["items"] == one["items"]
    assert api.get("/api/v1/events", params={"issue": str(one["items"][0]["issue_id"])}).json()["items"] == one["items"]
    assert len(api.get("/api/v1/events").json()["items"]) > len(one["items"])


def test_events_of_an_issue_that_does_not_exist_are_not_found(api, issues):
    assert api.get("/api/v1/events?issue=NOPE-99").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["issues", "issues/SHOP-1", "events", "errors", "summary", "projects", "stats", "logs", "check-ins", "tokens"],
)
def test_a_query_parameter_that_a_route_does_not_know_is_refused_by_name(api, issues, path):
    assert api.get(f"/api/v1/{path}").status_code == 200
    refused = api.get(f"/api/v1/{path}?levle=error")
    assert (refused.status_code, refused.json()["code"]) == (422, "request.unknown_parameter")
    assert "'levle'" in refused.json()["detail"]


def test_an_event_is_shown_whole_as_json(api, issues):
    shown = api.get(f"/api/v1/events/{1:032x}").json()
    assert (shown["issue"], shown["project"], shown["release"]) == ("SHOP-1", "shop", "shop@1.0")
    frame = shown["detail"]["exceptions"][0]["frames"][0]
    assert (frame["function"], frame["variables"]) == ("checkout", [["order", "{}"]])
    assert shown["detail"]["breadcrumbs"][0]["message"] == "SELECT 1"
    assert shown["older_id"] is None or shown["newer_id"] is None or shown["older_id"] != shown["newer_id"]


def test_an_event_id_may_have_hyphens_and_capitals(api, issues):
    assert api.get("/api/v1/events/00000000-0000-0000-0000-000000000001").status_code == 200
    assert api.get("/api/v1/events/" + "A" * 32).status_code == 404
    assert api.get("/api/v1/events/" + "0" * 33).status_code == 404


def test_an_event_as_markdown_begins_with_its_title_and_names_its_issue(api, issues):
    answer = api.get(f"/api/v1/events/{1:032x}?format=markdown")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# KeyError")
    assert "SHOP-1" in answer.text
    facts = [line.split(":**")[0] for line in answer.text.splitlines() if line.startswith("- **")]
    assert len(facts) == len(set(facts))
    assert "- **Occurred:** `2026-11-22T" in answer.text
    assert f"{1:032x}" in answer.text


def test_the_payload_is_what_was_sent_less_what_was_scrubbed(api, desk, event):
    desk.send(event(1, extra={"password": "hunter2", "note": "kept"}))
    payload = api.get(f"/api/v1/events/{1:032x}/payload").json()
    assert payload["extra"]["note"] == "kept"
    assert "hunter2" not in str(payload)
    assert api.get(f"/api/v1/events/{1:032x}").json()["scrubbed"]


def test_an_attachment_is_only_ever_a_download(api, desk, event):
    import json

    sent = {**event(7), "event_id": "a" * 32}
    desk.send_envelope(
        ({"type": "event"}, json.dumps(sent).encode()),
        ({"type": "attachment", "filename": 'x".html', "content_type": "text/html"}, b"<script>alert(1)</script>"),
        event_id="a" * 32,
    )
    (listed,) = api.get(f"/api/v1/events/{'a' * 32}/attachments").json()
    assert (listed["filename"], listed["body_bytes"]) == ('x".html', 25)
    assert """**Attachments:** `x".html (25 bytes)`""" in api.get(f"/api/v1/events/{'a' * 32}?format=markdown").text
    content = api.get(urlsplit(listed["url"]).path)
    assert content.content == b"<script>alert(1)</script>"
    assert content.headers["content-type"] == "application/octet-stream"
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''x%22.html"
    assert content.headers["x-content-type-options"] == "nosniff"
    assert api.get(f"/api/v1/events/{'a' * 32}/attachments/2").status_code == 404
