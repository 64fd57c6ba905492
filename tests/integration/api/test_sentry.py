"""Sentry's API as scripts use it: names, types, links."""

import re
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def issues(desk, event):
    desk.send(event(1), event(2))
    desk.clock.advance(minutes=90)
    desk.send(event(3, function="ship"))
    desk.clock.advance(minutes=5)
    desk.send(event(4, kind="ValueError", function="pay", level="warning"))
    return desk


def short_ids(answer) -> list[str]:
    return [issue["shortId"] for issue in answer.json()]


@pytest.mark.parametrize("project", ["anything/shop", "naosu/1", "shop"])
def test_a_monitoring_script_counts_the_errors_of_the_last_hour(api, issues, project):
    answer = api.get(f"/api/0/projects/{project}/issues/", params={"statsPeriod": "1h"})
    errors = [issue for issue in answer.json() if issue["level"] == "error"]
    assert [issue["shortId"] for issue in errors] == ["SHOP-2"]


def test_an_issue_has_sentrys_names_and_types(api, issues):
    issue = api.get("/api/0/projects/x/shop/issues/?query=&statsPeriod=24h&sort=freq").json()[0]
    assert (issue["shortId"], issue["count"], issue["userCount"]) == ("SHOP-1", "2", 2)
    assert isinstance(issue["id"], str)
    assert (issue["status"], issue["substatus"], issue["isUnhandled"]) == ("unresolved", "new", True)
    assert issue["permalink"] == "http://naosu.test:8790/issues/SHOP-1"
    assert issue["project"] == {"id": "1", "slug": "shop", "name": "Shop", "platform": "python"}
    assert issue["metadata"]["type"] == "KeyError"
    assert re.fullmatch(r"2026-11-22T10:30:12Z", issue["firstSeen"])
    assert len(issue["stats"]["24h"]) == 24
    assert sum(count for _, count in issue["stats"]["24h"]) == 2


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"query": ""}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"query": "is:resolved"}, set()),
        ({"query": "level:error is:unresolved"}, {"SHOP-1", "SHOP-2"}),
        ({"statsPeriod": ""}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"statsPeriod": "4m"}, {"SHOP-3"}),
        ({"statsPeriod": "2w", "project": "1"}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"project": "-1"}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
    ],
)
def test_the_organizations_issues_take_any_period_and_query(api, issues, params, found):
    assert set(short_ids(api.get("/api/0/organizations/x/issues/", params=params))) == found


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"environment": "production"}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"environment": "staging"}, set()),
        ({"environment": ["staging", "production"]}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"environment": ""}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
        ({"start": "2026-11-22T11:00:00"}, {"SHOP-2", "SHOP-3"}),
        ({"end": "2026-11-22T11:00:00Z"}, {"SHOP-1"}),
        ({"start": "2026-11-22T10:00:00Z", "end": "2026-11-22T13:00:00+01:00"}, {"SHOP-1"}),
        ({"start": "2026-11-22T12:02:00.000Z", "end": "2026-11-23"}, {"SHOP-3"}),
        ({"sort": "priority"}, {"SHOP-1", "SHOP-2", "SHOP-3"}),
    ],
)
def test_issues_are_narrowed_by_environment_and_by_time(api, issues, params, found):
    for path in ("organizations/x/issues/", "projects/x/shop/issues/", "projects/shop/issues/"):
        assert set(short_ids(api.get(f"/api/0/{path}", params=params))) == found


def test_an_unescaped_plus_sign_in_a_time_is_understood(api, issues):
    answer = api.get("/api/0/projects/x/shop/issues/?end=2026-11-22T12:00:00+01:00")
    assert set(short_ids(answer)) == {"SHOP-1"}


@pytest.mark.parametrize(
    "query",
    [
        "sort=banana",
        "query=is:banana",
        "start=yesterday",
        "end=2026-13-01",
        "start=2026-11-22T11:00:00Z&end=2026-11-22T10:00:00Z",
        "start=2026-11-22T11:00:00Z&statsPeriod=1h",
    ],
)
def test_a_value_that_means_nothing_is_refused_and_never_ignored(api, issues, query):
    for path in ("organizations/x/issues/", "projects/x/shop/issues/", "projects/shop/issues/"):
        refused = api.get(f"/api/0/{path}?{query}")
        assert refused.status_code == 400
        assert refused.json()["detail"]


