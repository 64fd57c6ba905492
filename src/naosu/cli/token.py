"""``naosu token``."""

import click

from naosu.cli.client import Api, ApiError, connected
from naosu.cli.show import clean, json_option, print_json, print_table

_NOT_FOUND = 404
ROLES = ("viewer", "operator", "admin")


@click.group("token")
def command() -> None:
    """Make, list and revoke API tokens."""


@command.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What it may do.")
@json_option
@connected(creates=True)
def create(api: Api, name: str, role: str, as_json: bool) -> None:
    """Make a token; it is shown this once, and stored only as a hash."""
    made = api.post("/api/v1/tokens", {"name": name, "role": role})
    if as_json:
        print_json({field: made[field] for field in ("id", "name", "role", "token")})
    else:
        click.echo(made["token"])
        click.echo(f"token {clean(made['name'])}, role {made['role']}; it is not shown again", err=True)


@command.command("list")
@json_option
@connected()
def show_list(api: Api, as_json: bool) -> None:
    """List tokens, revoked ones included."""
    tokens = api.get("/api/v1/tokens")
    if as_json:
        print_json(tokens)
        return
    rows = [
        (one["id"], one["name"], one["role"], one["last_used_at"] or "never used", "revoked" if one["revoked"] else "")
        for one in tokens
    ]
    print_table(("id", "name", "role", "last used", ""), rows, empty="no tokens; make one: naosu token create NAME")


@command.command("revoke")
@click.argument("id_or_name")
@connected()
def revoke(api: Api, id_or_name: str) -> None:
    """Revoke the token with this id or name."""
    working = [one for one in api.get("/api/v1/tokens") if not one["revoked"]]
    found = [one for one in working if id_or_name in (str(one["id"]), one["name"])]
    if not found:
        raise ApiError(f"no token {id_or_name!r} that still works", status=_NOT_FOUND, mend="See `naosu token list`.")
    api.request("DELETE", f"/api/v1/tokens/{found[0]['id']}")
    click.echo(f"revoked {found[0]['name']}")
