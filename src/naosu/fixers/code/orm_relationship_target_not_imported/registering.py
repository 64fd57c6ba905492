"""Importing a model's module where the others are imported, so that its class is registered."""

from collections.abc import Sequence

import libcst as cst

from naosu.domain.repair import Plan, PlanKind, Proof, Risk
from naosu.fixers.cycles import import_edges
from naosu.fixers.editing import dotted_name, file_edit, nodes_of
from naosu.fixers.mapped import ModelOf
from naosu.ports.fixer import SourceTree


def registering_plans(source: SourceTree, model: ModelOf, models: Sequence[ModelOf], proof: Proof) -> list[Plan]:
    """Plan to import a model: in the package that it is in, and else beside the imports of other models."""
    places: list[tuple[str, str]] = []
    package = f"{model.path.rpartition('/')[0]}/__init__.py"
    stem = model.path.rpartition("/")[2].removesuffix(".py")
    if source.module(package) is not None and stem != "__init__":
        others = {one.path for one in models if one.path.rpartition("/")[0] == model.path.rpartition("/")[0]}
        if len(others) > 1 or source.text(package):
            places.append((package, f".{stem}"))
    dotted = source.dotted(model.path)
    places += [(path, dotted) for path in _importers(source, model, models) if path != package]
    return [plan for path, dotted in places if (plan := _plan(source, model, path, dotted, proof))]


def _importers(source: SourceTree, model: ModelOf, models: Sequence[ModelOf]) -> list[str]:
    """Return the modules that import other models and define none, those of the whole application first."""
    paths = {one.path for one in models}
    found = [
        edge.path for edge in import_edges(source) if edge.target in paths - {model.path} and edge.path not in paths
    ]
    return sorted(dict.fromkeys(found), key=lambda path: (path.count("/"), path))


def _plan(source: SourceTree, model: ModelOf, path: str, dotted: str, proof: Proof) -> Plan | None:
    module = source.module(path)
    if module is None:
        return None
    lines = [line for line in module.body if _imports(line)]
    relative = any(node.relative for line in lines for node in nodes_of(line, cst.ImportFrom))
    if path.endswith("__init__.py") and lines and not relative:
        dotted = source.dotted(model.path)
    exported = _exports(module)
    late = path.endswith("__init__.py") and any(not _imports(line) for line in module.body[1:])
    codes = [*(["E402"] if late and lines else []), *([] if exported else ["F401"])]
    note = f"  # noqa: {', '.join(codes)}" if codes else ""
    new = cst.parse_module(f"from {dotted} import {model.name}{note}\n").body[0]
    body = list(module.body)
    own = [line for line in lines if model.path.rpartition("/")[0] == "" or _is_near(line, dotted)]
    at = body.index((own or lines)[-1]) + 1 if lines else int(module.get_docstring() is not None)
    if late:  # what the module imports may need what this one defines
        at, own = len(body), []
    gap = [cst.EmptyLine(indent=False)] if at and not own else []
    body.insert(at, new.with_changes(leading_lines=gap))
    after = module.with_changes(body=body)
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Import {model.name} in {path}",
        explanation=f"{model.name} is known to the others by name only, which needs {model.path} to be imported.",
        risk=Risk.LOW,
        proof=proof,
        undo="The edited file gets its text from before back.",
        edits=(file_edit(path, module, after),),
    )


def _imports(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom)


def _is_near(line: cst.CSTNode, dotted: str) -> bool:
    head = dotted.rpartition(".")[0]
    return any(dotted_name(node.module).rpartition(".")[0] == head for node in nodes_of(line, cst.ImportFrom))


def _exports(module: cst.Module) -> bool:
    """Tell whether a module says by ``__all__`` what it is for others to use."""
    return any(dotted_name(node.target) == "__all__" for node in nodes_of(module, cst.AssignTarget))
