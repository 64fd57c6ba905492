"""``naosu dead``."""

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import json_option, print_json, print_table

_PAGE = 100


@click.group("dead")
def command() -> None:
    """List, redrive and remove dead letters: reports that were accepted, but could not be digested."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=100, show_default=True)
@json_option
@connected()
def show_list(api: Api, limit: int, as_json: bool) -> None:
    """List dead letters, newest first."""
    letters = api.get("/api/v1/dead-letters", limit=limit)
    if as_json:
        print_json(letters)
        return
    rows = [(one["id"], one["died_at"][:19].replace("T", " "), one["reason"], one["detail"]) for one in letters]
    print_table(("id", "died at", "reason", "detail"), rows, empty="no dead letters")


@command.command("redrive")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@connected()
def redrive(api: Api, ids: tuple[int, ...], everything: bool) -> None:
    """Put dead letters back into the inbox, to be digested once more."""
    chosen = _chosen(api, ids, everything)
    for letter_id in chosen:
        api.post(f"/api/v1/dead-letters/{letter_id}/redrive")
    click.echo(f"redriven: {len(chosen)}")


@command.command("remove")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@connected()
def remove(api: Api, ids: tuple[int, ...], everything: bool) -> None:
    """Give dead letters up, for good."""
    chosen = _chosen(api, ids, everything)
    for letter_id in chosen:
        api.request("DELETE", f"/api/v1/dead-letters/{letter_id}")
    click.echo(f"removed: {len(chosen)}")


def _chosen(api: Api, ids: tuple[int, ...], everything: bool) -> list[int]:
    if bool(ids) == everything:
        raise click.UsageError("Give ids, or --all.")
    return list(ids) if ids else _all_ids(api)


def _all_ids(api: Api) -> list[int]:
    """Return the ids of all dead letters there are now, newest first: what dies again meanwhile gets a higher one."""
    ids: list[int] = []
    while page := api.get("/api/v1/dead-letters", limit=_PAGE, before_id=ids[-1] if ids else None):
        ids += [letter["id"] for letter in page]
    return ids
