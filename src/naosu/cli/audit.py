"""``naosu audit``."""

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import clean, json_option, print_json


@click.group("audit")
def command() -> None:
    """Read and verify the record of everything that was done about repairs."""


@command.command("verify")
@click.option("--noted", help="A head that this command printed earlier, NUMBER:HASH; the chain must go through it.")
@json_option
@connected()
def verify(api: Api, noted: str | None, as_json: bool) -> int:
    """Follow the chain of entries from the first to the last.

    Prints the head of the chain. Note it in a place that whoever can write to the store cannot write to: --noted then
    tells whether the chain was made anew. Exits with 1 when the chain is broken.
    """
    found = api.get("/api/v1/repair/audit/verify", noted=noted)
    if as_json:
        print_json(found)
    elif found["whole"]:
        click.echo(f"{found['count']} entries, unbroken")
        click.echo(f"head {found['head']}")
    else:
        click.echo(f"broken at entry {found['broken_at']}: {clean(found['fault'])}")
    return 0 if found["whole"] else 1


@command.command("list")
@click.option("--after", type=click.IntRange(0), default=0, help="Only entries after this number.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@json_option
@connected()
def show_list(api: Api, after: int, limit: int, as_json: bool) -> None:
    """List entries in order."""
    found = api.get("/api/v1/repair/audit", after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    for entry in found["entries"]:
        detail = " ".join(f"{name}={value}" for name, value in entry["detail"].items() if name != "plan")
        line = f"{entry['number']:>6}  {entry['at']}  {entry['actor']}  {entry['what']}  {entry['subject']}  {detail}"
        click.echo(clean(line).rstrip())
    if not found["entries"]:
        click.echo("no entries")
