"""``naosu account``."""

import sys

import click

from naosu.cli.client import Api, ApiError, connected
from naosu.cli.show import json_option, print_json, print_table
from naosu.cli.token import ROLES

_NOT_FOUND = 404

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, instead of asking for it."
)


@click.group("account")
def command() -> None:
    """Make and list accounts, and set passwords."""


def read_password(*, from_stdin: bool) -> str:
    """Return a password: one line of standard input, or asked for twice without echo."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


@command.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What they may do.")
@password_option
@json_option
@connected(creates=True)
def create(api: Api, email: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Make an account."""
    password = read_password(from_stdin=password_stdin)
    made = api.post("/api/v1/accounts", {"email": email, "password": password, "role": role})
    if as_json:
        print_json(made)
    else:
        click.echo(f"made {made['email']} ({made['role']})")


@command.command("list")
@json_option
@connected()
def show_list(api: Api, as_json: bool) -> None:
    """List accounts."""
    accounts = api.get("/api/v1/accounts")
    if as_json:
        print_json(accounts)
        return
    rows = [(one["id"], one["email"], one["role"], "disabled" if one["disabled"] else "") for one in accounts]
    print_table(("id", "email", "role", ""), rows, empty="no accounts; make one: naosu account create EMAIL")


@command.command("passwd")
@click.argument("email")
@password_option
@connected()
def passwd(api: Api, email: str, password_stdin: bool) -> None:
    """Set an account's password, and sign it out everywhere."""
    found = [one for one in api.get("/api/v1/accounts") if one["email"].lower() == email.lower()]
    if not found:
        raise ApiError(f"no account {email}", status=_NOT_FOUND, mend="See `naosu account list`.")
    password = read_password(from_stdin=password_stdin)
    api.request("PATCH", f"/api/v1/accounts/{found[0]['id']}", json={"password": password})
    click.echo(f"set the password of {found[0]['email']}")
