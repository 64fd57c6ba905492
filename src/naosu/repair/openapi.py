"""An OpenAPI document, or a framework's list of routes → the operations that requests can be made for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from naosu.domain.evidence import WebRequest
from naosu.domain.observation import Described
from naosu.repair.made_up import Make, Maker

_METHODS = ("get", "head", "post", "put", "patch")
_PARAMETER = re.compile(r"\{(?P<name>[^\W\d]\w*)(?::(?P<kind>\w+))?\}")
_FLASK = re.compile(r"(?<!\?P)<(?:(?P<kind>[\w.]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_DJANGO_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?P<pattern>[^()]*(?:\([^()]*\)[^()]*)*)\)")
_INTEGERS = frozenset({"int", "integer", "float"})
_WORDLESS = re.compile(r"\\d|\[0-9\]")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path pattern.

    Attributes:
        template: With parameters as ``{name}``.
        parameters: As OpenAPI writes them: ``name``, ``in``, ``required``, ``schema``.
        body: Schema of its body. None: it takes none, or that is not known.
        content_type: Of that body.
        statuses: Those that it documents.
        document: In which schemas refer to one another.
    """

    method: str
    template: str
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Mapping[str, Any] | None = None
    content_type: str = ""
    statuses: frozenset[int] = frozenset()
    document: Mapping[str, Any] = {}

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of its requests, each parameter as a group of its name."""
        parts = re.split(r"(\{[^\W\d]\w*(?::\w+)?\})", self.template)
        shape = "".join(_group(part) if _PARAMETER.fullmatch(part) else re.escape(part) for part in parts)
        return re.compile(f"{shape}(?:\\?.*)?$")

    def request(self, make: Make = Make.LEAST, *, known: Mapping[str, str] | None = None, path: str = "") -> WebRequest:
        """Return a request for it, made up.

        Args:
            make: Of what kind its values are; path parameters are always valid.
            known: Values of path parameters that were seen in a log.
            path: A recorded path, with its query, to use as it is.
        """
        body, headers = self._encoded(make) if self.body is not None else (None, ())
        return WebRequest(
            method=self.method, path=path or self.path(known or {}), headers=headers, body=body, is_made_up=True
        )

    def path(self, known: Mapping[str, str], *, texts: str = "") -> str:
        """Return a path with its parameters filled in, and the required ones of its query; `texts` for free texts."""
        maker = Maker(self.document)
        values = {
            one["name"]: _plain(texts if texts and _is_text(maker, one) else maker.value(_schema(one), one["name"]))
            for one in self.parameters
            if one.get("in") == "path" or one.get("required") or (texts and _is_text(maker, one))
        }
        path = _PARAMETER.sub(
            lambda found: quote(known.get(found["name"]) or values.get(found["name"]) or "1", safe=""), self.template
        )
        query = {
            one["name"]: values[one["name"]]
            for one in self.parameters
            if one.get("in") == "query" and one["name"] in values
        }
        return path + (f"?{urlencode(query)}" if query else "")

    @property
    def takes_text(self) -> bool:
        """Some parameter of its path or query is free text."""
        maker = Maker(self.document)
        return any(one.get("in") in ("query", "path") and _is_text(maker, one) for one in self.parameters)

    def first_fields(self) -> tuple[str, ...]:
        """Return the names of its body's fields."""
        return tuple(Maker(self.document).resolved(self.body).get("properties") or ())

    def partial(self, field: str) -> WebRequest:
        """Return a request whose body has this field only."""
        maker = Maker(self.document)
        schema = maker.resolved(self.body)["properties"][field]
        return WebRequest(
            method=self.method,
            path=self.path({}),
            headers=(("content-type", "application/json"),),
            body=msgspec.json.encode({field: maker.value(schema, field, 1)}),
            is_made_up=True,
        )

    def _encoded(self, make: Make) -> tuple[bytes, tuple[tuple[str, str], ...]]:
        value = Maker(self.document, make).value(self.body)
        headers = (("content-type", self.content_type),)
        if self.content_type == "application/x-www-form-urlencoded":
            fields = value if isinstance(value, dict) else {}
            return urlencode({name: _plain(one) for name, one in fields.items()}).encode(), headers
        return msgspec.json.encode(value), headers


