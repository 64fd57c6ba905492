"""``naosu doctor``."""

import os
from pathlib import Path

import click
import msgspec

from naosu.cli.show import clean, json_option, print_json
from naosu.domain.errors import NaosuError
from naosu.wiring.doctor import Finding, Health, examine

SIGNS = {Health.GOOD: "ok", Health.WARNING: "!!", Health.TROUBLE: "XX"}


@click.command("doctor")
@click.option("--data", help="Data folder to look at.  [env: NAOSU_DATA; default: ~/.local/share/naosu]")
@click.option("--config", type=click.Path(path_type=Path), help="A naosu.yaml.  [env: NAOSU_CONFIG]")
@click.option("--host", help="Address on which the server would listen.")
@click.option("--port", type=int, help="Port on which the server would listen.")
@json_option
def command(data: str | None, config: Path | None, host: str | None, port: int | None, as_json: bool) -> int:
    """Check the installation, ports, disk, clock and database, and say how to mend what is wrong. Exits with 1 then."""
    findings = look(data=data, config=config, host=host, port=port)
    if as_json:
        print_json(msgspec.to_builtins(findings))
    else:
        for finding in findings:
            click.echo(f"{SIGNS[finding.health]}  {finding.check:<12} {clean(finding.detail)}")
            if finding.mend:
                click.echo(f"    {'':<12} → {finding.mend}")
    return int(any(finding.health is Health.TROUBLE for finding in findings))


def look(*, data: str | None, config: Path | None, host: str | None, port: int | None) -> list[Finding]:
    """Run the checks; a configuration that cannot be read is the only finding then."""
    from naosu.wiring.local import local_settings

    try:
        settings = local_settings(data, config=config, flags={"host": host, "port": port})
    except NaosuError as error:
        return [Finding(check="config", health=Health.TROUBLE, detail=str(error), mend=error.mend)]
    from naosu.wiring.doctor_store import examine_store

    return [*examine(settings, os.environ), *examine_store(settings)]
