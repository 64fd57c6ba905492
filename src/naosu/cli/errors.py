"""``naosu errors``."""

import click

from naosu.cli.client import Api, connected
from naosu.cli.issues import COLUMNS, issue_row
from naosu.cli.show import json_option, print_json, print_table


@click.command("errors")
@click.option("--severity", help="critical, high, medium or low.")
@click.option("--category", help="DATABASE, AUTH, VALIDATION, NETWORK …")
@click.option("--status", type=click.Choice(["open", "muted", "resolved"]), help="Only these.")
@click.option("--project", help="Slug or id; by default all.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True)
@json_option
@connected()
def command(
    api: Api,
    severity: str | None,
    category: str | None,
    status: str | None,
    project: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the latest errors, by severity or category."""
    found = api.get("/api/v1/errors", severity=severity, category=category, status=status, project=project, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(COLUMNS, [issue_row(one) for one in found["errors"]], empty="no errors")
    if found["total"] > len(found["errors"]):
        click.echo(f"{len(found['errors'])} of {found['total']}; more with --limit", err=True)
