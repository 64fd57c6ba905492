"""``naosu group``."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from naosu.cli.show import clean


@click.command("group")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--language", type=click.Choice(["en", "ja", "fr"]), default="en", show_default=True)
def command(file: Path, as_json: bool, language: str) -> int:
    """Say how the events of FILE would be grouped, and why. Stores nothing.

    FILE holds JSON, one value a line: {"event": …}, or the bare event. Lines that are no JSON are named, and passed
    over; it then exits with 1.
    """
    from naosu.group import group_file

    bad: list[str] = []
    answers = list(group_file(read_lines(file, on_bad=bad.append), to_event=_to_event, language=language))
    for answer in answers:
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
            continue
        click.echo(f"{answer['fingerprint']}  {clean(answer['title'])}")
        click.echo(f"    {clean(answer['explanation'])}" if isinstance(answer["explanation"], str) else "")
    if not as_json:
        click.echo(f"{len(answers)} events in {len({answer['fingerprint'] for answer in answers})} issues")
    for line in bad:
        click.echo(f"naosu: {line}", err=True)
    return 1 if bad else 0


def read_lines(file: Path, *, on_bad: Callable[[str], None]) -> Iterator[Any]:
    """Yield the JSON values of a file; tell of each line that is none."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                on_bad(f"{file}:{number}: not JSON: {error}")


def _to_event(payload: Mapping[str, Any]) -> Any:
    from naosu.normalize.event import to_event

    return to_event(json.dumps(payload).encode(), project_id=1, received_at=datetime.now(UTC))
