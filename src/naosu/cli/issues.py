"""``naosu issues``."""

from typing import Any
from urllib.parse import quote

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import clean, json_option, print_fields, print_json, print_table

LABELS = {
    "short_id": "issue",
    "project_id": "project id",
    "retryable": "worth a retry",
    "rule_id": "rule",
    "first_seen_at": "first seen",
    "last_seen_at": "last seen",
    "event_count": "events",
    "stored_count": "events kept",
    "user_count": "users",
    "first_release": "first release",
    "last_release": "last release",
    "resolved_at": "resolved",
    "resolved_in_release": "resolved in release",
    "resolved_in_next": "resolved in next release",
    "muted_until": "muted until",
    "mute_events_left": "muted for more events",
    "regressed_at": "came back",
}
LIMIT = click.IntRange(1, 100)
COLUMNS = ("issue", "status", "severity", "category", "events", "last seen", "title")


@click.group("issues")
def command() -> None:
    """List, show, explain and change issues. ISSUE is an id, or a short id like SHOP-12."""


def status_of(issue: dict[str, Any]) -> str:
    """Return its status, and of an open one whether it was resolved before."""
    return "open (came back)" if issue["status"] == "open" and issue["regressed_at"] else str(issue["status"])


def shown(value: Any) -> Any:
    """Return a value in words."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def issue_row(issue: dict[str, Any]) -> tuple[Any, ...]:
    """Return an issue as a line of a table."""
    return (
        issue["short_id"],
        status_of(issue),
        issue["severity"],
        issue["category"],
        issue["event_count"],
        issue["last_seen_at"][:19].replace("T", " "),
        issue["title"],
    )


def path_of(issue: str, action: str = "") -> str:
    """Return the API's path of an issue, or of something done with it."""
    return f"/api/v1/issues/{quote(issue, safe='')}" + (f"/{action}" if action else "")


@command.command("list")
@click.argument("query", nargs=-1)
@click.option("--project", help="Slug or id.")
@click.option("--sort", type=click.Choice(["last_seen", "first_seen", "events", "users"]), default="last_seen")
@click.option("--limit", type=LIMIT, default=50, show_default=True)
@click.option("--cursor", help="Where an earlier page ended.")
@json_option
@connected()
def show_list(
    api: Api, query: tuple[str, ...], project: str | None, sort: str, limit: int, cursor: str | None, as_json: bool
) -> None:
    """List issues that match QUERY, as in: is:open level:error category:DATABASE release:1.2 "free text"."""
    line = " ".join(query) or "is:open"
    page = api.get("/api/v1/issues", query=line, project=project, sort=sort, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    print_table(COLUMNS, [issue_row(one) for one in page["items"]], empty=f"no issues match {line}")
    if page["next_cursor"]:
        click.echo(f"more: --cursor {page['next_cursor']}", err=True)


@command.command("show")
@click.argument("issue")
@json_option
@connected()
def show(api: Api, issue: str, as_json: bool) -> None:
    """Show an issue with the facts from which it was classified."""
    found = api.get(path_of(issue))
    if as_json:
        print_json(found)
        return
    verdict = api.get(path_of(issue, "explain"))["verdict"]
    evidence = found.pop("evidence")
    fields = {**found, "status": status_of(found)}
    print_fields({LABELS.get(name, name): shown(value) for name, value in fields.items() if value not in ("", None)})
    if verdict:
        click.echo(f"\n{clean(verdict['title'])}")
        for line in (verdict["description"], verdict["action"] and f"What to do: {verdict['action']}"):
            if line:
                click.echo(clean(line))
        click.echo()
    for fact in evidence:
        click.echo(f"evidence: {clean(fact['fact'])} = {clean(fact['value'])}")


@command.command("explain")
@click.argument("issue")
@json_option
@connected()
def explain(api: Api, issue: str, as_json: bool) -> None:
    """Say why the events of an issue are together."""
    why = api.get(path_of(issue, "explain"))
    if as_json:
        print_json(why)
        return
    click.echo(why["short_id"])
    for sentence in why["sentences"]:
        click.echo(f"- {clean(sentence)}")
    for fingerprint in why["fingerprints"]:
        click.echo(f"{fingerprint['fingerprint']}  {fingerprint['event_count']} events  {clean(fingerprint['title'])}")


@command.command("resolve")
@click.argument("issue")
@click.option("--in-release", help="It counts as fixed from this release on.")
@click.option("--in-next", is_flag=True, help="It counts as fixed in the next release.")
@json_option
@connected()
def resolve(api: Api, issue: str, in_release: str | None, in_next: bool, as_json: bool) -> None:
    """Say that an issue is fixed: now, in a release, or in the next one. A later event is a regression."""
    _changed(api.post(path_of(issue, "resolve"), {"in_release": in_release or "", "in_next": in_next}), as_json)


@command.command("mute")
@click.argument("issue")
@click.option("--minutes", type=click.IntRange(min=1), help="For so long.")
@click.option("--events", type=click.IntRange(min=1), help="Until so many more events came.")
@json_option
@connected()
def mute(api: Api, issue: str, minutes: int | None, events: int | None, as_json: bool) -> None:
    """Be silent about an issue: for a time, until more events, or until it is opened by hand."""
    _changed(api.post(path_of(issue, "mute"), {"for_minutes": minutes, "events": events}), as_json)


@command.command("open")
@click.argument("issue")
@json_option
@connected()
def reopen(api: Api, issue: str, as_json: bool) -> None:
    """Open a resolved or muted issue again."""
    _changed(api.post(path_of(issue, "open")), as_json)


@command.command("merge")
@click.argument("target")
@click.argument("sources", nargs=-1, required=True)
@json_option
@connected()
def merge(api: Api, target: str, sources: tuple[str, ...], as_json: bool) -> None:
    """Merge SOURCES into TARGET, now and for future events."""
    _changed(api.post(path_of(target, "merge"), {"issues": list(sources)}), as_json)


@command.command("split")
@click.argument("issue")
@click.argument("fingerprints", nargs=-1, required=True)
@json_option
@connected()
def split(api: Api, issue: str, fingerprints: tuple[str, ...], as_json: bool) -> None:
    """Move FINGERPRINTS (see `naosu issues explain`) to a new issue, now and for future events."""
    _changed(api.post(path_of(issue, "split"), {"fingerprints": list(fingerprints)}), as_json)


def _changed(issue: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(issue)
    else:
        click.echo(f"{issue['short_id']} {issue['status']}: {clean(issue['title'])}")
