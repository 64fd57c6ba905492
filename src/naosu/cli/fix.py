"""``naosu fix``."""

import sys
from pathlib import Path
from typing import Any

import click

from naosu.cli.fix_report import print_report, to_json
from naosu.cli.show import json_option, print_json
from naosu.domain.evidence import FaultEvidence
from naosu.domain.repair import Verdict

_NOTHING_RECOGNISED = 4
_LOG_BYTES_MAX = 16 * 1024 * 1024


@click.command("fix")
@click.option("--source", required=True, type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path), help="The application's checkout.")  # fmt: skip  # noqa: E501
@click.option("--log", "logs", multiple=True, type=click.File("rb"), help="What its server printed; - is standard input.")  # fmt: skip  # noqa: E501
@click.option("--event", help="A stored event, by its id.")
@click.option("--issue", help="A stored issue: an id, or a short id like SHOP-12; its latest event is read.")
@click.option("--start", default="", help='How it starts, as in "python -m uvicorn app:app --port {port}". Guessed without.')  # fmt: skip  # noqa: E501
@click.option("--python", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The interpreter of its environment. Guessed without.")  # fmt: skip  # noqa: E501
@click.option("--request", "requests", multiple=True, help='A request to send, as in "GET /orders/7" or "POST /orders {\\"qty\\": 1}".')  # fmt: skip  # noqa: E501
@click.option("--database", "databases", multiple=True, help="A database of its, as a SQLAlchemy URL. Found out without.")  # fmt: skip  # noqa: E501
@click.option("--tests", default="", help='Its own tests, as in "pytest -q".')
@click.option("--apply", "applies", is_flag=True, help="Do it: commit on the current branch, run the SQL, write the settings.")  # fmt: skip  # noqa: E501
@click.option("--branch", help="Do it, but commit on this new branch; nothing that runs is touched.")
@click.option("--patch", type=click.Path(dir_okay=False, path_type=Path), help="Only write the patch there.")
@click.option("--data", help="Data folder that holds --event or --issue.  [env: NAOSU_DATA]")
@click.option("--url", help="Server that holds --event or --issue.  [env: NAOSU_URL]")
@click.option("--token", help="API token for --url.  [env: NAOSU_TOKEN]")
@json_option
def command(logs: tuple[Any, ...], event: str | None, issue: str | None, as_json: bool, **options: Any) -> int:
    """Diagnose the fault of an application, find a repair, and prove it in a scratch copy.

    Nothing outside that copy is touched without --apply, --branch or --patch.

    Exits with 0 when everything diagnosed was fixed (or, without --apply, its plan verified), 1 when something was not,
    4 when nothing was recognised, 2 when it was called wrongly, and 3 when it could not run.
    """
    if sum(map(bool, (options["applies"], options["branch"], options["patch"]))) > 1:
        raise click.UsageError("--apply, --branch and --patch are three ways: give one of them.")
    if event and issue:
        raise click.UsageError("--event and --issue are two places to read from: give one of them.")
    from naosu.wiring.fixing import Fixing

    with Fixing(tell=_tell_if_watched(as_json), **options) as fixing:
        evidence = [fixing.read_log(_text_of(log)) for log in logs]
        if event or issue:
            evidence.append(_stored(fixing, event, issue, options))
        report = fixing.run(evidence or [FaultEvidence()])
    if as_json:
        print_json(to_json(report))
    else:
        print_report(report)
    if not report.findings:
        return _NOTHING_RECOGNISED
    return int(any(outcome is not Verdict.FIXED for outcome in report.outcomes))


def _text_of(log: Any) -> str:
    content: bytes = log.read(_LOG_BYTES_MAX + 1)
    return content[-_LOG_BYTES_MAX:].decode("utf-8", "replace")


def _stored(fixing: Any, event: str | None, issue: str | None, options: dict[str, Any]) -> FaultEvidence:
    from urllib.parse import quote

    from naosu.cli.client import open_api

    api = open_api(data=options["data"], url=options["url"], token=options["token"])
    try:
        if event is None:
            page = api.get(f"/api/v1/issues/{quote(str(issue), safe='')}/events", limit=1)
            if not page["items"]:
                raise click.UsageError(f"No event of issue {issue} is kept; give --log instead.")
            event = page["items"][0]["event_id"]
        found: FaultEvidence = fixing.read_event(api.get(f"/api/v1/events/{quote(str(event), safe='')}/payload"))
    finally:
        api.close()
    return found


def _tell_if_watched(as_json: bool) -> Any:
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"naosu: {text}", err=True)
