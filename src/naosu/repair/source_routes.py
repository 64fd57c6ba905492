"""Routes as an application's source declares them, for one that cannot be imported."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from naosu.ports.fixer import SourceTree

_METHODS = frozenset({"get", "post", "put", "patch", "head"})
_PREFIXES = frozenset({"prefix", "url_prefix"})
_ROUTES_MAX = 200


def routes_in_source(source: SourceTree) -> tuple[tuple[str, str], ...]:
    """Return method and path pattern of the routes that decorators and Django's `path` declare, with plain prefixes.

    A route may be given more than once, with and without the prefixes under which its router could be mounted: a
    request too many is answered with 404, before and after a repair.
    """
    found: dict[tuple[str, str], None] = {}
    mounted: dict[str, set[str]] = {}
    declared: list[tuple[str, str, str, str]] = []
    for path, module in source.modules("route", "Router", "include", "Flask", "FastAPI", "urlpatterns"):
        reader = _Reader()
        module.visit(reader)
        name = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        for target, prefix in reader.mounts:
            mounted.setdefault(target, set()).add(prefix)
        declared += [
            (name, holder, method, reader.prefixes.get(holder, "") + route) for holder, method, route in reader.routes
        ]
    for name, holder, method, route in declared:
        for prefix in sorted({"", *mounted.get(name, ()), *mounted.get(holder, ())}):
            found[method, f"/{(prefix + route).lstrip('/')}"] = None
    return tuple(found)[:_ROUTES_MAX]


class _Reader(cst.CSTVisitor):
    """Collects one module's routes as (router, method, path), its routers' prefixes, and where it mounts others."""

    def __init__(self) -> None:
        super().__init__()
        self.routes: list[tuple[str, str, str]] = []
        self.prefixes: dict[str, str] = {}
        self.mounts: list[tuple[str, str]] = []

    def visit_Decorator(self, node: cst.Decorator) -> None:  # noqa: N802 -- libcst's name
        call = node.decorator
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return
        holder, verb, route = _last_name(call.func.value), call.func.attr.value, _first_text(call)
        if route is None:
            return
        if verb in _METHODS:
            self.routes.append((holder, verb.upper(), route))
        elif verb == "route":
            self.routes += [(holder, method, route) for method in _methods(call)]

    def visit_Assign(self, node: cst.Assign) -> None:  # noqa: N802 -- libcst's name
        if not isinstance(node.value, cst.Call):
            return
        for argument in node.value.args:
            text = _text(argument.value)
            if argument.keyword and argument.keyword.value in _PREFIXES and text is not None:
                for target in node.targets:
                    self.prefixes[_last_name(target.target)] = text

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 -- libcst's name
        called = _last_name(node.func)
        if called in ("include_router", "register_blueprint") and node.args:
            self.mounts += [(name, prefix) for prefix in _prefix(node) for name in _names(node.args[0].value)]
        elif called in ("path", "re_path") and (route := _first_text(node)) is not None and len(node.args) > 1:
            self._django(route, node.args[1].value)

    def _django(self, route: str, view: cst.BaseExpression) -> None:
        if m.matches(view, m.Call(func=m.Name("include"))):
            assert isinstance(view, cst.Call)  # noqa: S101 -- just matched
            included = _first_text(view)
            if included:
                self.mounts += [(part, route) for part in included.split(".")[-2:]]
        else:
            self.routes.append(("urlpatterns", "GET", route))


def _names(value: cst.BaseExpression) -> Iterator[str]:
    """Yield the parts of a dotted name: a router may be known by its own, or by its module's."""
    if isinstance(value, cst.Attribute):
        yield from _names(value.value)
        yield value.attr.value
    elif isinstance(value, cst.Name):
        yield value.value


def _last_name(value: cst.CSTNode) -> str:
    if isinstance(value, cst.Attribute):
        return value.attr.value
    return value.value if isinstance(value, cst.Name) else ""


def _prefix(call: cst.Call) -> Iterator[str]:
    for argument in call.args:
        text = _text(argument.value)
        if argument.keyword and argument.keyword.value in _PREFIXES and text:
            yield text


def _methods(call: cst.Call) -> list[str]:
    for argument in call.args:
        if (
            argument.keyword
            and argument.keyword.value == "methods"
            and isinstance(argument.value, cst.List | cst.Tuple)
        ):
            return [text.upper() for element in argument.value.elements if (text := _text(element.value))]
    return ["GET"]


def _first_text(call: cst.Call) -> str | None:
    named = {argument.keyword.value: argument.value for argument in call.args if argument.keyword}
    first = next((argument.value for argument in call.args if not argument.keyword and not argument.star), None)
    return _text(first or named.get("path") or named.get("rule"))


def _text(value: cst.CSTNode | None) -> str | None:
    if isinstance(value, cst.SimpleString):
        evaluated = value.evaluated_value
        return evaluated if isinstance(evaluated, str) else None
    return None
