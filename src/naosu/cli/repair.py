"""``naosu repair``."""

from typing import Any

import click

from naosu.cli.client import Api, ApiError, connected
from naosu.cli.show import clean, json_option, print_fields, print_json, print_table

_CONFLICT = 409
_KEY_SHOWN = 12
_KEY_MIN = 8
_KEY_CHARS = 64
_COLUMNS = ("id", "state", "mode", "risk", "target", "means", "what it does", "proposed")


@click.group("repair")
def command() -> None:
    """See what Naosu did about faults, approve what it would do, or stop it all."""


@command.command("status")
@json_option
@connected()
def status(api: Api, as_json: bool) -> int:
    """Show whether repairing is stopped, what waits for approval, and the record of each means of repair.

    Exits with 1 when repairing is stopped, or something waits.
    """
    stop, waiting = api.get("/api/v1/repair/stop"), api.get("/api/v1/repair/approvals", limit=100)["attempts"]
    records = api.get("/api/v1/repair/actions")
    if as_json:
        print_json({"stop": stop, "waiting": waiting, "actions": records})
    else:
        click.echo(_stop_line(stop))
        print_table(_COLUMNS, [_row(one) for one in waiting], empty="nothing waits for approval")
        rows = [
            (one["means"], one["environment"], one["fixed_count"], one["failed_count"], one["rolled_back_count"])
            + ((f"since {one['demoted_at']}",) if one["demoted_at"] else ("",))
            for one in records
        ]
        columns = ("means", "environment", "fixed", "failed", "rolled back", "demoted")
        print_table(columns, rows, empty="nothing was repaired yet")
    return int(stop["stopped"] or bool(waiting))