def test_an_unknown_project_is_refused_as_sentry_does(api, issues):
    assert api.get("/api/0/organizations/x/issues/?project=77").status_code == 400
    assert api.get("/api/0/projects/x/nowhere/issues/").status_code == 404


def test_a_period_that_is_none_is_refused_with_a_detail(api, issues):
    refused = api.get("/api/0/projects/x/shop/issues/?statsPeriod=soon")
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/json"
    assert "statsPeriod" in refused.json()["detail"]


def test_pages_are_linked_as_sentry_links_them(api, issues):
    seen: list[str] = []
    url = "/api/0/organizations/x/issues/?limit=1"
    for _ in range(10):
        answer = api.get(url)
        seen += short_ids(answer)
        previous, following = answer.headers["Link"].split(", ")
        assert 'rel="previous"; results="false"' in previous
        assert answer.headers["X-Hits"] == "3"
        link = re.fullmatch(r'<(.+)>; rel="next"; results="(true|false)"; cursor="(.+)"', following)
        assert link is not None
        assert link[1].startswith("http://naosu.test:8790/api/0/organizations/x/issues/?limit=1&cursor=")
        if link[2] == "false":
            break
        parts = urlsplit(link[1])
        url = f"{parts.path}?{parts.query}"
    assert seen == ["SHOP-3", "SHOP-2", "SHOP-1"]


@pytest.mark.parametrize("prefix", ["/api/0/issues", "/api/0/organizations/x/issues"])
def test_one_issue_with_its_tags_hashes_and_events(api, issues, prefix):
    issue = api.get(f"{prefix}/SHOP-1/").json()
    assert issue["firstRelease"] == {"version": "shop@1.0"}
    assert {tag["key"] for tag in issue["tags"]} >= {"release", "environment", "shard"}
    assert set(issue["stats"]) == {"24h", "30d"}
    assert len(issue["stats"]["30d"]) == 30
    (one,) = api.get(f"{prefix}/{issue['id']}/hashes/").json()
    assert one["id"].startswith("v1:")
    assert api.get(f"{prefix}/SHOP-1/tags/shard/").json()["topValues"][0]["value"] == "a"
    assert api.get(f"{prefix}/SHOP-1/tags/shard/values/").json()[0]["count"] == 2
    assert api.get(f"{prefix}/SHOP-1/tags/nothing/").status_code == 404
    lines = api.get(f"{prefix}/SHOP-1/events/").json()
    assert {line["eventID"] for line in lines} == {f"{1:032x}", f"{2:032x}"}
    assert "entries" in api.get(f"{prefix}/SHOP-1/events/?full=true").json()[0]


def test_the_latest_and_the_oldest_event_of_an_issue(api, issues):
    latest = api.get("/api/0/issues/SHOP-1/events/latest/").json()
    oldest = api.get("/api/0/issues/SHOP-1/events/oldest/").json()
    assert {latest["eventID"], oldest["eventID"]} == {f"{1:032x}", f"{2:032x}"}
    assert (latest["previousEventID"], oldest["nextEventID"]) == (oldest["eventID"], latest["eventID"])
    assert (latest["nextEventID"], oldest["previousEventID"]) == (None, None)


def test_an_event_has_sentrys_entries(api, issues):
    event = api.get(f"/api/0/projects/x/shop/events/{1:032x}/").json()
    entries = {entry["type"]: entry["data"] for entry in event["entries"]}
    assert set(entries) == {"exception", "breadcrumbs", "request"}
    (exception,) = entries["exception"]["values"]
    (frame,) = exception["stacktrace"]["frames"]
    assert (exception["type"], frame["function"], frame["lineNo"], frame["inApp"]) == ("KeyError", "checkout", 12, True)
    assert frame["context"] == [[11, "def checkout(order):"], [12, "    return order['price'] * 2"], [13, ""]]
    assert frame["vars"] == {"order": "{}"}
    assert {"key": "release", "value": "shop@1.0"} in event["tags"]
    assert event["release"] == {"version": "shop@1.0"}


