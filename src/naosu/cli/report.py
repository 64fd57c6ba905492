"""``naosu report``."""

import json
import os
from pathlib import Path
from typing import Any

import click

from naosu.cli.client import Api, connected
from naosu.domain.errors import NaosuError

FILES = {"api_error_metrics.json": "/api/v1/report/metrics", "api_error_report.json": "/api/v1/report/details"}


class ReportNotWrittenError(NaosuError):
    """The folder cannot be written to. Not retryable until that is mended."""

    code = "cli.report_not_written"


@click.command("report")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder.  [default: .]")
@click.option("--project", help="Slug or id; by default all.")
@connected()
def command(api: Api, out: Path, project: str | None) -> None:
    """Write api_error_metrics.json (real-time metrics) and api_error_report.json (details)."""
    for name, path in FILES.items():
        write_whole(out / name, api.get(path, project=project))
        click.echo(str(out / name))


def write_whole(path: Path, content: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ReportNotWrittenError(
            f"{path} cannot be written: {error.strerror}", mend="Name a writable folder with --out."
        ) from error