@command.command("attempts")
@click.option("--project", help="Slug or id; by default all.")
@click.option("--issue", help="Only for this issue: an id, or a short id like SHOP-12.")
@click.option("--state", help="proposed, approved, running, verifying, fixed, not_fixed, worse, cannot_tell …")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_option
@connected()
def attempts(api: Api, project: str | None, issue: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List attempts at repair, newest first: also what Naosu only observed that it would do."""
    found = api.get("/api/v1/repair/attempts", project=project, issue=issue, state=state, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(_COLUMNS, [_row(one) for one in found["attempts"]], empty="no attempts")
    if found["next_before_id"] is not None:
        click.echo("there are more; --limit shows them", err=True)


@command.command("show")
@click.argument("attempt_id", type=int)
@json_option
@connected()
def show(api: Api, attempt_id: int, as_json: bool) -> None:
    """Show an attempt: its plan, what was measured, what people said, and every step."""
    found = api.get(f"/api/v1/repair/attempts/{attempt_id}")
    if as_json:
        print_json(found)
        return
    _print_plan(found)
    for check in found["checks"]:
        said = {True: "ok", False: "FAILED", None: "unknown"}[check["ok"]]
        click.echo(f"  {said:<8}{clean(check['name'])}  {clean(check['detail'])}".rstrip())
    for one in found["approvals"]:
        click.echo(f"  {'yes' if one['granted'] else 'no'} by {clean(one['by'])} at {one['given_at']}")
    for entry in found["steps"]:
        click.echo(f"  {entry['at']}  {clean(entry['what'])} by {clean(entry['actor'])}")


@command.command("approve")
@click.argument("attempt_id", type=int)
@click.option("--plan", help="Key of the plan that you saw, or its beginning; asks with the plan without it.")
@click.option("--comment", default="", help="Why; it stays in the audit log.")
@connected()
def approve(api: Api, attempt_id: int, plan: str | None, comment: str) -> None:
    """Approve exactly the plan that you saw; it holds for 15 minutes, and only while its target stays as it is."""
    found = api.get(f"/api/v1/repair/attempts/{attempt_id}")
    key = found["attempt"]["plan_key"]
    if plan is None:
        _print_plan(found)
        click.confirm("Let Naosu do this?", abort=True, err=True)
    elif len(plan) < _KEY_MIN or len(plan) > _KEY_CHARS:
        raise click.UsageError(f"--plan needs {_KEY_MIN} to {_KEY_CHARS} characters of the key.")
    elif not key.startswith(plan):
        raise ApiError(
            f"the plan of attempt {attempt_id} is {key[:_KEY_SHOWN]}…, not {plan}",
            status=_CONFLICT,
            mend=f"Look at it again: naosu repair show {attempt_id}",
        )
    body = {"plan_key": key, "comment": comment}
    after = api.post(f"/api/v1/repair/attempts/{attempt_id}/approve", body)["attempt"]
    missing = after["approvals_missing"]
    click.echo(f"{missing} more must approve" if missing else after["state"])


@command.command("reject")
@click.argument("attempt_id", type=int)
@click.option("--comment", default="", help="Why; it stays in the audit log.")
@connected()
def reject(api: Api, attempt_id: int, comment: str) -> None:
    """Reject a plan: its attempt never runs."""
    after = api.post(f"/api/v1/repair/attempts/{attempt_id}/reject", {"comment": comment})["attempt"]
    click.echo(after["state"])


@command.command("retry")
@click.argument("attempt_id", type=int)
@connected()
def retry(api: Api, attempt_id: int) -> None:
    """Let Naosu try again at the fault of an attempt, which it gave up after several that did not help."""
    api.post(f"/api/v1/repair/attempts/{attempt_id}/retry")
    click.echo("it may try again")


@command.command("forgive")
@click.argument("means")
@click.option("--project", help="Slug or id.")
@click.option("--environment", default="", help="As events say it.")
@connected()
def forgive(api: Api, means: str, project: str | None, environment: str) -> None:
    """Lift the demotion of a means of repair, such as apply_fix/missing_index, after a rollback."""
    body = {"means": means, "project": project, "environment": environment}
    api.post("/api/v1/repair/actions/forgive", body)
    click.echo("forgiven")


@command.command("stop")
@click.option("--reason", default="", help="Shown wherever something would have run.")
@connected()
def stop(api: Api, reason: str) -> None:
    """Stop all repairing, everywhere and at once."""
    click.echo(_stop_line(api.post("/api/v1/repair/stop", {"reason": reason})))


@command.command("go")
@connected()
def go(api: Api) -> None:
    """Allow repairing again, as far as modes and permits do."""
    api.request("DELETE", "/api/v1/repair/stop")
    click.echo(_stop_line(api.get("/api/v1/repair/stop")))


def _stop_line(stop: dict[str, Any]) -> str:
    if not stop["stopped"]:
        return "repairing is allowed"
    because = f": {clean(stop['reason'])}" if stop["reason"] else ""
    return f"repairing is stopped, since {stop['stopped_at']}, by {clean(stop['by'])}{because}"


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    state = "rolled back" if one["state"] == "rolled_back" else one["state"].replace("_", " ")
    return (
        one["id"],
        state,
        one["mode"],
        one["risk"],
        one["target"],
        one["means"],
        one["summary"],
        one["proposed_at"],
    )


def _print_plan(found: dict[str, Any]) -> None:
    attempt = found["attempt"]
    fields = {
        "attempt": attempt["id"],
        "state": attempt["state"] + (f" ({attempt['reason']})" if attempt["reason"] else ""),
        "verdict": attempt["verdict"] or "none yet",
        "mode": attempt["mode"],
        "target": attempt["target"],
        "means": attempt["means"],
        "risk": attempt["risk"] + ("" if attempt["reversible"] else ", cannot be undone"),
        "what it does": attempt["summary"],
        "why": found["explanation"],
        "proof": found["proof"],
        "undo": found["undo"],
        "plan": attempt["plan_key"],
        "left behind": ", ".join(attempt["left"]),
    }
    print_fields({name: value for name, value in fields.items() if value != ""})
    for name, value in found["arguments"].items():
        click.echo(f"  {clean(name)}={clean(value)}")
    for change in found["sql"]:
        click.echo(f"on {clean(change['database'])}:")
        for statement in change["statements"]:
            click.echo(f"  {clean(statement)}")
    for line in found["diff"].splitlines():
        click.echo(clean(line))
