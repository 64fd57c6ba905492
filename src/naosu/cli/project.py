"""``naosu project``."""

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import json_option, print_fields, print_json, print_table


@click.group("project")
def command() -> None:
    """Make and list projects."""


@command.command("create")
@click.argument("name")
@json_option
@connected(creates=True)
def create(api: Api, name: str, as_json: bool) -> None:
    """Make a project with a DSN key."""
    made = api.post("/api/v1/projects", {"name": name})
    short = {field: made[field] for field in ("id", "slug", "dsn")}
    if as_json:
        print_json(short)
    else:
        print_fields(short)
        click.echo(f'\nimport sentry_sdk\nsentry_sdk.init(dsn="{made["dsn"]}")')


@command.command("list")
@json_option
@connected()
def show_list(api: Api, as_json: bool) -> None:
    """List projects with their DSNs."""
    projects = api.get("/api/v1/projects")
    if as_json:
        print_json(projects)
        return
    rows = [(one["id"], one["slug"], one["name"], one["dsn"]) for one in projects]
    print_table(("id", "slug", "name", "dsn"), rows, empty="no projects; make one: naosu project create NAME")
