"""``naosu reset``."""

import click

from naosu.cli.client import Api, connected


@click.command("reset")
@click.option("--project", help="Only this project: slug or id.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected()
def command(api: Api, project: str | None, yes: bool) -> None:
    """Forget all issues, events and counts; projects, keys, accounts and settings stay. Asks first."""
    what = f"project {project}" if project else "all projects"
    if not yes:
        click.confirm(f"Forget all issues, events and counts of {what} in {api.place}?", abort=True, err=True)
    api.request("POST", "/api/v1/reset", json={"confirm": "reset", "project": project})
    click.echo("forgotten")
