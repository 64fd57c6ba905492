"""``naosu status``."""

from typing import Any

import click

from naosu.cli.client import Api, connected
from naosu.cli.show import clean, json_option, print_fields, print_json, print_table


@click.command("status")
@json_option
@connected()
def command(api: Api, as_json: bool) -> int:
    """Show whether the server works, what it uses and what waits. Exits with 1 when none runs or it is not healthy."""
    status = api.get("/api/v1/status")
    if as_json:
        print_json(status)
    else:
        print_status(status)
    return 0 if status["is_healthy"] else 1


def print_status(status: dict[str, Any]) -> None:
    """Print the server at a glance."""
    inbox = status["inbox"] or {}
    running = [one for one in status["processes"] if one["state"] == "running"]
    print_fields(
        {
            "server": f"naosu {status['version']} at {status['public_url']}",
            "healthy": "yes" if status["is_healthy"] else "NO",
            "running": f"{len(running)} processes, {status['memory_bytes'] / 1e6:.0f} MB, {status['cpu_percent']} % CPU"
            if status["is_running"]
            else "NO server on this folder",
            "waiting": f"{inbox.get('report_count', '?')} reports",
            "issues": status["issue_count"],
            "events": f"{status['digested']} digested, {status['stored']} kept, {status['dead']} dead",
            "rate": f"{status['rates']['accepted_per_minute']} accepted a minute",
        }
    )
    for problem in status["problems"]:
        click.echo(f"problem: {clean(problem)}")
    rows = [(one["name"], one["pid"], f"{one['rss_bytes'] / 1e6:.0f} MB", one["state"]) for one in status["processes"]]
    if rows:
        print_table(("process", "pid", "memory", "state"), rows, empty="")