def test_an_event_is_found_by_its_id_alone(api, issues):
    assert api.get(f"/api/0/organizations/x/eventids/{1:032x}/").json()["projectSlug"] == "shop"
    assert api.get(f"/api/0/organizations/x/eventids/{99:032x}/").status_code == 404


def test_an_event_of_another_issue_is_not_found(api, issues):
    assert api.get(f"/api/0/issues/SHOP-2/events/{3:032x}/").status_code == 200
    assert api.get(f"/api/0/issues/SHOP-2/events/{1:032x}/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "status", "details"),
    [
        ({"status": "resolved"}, "resolved", {}),
        ({"status": "resolvedInNextRelease"}, "resolved", {"inNextRelease": True}),
        ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, "resolved", {"inNextRelease": True}),
        ({"status": "resolved", "statusDetails": {"inRelease": "shop@2"}}, "resolved", {"inRelease": "shop@2"}),
        ({"status": "resolved", "statusDetails": {"inRelease": "latest"}}, "resolved", {"inRelease": "shop@1.0"}),
        ({"status": "ignored"}, "ignored", {}),
        ({"status": "muted", "statusDetails": {"ignoreCount": 5}}, "ignored", {"ignoreCount": 5}),
        ({"status": "unresolved"}, "unresolved", {}),
        ({"assignedTo": "me", "isBookmarked": True}, "unresolved", {}),
    ],
)
def test_a_status_is_set_as_sentrys_clients_ask_for_it(api, issues, sent, status, details):
    answer = api.put("/api/0/issues/SHOP-1/", json=sent)
    assert (answer.json()["status"], answer.json()["statusDetails"]) == (status, details)


def test_ignoring_for_minutes_says_until_when(api, issues):
    changed = api.put("/api/0/issues/SHOP-1/", json={"status": "ignored", "statusDetails": {"ignoreDuration": 30}})
    assert changed.json()["statusDetails"] == {"ignoreUntil": "2026-11-22T12:35:12Z"}
    assert changed.json()["substatus"] == "archived_until_condition_met"


def test_issues_are_changed_in_bulk_by_id_by_status_and_all(api, issues):
    path = "/api/0/projects/x/shop/issues/"
    ids = [issue["id"] for issue in api.get(path).json()]
    assert api.put(f"{path}?id={ids[0]}&id={ids[1]}", json={"status": "resolved"}).json()["status"] == "resolved"
    assert len(api.get(path).json()) == 1
    api.put(f"{path}?status=resolved", json={"status": "unresolved"})
    assert len(api.get(path).json()) == 3
    api.put(path, json={"status": "resolved"})
    assert api.get(path).json() == []


def test_a_bulk_change_of_another_projects_issue_changes_nothing(api, issues):
    api.post("/api/v1/projects", json={"name": "Other"})
    mine = api.get("/api/0/projects/x/shop/issues/").json()[0]["id"]
    assert api.put(f"/api/0/projects/x/other/issues/?id={mine}", json={"status": "resolved"}).status_code == 404
    assert len(api.get("/api/0/projects/x/shop/issues/").json()) == 3


def test_merging_keeps_the_issue_with_most_events(api, issues):
    path = "/api/0/organizations/x/issues/"
    by_short_id = {issue["shortId"]: issue["id"] for issue in api.get(path).json()}
    one, two = by_short_id["SHOP-1"], by_short_id["SHOP-2"]
    merged = api.put(f"{path}?id={two}&id={one}", json={"merge": 1}).json()
    assert merged == {"merge": {"parent": one, "children": [two]}}
    assert api.get("/api/0/issues/SHOP-1/").json()["count"] == "3"


def test_a_bulk_change_of_merged_issues_changes_what_they_were_merged_into_once(api, issues):
    path = "/api/0/organizations/x/issues/"
    by_short_id = {issue["shortId"]: issue["id"] for issue in api.get(path).json()}
    one, two, three = (by_short_id[name] for name in ("SHOP-1", "SHOP-2", "SHOP-3"))
    api.put(f"{path}?id={two}&id={one}", json={"merge": 1})
    assert api.put(f"{path}?id={two}", json={"status": "resolved"}).status_code == 200
    assert api.get("/api/0/issues/SHOP-1/").json()["status"] == "resolved"
    merged = api.put(f"{path}?id={two}&id={three}&id={one}", json={"merge": 1}).json()
    assert merged == {"merge": {"parent": one, "children": [three]}}


