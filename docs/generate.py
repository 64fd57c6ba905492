"""Writes docs/reference from the code: `python -m docs.generate`. A tidy test fails when a page is stale."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import click
import msgspec

import naosu
from naosu.api.app import create_app
from naosu.cli.main import naosu as command_line
from naosu.domain.errors import NaosuError
from naosu.domain.repair_policy import RepairLimits
from naosu.wiring.api_app import describing_context
from naosu.wiring.settings import Settings

REFERENCE = Path(__file__).resolve().parent / "reference"
GROUPED_FROM = 10_000
ABOUT = {"ingest.item_bytes_max_by_type": "Largest payload of an item of these types. In the environment: as JSON."}
# They act when they are imported; so do the programs that fixers let the application's own interpreter run.
PROGRAMS = re.compile(
    r"naosu\.wiring\.process|naosu\.storage\.migrations\.(env|versions\..*)|naosu\.fixers\.(.*\.)?probe_\w+"
)
NOTE = "<!-- Written by `make docs` from the code: change it there. -->\n"


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)


def pages() -> dict[str, str]:
    """Return every page of the reference, by file name."""
    return {"settings.md": settings_page(), "cli.md": cli_page(), "errors.md": errors_page(), "rest.md": rest_page()}


# ── settings ──


def settings_page() -> str:
    """Return the page on settings."""
    head = (
        f"{NOTE}\n# Settings\n\n"
        "A flag of `naosu serve` beats the environment, which beats the file that `--config` (`NAOSU_CONFIG`) names.\n"
        "In the file, names are nested: `ingest.items_max` stands under `ingest:`. SIGHUP reads the file again.\n"
        "`naosu config check` checks it, and `naosu config show` prints what is in force.\n"
        "What stands under `repair:` is read again as soon as the file changes; a file with a mistake in it is\n"
        "refused whole, and what held before goes on holding.\n"
    )
    return head + "".join(_settings_section(kind, name) for name, kind in _sections(Settings, ""))


def _sections(kind: type[msgspec.Struct], name: str) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    yield name, kind
    for field in msgspec.structs.fields(kind):
        if _is_struct(field.type):
            yield from _sections(field.type, f"{name}{field.name}.")
        elif field.type != RepairLimits | None:  # described once
            for inner in filter(_is_struct, get_args(field.type)):
                mark = "[]" if get_origin(field.type) is tuple else ""
                yield from _sections(inner, f"{name}{field.name}{mark}.")


def _settings_section(kind: type[msgspec.Struct], prefix: str) -> str:
    about, attributes = _docstring(kind)
    title = prefix.rstrip(".") or "The server"
    lines = [f"\n## {title}\n\n{about}\n\n| setting | environment | default | |\n|---|---|---|---|"]
    for field in msgspec.structs.fields(kind):
        if _is_struct(field.type):
            continue
        name = f"{prefix}{field.name}"
        variable = "" if "[]" in name else "`NAOSU_" + name.upper().replace(".", "__") + "`"
        text = attributes.get(field.name) or ABOUT.get(name, "")
        lines.append(f"| `{name}` | {variable} | {_default(_default_of(field))} | {text} |")
    return "\n".join(lines) + "\n"


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "(must be given)"
    if value in (None, (), {}):
        return "(none)"
    if isinstance(value, int) and not isinstance(value, bool) and value >= GROUPED_FROM:
        return f"{value:,}".replace(",", " ")
    if isinstance(value, str):
        return f"`{value}`" if value else "(empty)"
    if isinstance(value, Mapping):
        return "<br>".join(f"{name}: {_default(inner)}" for name, inner in value.items())
    return str(value)


def _docstring(kind: type) -> tuple[str, dict[str, str]]:
    """Return what a class says of itself, and of each attribute."""
    text = inspect.getdoc(kind) or ""
    about, _, rest = text.partition("Attributes:")
    attributes: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        found = re.match(r" {4}(\w+): (.*)", line)
        if found:
            name = found[1]
            attributes[name] = found[2]
        elif name and line.strip():
            attributes[name] += " " + line.strip()
    return " ".join(about.split()), attributes


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


# ── command line ──


def cli_page() -> str:
    """Return the page on commands."""
    head = f"{NOTE}\n# Commands\n"
    return head + "".join(
        f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(command_line, "naosu", None)
    )


def _helps(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=path.rsplit(maxsplit=1)[-1], parent=parent, **settings)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _helps(inner, f"{path} {name}", context)


# ── errors ──


def errors_page() -> str:
    """Return the page on error codes."""
    head = (
        f"{NOTE}\n# Errors\n\nThe API answers errors as problem details (RFC 9457) with a stable `code`. "
        "Retryable: the same call may work later, unchanged.\n\n| code | HTTP | retryable | |\n|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{kind.code}` | {kind.status} | {'yes' if kind.retryable else 'no'} | {_first_sentence(kind)} |\n"
        for kind in sorted(error_classes(), key=lambda kind: (kind.code, kind.__name__))
    )


def error_classes() -> set[type[NaosuError]]:
    """Return every class of error, after importing every module."""
    for module in pkgutil.walk_packages(naosu.__path__, "naosu."):
        if not PROGRAMS.fullmatch(module.name):
            importlib.import_module(module.name)
    found: set[type[NaosuError]] = {NaosuError}
    todo = [NaosuError]
    while todo:
        subclasses = todo.pop().__subclasses__()
        found.update(subclasses)
        todo += subclasses
    return {kind for kind in found if kind.__module__.startswith("naosu.")}


def _first_sentence(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


# ── REST ──


def rest_page() -> str:
    """Return the page on REST routes."""
    document = openapi_document()
    head = (
        f"{NOTE}\n# REST\n\n`naosu openapi` prints the whole OpenAPI {document['openapi']} document; a running server "
        "answers it at `/api/v1/openapi.json`.\n"
    )
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            by_tag.setdefault(tag, []).append(f"| `{method.upper()} {path}` | {operation.get('summary', '')} |")
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    return head + "".join(
        f"\n## {tag}\n\n{about.get(tag, '')}\n\n| route | |\n|---|---|\n" + "\n".join(rows) + "\n"
        for tag, rows in by_tag.items()
        if rows
    )


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the application, without a store behind it."""
    return create_app(describing_context()).openapi()


if __name__ == "__main__":
    main()
