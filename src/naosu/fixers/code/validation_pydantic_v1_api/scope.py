"""One file on its way from Pydantic 1 to 2: what its names mean, its models, and the changes so far."""

import libcst as cst

from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import nodes_of, qualified_name
from naosu.fixers.edits import Edits
from naosu.fixers.pydantic_models import PydanticModel
from naosu.ports.fixer import SourceTree

V1 = ("pydantic.v1", "pydantic")


class Scope:
    """One file.

    Attributes:
        names: What its imported names stand for; ``pydantic.v1`` counts as ``pydantic``.
        facts: What was found in it, a line each, for a person.
    """

    def __init__(self, source: SourceTree, path: str, module: cst.Module, models: tuple[PydanticModel, ...]) -> None:
        self.source = source
        self.path = path
        self.module = module
        self.models = models
        self.names = {local: _as_v2(full) for local, full in names_in(source, path).items()}
        self.edits = Edits(path, module)
        self.facts: list[str] = []

    def full(self, node: cst.CSTNode | None) -> str:
        """Return the full name behind a name in this file."""
        return _as_v2(qualified_name(node, self.names))

    def calls(self, *full_names: str) -> list[cst.Call]:
        """Return the calls of any of these functions."""
        return [call for call in nodes_of(self.module, cst.Call) if self.full(call.func) in full_names]

    def local(self, full: str) -> str:
        """Return the name that this file has for something, or the last part of the full one."""
        return next((local for local, known in self.names.items() if known == full), full.rpartition(".")[2])

    def note(self, fact: str) -> None:
        """Keep a fact for the diagnosis."""
        self.facts.append(f"{self.path}: {fact}")


def _as_v2(full: str) -> str:
    old, new = V1
    return new + full[len(old) :] if full == old or full.startswith(old + ".") else full
