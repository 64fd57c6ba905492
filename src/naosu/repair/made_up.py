"""Values made from a JSON schema, as OpenAPI documents have them: valid ones, and ones at the edge of being so."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from naosu.repair.patterns import text_for

_DEPTH_MAX = 8
_LENGTH_MAX = 4_000
_ITEMS_MAX = 20
_BY_FORMAT = {
    "email": "ann@example.com",
    "uuid": "3f2b8c1e-5d47-4a6b-9c0d-1e2f3a4b5c6d",
    "date": "2026-01-15",
    "date-time": "2026-01-15T10:30:00Z",
    "time": "10:30:00",
    "duration": "PT1H",
    "uri": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "password": "Correct-horse-7",
    "byte": "ZXhhbXBsZQ==",
    "decimal": "1.00",
}
_BY_NAME = (
    (re.compile(r"e?_?mail$", re.IGNORECASE), "ann@example.com"),
    (re.compile(r"passw|secret", re.IGNORECASE), "Correct-horse-7"),
    (re.compile(r"phone|mobile", re.IGNORECASE), "+15555550100"),
    (re.compile(r"url|link|website", re.IGNORECASE), "https://example.com/"),
    (re.compile(r"currency", re.IGNORECASE), "EUR"),
    (re.compile(r"country", re.IGNORECASE), "FR"),
    (re.compile(r"(^|_)date$", re.IGNORECASE), "2026-01-15"),
    (re.compile(r"_at$|timestamp", re.IGNORECASE), "2026-01-15T10:30:00Z"),
    (re.compile(r"user_?name|login|nick", re.IGNORECASE), "ann"),
    (re.compile(r"name|author|title", re.IGNORECASE), "Ann Example"),
)


class Make(Enum):
    """What kind of value is wanted."""

    LEAST = "least"  # valid, only what is required
    WHOLE = "whole"  # valid, with all that is optional
    POOR = "poor"  # of the right types, but as short and small as can be: what validators of the application refuse
    WRONG = "wrong"  # of the wrong types


class Maker:
    """Makes values from schemas, which may refer to one another within their document."""

    def __init__(self, document: Mapping[str, Any], make: Make = Make.LEAST) -> None:
        self._document = document
        self._make = make

    def value(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value for a schema; the name of its field says what it may mean."""
        schema = self.resolved(schema)
        if depth > _DEPTH_MAX:
            return None
        if self._make is not Make.WRONG and (given := _given(schema, poor=self._make is Make.POOR)) is not None:
            return given[0]
        kind = _kind(schema)
        if self._make is Make.WRONG and depth and kind not in ("object", "array"):
            return {"wrong": True} if kind != "object" else "wrong"
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            count = 0 if self._make is Make.POOR else max(1, _int(schema.get("minItems"), 1))
            return [self.value(schema.get("items") or {}, name, depth + 1)] * min(count, _ITEMS_MAX)
        if kind in ("integer", "number"):
            return self._number(schema, whole=kind == "integer")
        return {"boolean": True, "null": None}[kind] if kind in ("boolean", "null") else self._text(schema, name)

    def resolved(self, schema: Any) -> Mapping[str, Any]:
        """Return a schema without references and choices: of several the first that is not null."""
        for _ in range(_DEPTH_MAX):
            if not isinstance(schema, Mapping):
                return {}
            if isinstance(reference := schema.get("$ref"), str):
                schema = self._at(reference)
            elif parts := _listed(schema.get("allOf")):
                return self._together(schema, parts)
            elif choices := _listed(schema.get("anyOf")) or _listed(schema.get("oneOf")):
                named = [one for one in map(self.resolved, choices) if _kind(one) != "null"]
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                schema = {**(named[0] if named else {}), **rest}
            else:
                return schema
        return {}

    def _together(self, schema: Mapping[str, Any], parts: Any) -> Mapping[str, Any]:
        merged: dict[str, Any] = {}
        for part in [*map(self.resolved, parts), {key: value for key, value in schema.items() if key != "allOf"}]:
            own = part.get("properties")
            properties = {**merged.get("properties", {}), **(own if isinstance(own, Mapping) else {})}
            required = [*merged.get("required", ()), *_listed(part.get("required"))]
            merged = {**merged, **part, "properties": properties, "required": required}
        return merged

    def _at(self, reference: str) -> Any:
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        return found

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return {}
        required = _listed(schema.get("required"))
        wanted = [name for name in properties if self._make is Make.WHOLE or name in required]
        return {name: self.value(properties[name], name, depth + 1) for name in wanted}

    def _number(self, schema: Mapping[str, Any], *, whole: bool) -> float:
        step = _number(schema.get("multipleOf")) or 1
        lowest, below = _number(schema.get("minimum")), _number(schema.get("exclusiveMinimum"))
        highest, above = _number(schema.get("maximum")), _number(schema.get("exclusiveMaximum"))
        floor = lowest if lowest is not None else below + step if below is not None else None
        ceiling = highest if highest is not None else above - step if above is not None else None
        value = floor if floor is not None else 0.0
        if self._make is not Make.POOR:
            value = max(value, step)
        if ceiling is not None and value > ceiling:
            value = ceiling
        return int(value) if whole or value == int(value) else value

    def _text(self, schema: Mapping[str, Any], name: str) -> str:
        if isinstance(pattern := schema.get("pattern"), str) and (fitting := text_for(pattern)) is not None:
            return fitting
        shortest, longest = _int(schema.get("minLength"), 0), _int(schema.get("maxLength"), _LENGTH_MAX)
        if known := _BY_FORMAT.get(str(schema.get("format"))):
            return known
        if self._make is Make.POOR:
            return "x" * max(1, shortest)
        text = next((value for pattern, value in _BY_NAME if pattern.search(name)), "example")
        return (text + "x" * min(max(0, shortest - len(text)), _LENGTH_MAX))[: max(longest, 0)]


def _given(schema: Mapping[str, Any], *, poor: bool) -> tuple[Any] | None:
    """Return the value that a schema itself offers; for a poor value only where there is no choice."""
    if "const" in schema:
        return (schema["const"],)
    if isinstance(choices := schema.get("enum"), list) and choices:
        return (choices[0],)
    if poor:
        return None
    if "example" in schema:
        return (schema["example"],)
    if isinstance(examples := schema.get("examples"), list) and examples:
        return (examples[0],)
    return (default,) if (default := schema.get("default")) is not None else None


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _int(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
