"""An action's arguments, which plans and playbooks write as texts, in the types that it declares."""

import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from naosu.actions.errors import ActionRefusedError

P = TypeVar("P", bound=msgspec.Struct)

Command = Annotated[tuple[str, ...], Meta(min_length=1, max_length=200)]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people and fixers write: a name that is not known is a slip of theirs."""


def read_parameters(kind: type[P], arguments: Mapping[str, str]) -> P:
    """Return the arguments as an action wants them: a command is split as a shell would, or is a JSON list.

    Raises:
        ActionRefusedError: One is missing, unknown, or not of its type.
    """
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    try:
        values = {name: _value(text, types.get(name)) for name, text in arguments.items()}
        return msgspec.convert(values, kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise ActionRefusedError(f"arguments: {error}") from error


def _value(text: str, kind: Any) -> Any:
    if "tuple" not in str(kind) and "dict" not in str(kind):
        return text
    if re.match(r"\s*[\[{]", text):
        return msgspec.json.decode(text)
    return shlex.split(text)