def operations(described: Described) -> tuple[Operation, ...]:
    """Return what an application answers, by its OpenAPI document, else by its routes."""
    document = _document(described.openapi)
    if document:
        return tuple(_of_document(document))
    return tuple(_of_route(method, path) for method, path in described.routes)


def _document(text: bytes) -> Mapping[str, Any]:
    try:
        document = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) and isinstance(document.get("paths"), dict) else {}


def _of_document(document: Mapping[str, Any]) -> Iterator[Operation]:
    maker = Maker(document)
    for template, item in document["paths"].items():
        if not isinstance(item, Mapping):
            continue
        for method in _METHODS:
            operation = item.get(method)
            if not isinstance(operation, Mapping):
                continue
            given = [*(item.get("parameters") or ()), *(operation.get("parameters") or ())]
            content = maker.resolved(operation.get("requestBody") or {}).get("content") or {}
            content_type = _preferred(content)
            yield Operation(
                method=method.upper(),
                template=template,
                parameters=tuple(one for one in map(maker.resolved, given) if isinstance(one.get("name"), str)),
                body=content[content_type].get("schema") or {} if content_type else None,
                content_type=content_type,
                statuses=frozenset(int(status) for status in operation.get("responses") or () if str(status).isdigit()),
                document=document,
            )


def _preferred(content: Mapping[str, Any]) -> str:
    """Return the content type that a body can be made for; files cannot."""
    kinds = [kind for kind in content if isinstance(content[kind], Mapping)]
    json = [kind for kind in kinds if "json" in kind]
    forms = [kind for kind in kinds if kind == "application/x-www-form-urlencoded"]
    return next(iter([*json, *forms]), "")


def _of_route(method: str, path: str) -> Operation:
    """Read a route as Starlette, Flask or Django writes it."""
    kinds: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        groups = found.groupdict()
        kind = groups.get("kind") or ("int" if _WORDLESS.search(groups.get("pattern") or "") else "str")
        kinds[found["name"]] = kind
        return f"{{{found['name']}}}"

    plain = path
    for pattern in (_PARAMETER, _FLASK, _DJANGO_GROUP):
        plain = pattern.sub(named, plain)
    plain = re.sub(r"(?<!\\)[\^$]|\\[AZ]", "", plain).removesuffix("?")
    plain = re.sub(r"\\([./_-])", r"\1", plain)
    return Operation(
        method=method.upper() if method.isalpha() else "GET",
        template="/" + plain.lstrip("/"),
        parameters=tuple(
            {"name": name, "in": "path", "required": True, "schema": _route_schema(kind)}
            for name, kind in kinds.items()
        ),
    )


def _route_schema(kind: str) -> Mapping[str, Any]:
    if kind in _INTEGERS:
        return {"type": "integer"}
    return {"type": "string", "format": "uuid" if kind == "uuid" else ""}


def _schema(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = dict(parameter.get("schema") or {})
    if "example" in parameter:
        schema["example"] = parameter["example"]
    elif isinstance(examples := parameter.get("examples"), Mapping) and examples:
        first = next(iter(examples.values()))
        if isinstance(first, Mapping) and "value" in first:
            schema["example"] = first["value"]
    return schema


def _is_text(maker: Maker, parameter: Mapping[str, Any]) -> bool:
    schema = maker.resolved(_schema(parameter))
    plain = not {"enum", "const", "format", "pattern"}.intersection(key for key in schema if schema[key])
    return schema.get("type") == "string" and plain


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode() if value is not None else ""


def _group(parameter: str) -> str:
    found = _PARAMETER.match(parameter)
    assert found is not None  # noqa: S101 -- the same expression split the template
    return f"(?P<{found['name']}>{'.+' if found['kind'] == 'path' else '[^/?]+'})"