def test_a_release_is_made_finalised_and_deployed(api, desk):
    path = "/api/0/organizations/x/releases/"
    made = api.post(path, json={"version": "backend@1/2", "projects": ["shop"]})
    assert (made.status_code, made.json()["dateReleased"]) == (201, None)
    assert api.post(path, json={"version": "backend@1/2", "projects": ["shop"]}).status_code == 208
    one = f"{path}backend%401%2F2/"
    final = api.put(one, json={"dateReleased": "2026-11-22T10:00:00Z", "url": "https://ci.test/1"}).json()
    assert (final["dateReleased"], final["url"]) == ("2026-11-22T10:00:00Z", "https://ci.test/1")
    assert api.post(f"{one}deploys/", json={"environment": "prod"}).status_code == 201
    assert api.get(f"{one}deploys/").json()[0]["environment"] == "prod"
    assert [release["version"] for release in api.get(path).json()] == ["backend@1/2"]
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


def test_one_version_spans_all_projects_that_know_it(api, desk):
    api.post("/api/v1/projects", json={"name": "Other"})
    path = "/api/0/organizations/x/releases/"
    api.post(path, json={"version": "v1", "projects": ["shop"]})
    api.post(path, json={"version": "v1", "projects": ["other"]})
    (release,) = api.get(path).json()
    assert {project["slug"] for project in release["projects"]} == {"shop", "other"}
    assert api.get("/api/0/projects/x/other/releases/").json()[0]["projects"][0]["slug"] == "other"


def test_commits_are_kept_and_the_release_before_is_found_by_them(api, desk):
    path = "/api/0/organizations/x/releases/"
    commit = {"id": "a" * 40, "message": "Mend", "author_name": "Aiko", "author_email": "a@b.c", "patch_set": []}
    api.post(path, json={"version": "v1", "projects": ["shop"], "commits": [commit]})
    desk.clock.advance(minutes=1)
    api.post(path, json={"version": "v2", "projects": ["shop"]})
    assert api.get(f"{path}v2/previous-with-commits/").json()["version"] == "v1"
    assert api.get(f"{path}v1/previous-with-commits/").json() == {}
    (shown,) = api.get(f"{path}v1/commits/").json()
    assert (shown["id"], shown["author"]) == ("a" * 40, {"name": "Aiko", "email": "a@b.c"})
    api.put(f"{path}v2/", json={"refs": [{"repository": "acme/shop", "commit": "b" * 40}]})
    assert api.get(f"{path}v2/").json()["commitCount"] == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"version": "v1"},
        {"projects": ["shop"]},
        {"version": "v1", "projects": ["nowhere"]},
        {"version": "v1", "projects": ["shop"], "status": "archived"},
    ],
)
def test_a_release_without_version_or_known_project_is_refused(api, sent):
    refused = api.post("/api/0/organizations/x/releases/", json=sent)
    assert refused.status_code == 400
    assert refused.json()["detail"]


def test_uploads_are_refused_before_anything_is_sent(api):
    assert api.get("/api/0/organizations/x/chunk-upload/").json()["accept"] == []
    refused = api.post("/api/0/organizations/x/artifactbundle/assemble/", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "upload.not_kept")


def test_the_organization_its_projects_and_keys(api, desk):
    (organization,) = api.get("/api/0/organizations/").json()
    assert organization["slug"] == "naosu"
    assert api.get("/api/0/organizations/anything/").json() == organization
    (project,) = api.get("/api/0/organizations/anything/projects/").json()
    assert api.get("/api/0/projects/anything/shop/").json() == project
    (key,) = api.get("/api/0/projects/anything/shop/keys/").json()
    assert key["dsn"]["public"] == api.get("/api/v1/projects/shop").json()["dsn"]
    assert api.get("/api/0/users/me/regions/").status_code == 404


def test_the_last_slash_does_not_matter(api):
    assert api.get("/api/0/organizations").json() == api.get("/api/0/organizations/").json()
    assert api.get("/api/v1/projects/").json() == api.get("/api/v1/projects").json()
    assert api.get("/api/0").status_code == 200
