"""``naosu events``."""

from urllib.parse import quote

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import json_option, print_json, print_table


@click.group("events")
def command() -> None:
    """Show one event."""


@command.command("list")
@click.option("--project", help="Slug or id.")
@click.option("--issue", help="Only of this issue: an id, or a short id like SHOP-12.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@click.option("--cursor", help="Where an earlier page ended.")
@json_option
@connected()
def show_list(api: Api, project: str | None, issue: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List kept events, newest first."""
    path = f"/api/v1/issues/{quote(issue, safe='')}/events" if issue else "/api/v1/events"
    page = api.get(path, project=None if issue else project, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = [(one["event_id"], one["occurred_at"][:19].replace("T", " "), one["title"]) for one in page["items"]]
    print_table(("event", "occurred at", "title"), rows, empty="no events")
    if page["next_cursor"]:
        click.echo(f"more: --cursor {page['next_cursor']}", err=True)


@command.command("show")
@click.argument("event_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print Markdown, to paste elsewhere (the default).")
@connected()
def show(api: Api, event_id: str, as_json: bool, markdown: bool) -> None:
    """Show one event: its exceptions, stack, breadcrumbs, request and tags."""
    if as_json and markdown:
        raise click.UsageError("--json and --markdown are two formats: give one of them.")
    path = f"/api/v1/events/{quote(event_id, safe='')}"
    if as_json:
        print_json(api.get(path))
    else:
        click.echo(_harmless(api.get(path, format="markdown")))


def _harmless(text: str) -> str:
    """Return the text without control characters but line feeds and tabs."""
    return "".join(char for char in text if char in "\n\t" or (char >= " " and not "\x7f" <= char <= "\x9f"))
