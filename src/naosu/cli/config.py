"""``naosu config``: what is set, and whether it can be."""

import os
from pathlib import Path
from typing import Any

import click

from naosu.cli.show import json_option, print_fields, print_json
from naosu.wiring.serve import with_data_dir
from naosu.wiring.settings_source import load_settings, setting_names


@click.group("config")
def command() -> None:
    """Check a configuration, or show what is in force."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Check a naosu.yaml (by default the one that NAOSU_CONFIG names) and the environment."""
    load_settings(config=file, environ=os.environ)
    click.echo("the configuration is good")


@command.command("show")
@click.option("--config", type=click.Path(path_type=Path), help="A naosu.yaml.  [env: NAOSU_CONFIG]")
@json_option
def show(config: Path | None, as_json: bool) -> None:
    """Show every setting as it would hold for `naosu serve`; passwords of databases are left out."""
    import msgspec

    settings = with_data_dir(load_settings(config=config, environ=os.environ))
    replace = msgspec.structs.replace
    projects = tuple(replace(one, database=without_password(one.database)) for one in settings.repair.projects)
    repair = replace(settings.repair, projects=projects)
    settings = replace(settings, database=without_password(settings.database), repair=repair)
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    if as_json:
        print_json(tree)
    else:
        print_fields({name: _at(tree, name) for name in setting_names()})


def _at(tree: Any, dotted: str) -> Any:
    for step in dotted.split("."):
        tree = tree[step]
    return tree


def without_password(url: str) -> str:
    """Return a database URL as it may be shown."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":…@", 1) if parts.password else url
