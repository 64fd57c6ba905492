"""JSON schemas of what the API reads and answers, made from the structs that it reads and answers with."""

from typing import Any, get_args, get_origin

import msgspec

_documented: set[type] = set()


def schema_of(shape: Any) -> dict[str, Any]:
    """Return a schema that refers to a struct's component (or lists of it), and remember to define it.

    Args:
        shape: A struct, ``list[Struct]``, or a JSON schema, which is returned as it is.
    """
    if isinstance(shape, dict):
        return shape
    if get_origin(shape) is list:
        return {"type": "array", "items": schema_of(get_args(shape)[0])}
    _documented.add(shape)
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def documented_components() -> dict[str, Any]:
    """Return the schemas of all structs that were referred to, by name."""
    shapes = sorted(_documented, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    return components
