"""``naosu stats``."""

from typing import Any

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import json_option, print_fields, print_json


@click.command("stats")
@click.option("--project", help="Slug or id; by default all.")
@json_option
@connected()
def command(api: Api, project: str | None, as_json: bool) -> None:
    """Print what was accepted, digested, dropped (by reason) and is pending or dead, since the beginning."""
    stats = api.get("/api/v1/stats", project=project)
    if as_json:
        print_json(stats)
    else:
        print_fields(dict(flatten(stats)))


def flatten(stats: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return names and numbers, those of inner objects as ``dropped: rate_limit``."""
    lines: list[tuple[str, Any]] = []
    for name, value in stats.items():
        if isinstance(value, dict):
            lines += [(f"{name}: {reason}", quantity) for reason, quantity in sorted(value.items())]
        else:
            lines.append((name, value))
    return lines
