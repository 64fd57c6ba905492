"""``naosu serve``."""

import os
from pathlib import Path

import click

from naosu.wiring.serve import serve
from naosu.wiring.settings_source import load_settings


@click.command("serve")
@click.option("--data", help="Data folder. Made when absent.  [default: ~/.local/share/naosu]")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0: any free one.  [default: 8790]")
@click.option("--config", type=click.Path(path_type=Path), help="A naosu.yaml.  [env: NAOSU_CONFIG]")
@click.option("--database", help="postgresql://… instead of SQLite in the data folder.")
@click.option("--workers", type=int, help="Web processes, and as many that digest.  [default: one per two cores]")
@click.option("--public-url", help="URL by which browsers and SDKs reach the server.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: warning]")
def command(
    data: str | None,
    host: str | None,
    port: int | None,
    config: Path | None,
    database: str | None,
    workers: int | None,
    public_url: str | None,
    log_level: str | None,
) -> None:
    """Run the server until SIGTERM or Ctrl-C; SIGHUP reads the configuration again.

    Prints the dashboard's URL, the DSN of the default project, on the first run a link that makes the first account,
    and then `naosu: ready URL`; at the end `naosu: stopped`.
    """
    flags = {
        "data": data,
        "host": host,
        "port": port,
        "database": database,
        "processes.web": workers,
        "processes.digest": workers,
        "public_url": public_url,
        "log.level": log_level,
    }
    if config is not None:
        os.environ["NAOSU_CONFIG"] = str(config.absolute())  # its processes look at the section on repair themselves
    serve(lambda: load_settings(config=config, environ=os.environ, flags=flags))
    click.echo("naosu: stopped")
