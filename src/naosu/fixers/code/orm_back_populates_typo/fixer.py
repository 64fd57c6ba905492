"""Relationships whose two sides do not name each other: a misspelt or outdated ``back_populates`` or ``backref``."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.crashes import Seen, crashes_of, seen, told
from naosu.fixers.editing import argument, file_edit, nodes_of, replace_nodes, with_argument, without_argument
from naosu.fixers.mapped import ModelOf, RelationOf, read_models
from naosu.ports.fixer import SourceTree, Workplace

MISSING = re.compile(r"Mapper '?(?:Mapper\[|mapped class )(?P<owner>\w+)[^']*' has no property '(?P<property>\w+)'")
FOREIGN = re.compile(
    r"reverse_property '(?P<property>\w+)' on relationship (?P<class>\w+)\.(?P<attribute>\w+) references relationship"
)
TAKEN = re.compile(
    r"Error creating backref '(?P<property>\w+)' on relationship '(?P<class>\w+)\.(?P<attribute>\w+)': "
    r"property of that name exists"
)
UNDO = "The edited files get their text from before back."


class Side(msgspec.Struct, frozen=True):
    """One side of a relationship: its class and the property there."""

    model: ModelOf
    relation: RelationOf

    @property
    def name(self) -> str:
        """As SQLAlchemy writes it: ``Comment.thread``."""
        return f"{self.model.name}.{self.relation.attribute}"


class BackPopulatesTypo:
    """Makes both sides of a relationship name each other."""

    name = "orm_back_populates_typo"
    category = Category.ORM

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield relationships that name a property which the other class does not have for them."""
        for found in _by_text([*seen(work.evidence, MISSING), *seen(work.evidence, FOREIGN)]):
            models = read_models(work.source)
            for side in _naming(models, found[0].match.groupdict()):
                yield self._finding(work.source, models, side, found)
        for found in _by_text(seen(work.evidence, TAKEN)):
            models = read_models(work.source)
            for side in _naming(models, found[0].match.groupdict()):
                yield self._both_named(models, side, found)

    def _finding(self, source: SourceTree, models: Sequence[ModelOf], side: Side, found: Sequence[Seen]) -> Finding:
        wrong = side.relation.back_populates
        others = _partners(models, side)
        plans: list[Plan] = []
        if len(others) == 1:
            plans.append(_rename_plan(side, others[0]))
            if _is_used(source, wrong) and not _is_used(source, others[0].relation.attribute):
                plans.insert(0, _rename_property_plan(side, others[0]))
        target = next((model for model in models if model.name == side.relation.target), None)
        if not others and target is not None:
            plans.extend([_add_plan(side, target), _drop_plan(side)])
        facts = [f"{side.name} (in {side.model.path}) says back_populates={wrong!r}"]
        facts += [f"{other.name} leads to {side.model.name}" for other in others]
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if len(others) == 1 else 0.7,
                evidence=told(found, *facts),
                cause=f"{side.name} is the other side of a {wrong!r}, which {side.relation.target} does not have.",
                risk=Risk.LOW,
                options=() if plans else tuple(f"Let {side.name} name {other.name}." for other in others),
            ),
            plans=tuple(plans),
            crashes=crashes_of(found),
        )

    def _both_named(self, models: Sequence[ModelOf], side: Side, found: Sequence[Seen]) -> Finding:
        other = next((one for one in _sides(models) if _is_other(one, side, side.relation.backref)), None)
        return Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=told(found, f"{side.name} makes the property with backref={side.relation.backref!r}"),
                cause=f"{side.name} makes by backref a property which {side.relation.target} declares itself.",
                risk=Risk.LOW,
            ),
            plans=(_pair_plan(side, other),) if other else (),
            crashes=crashes_of(found),
        )


def _by_text(found: Iterable[Seen]) -> list[list[Seen]]:
    """Group what was recognised by what it says, so that a fault that came often is found once."""
    groups: dict[tuple[str, ...], list[Seen]] = {}
    for one in found:
        groups.setdefault(tuple(sorted(one.match.groupdict().values())), []).append(one)
    return list(groups.values())


def _sides(models: Sequence[ModelOf]) -> list[Side]:
    return [Side(model, relation) for model in models for relation in model.relations.values()]


def _naming(models: Sequence[ModelOf], said: dict[str, str]) -> list[Side]:
    """Return the relationships that name the missing property."""
    named = [
        side
        for side in _sides(models)
        if said["property"] in {side.relation.back_populates, side.relation.backref}
        and ("owner" not in said or side.relation.target == said["owner"])
        and ("class" not in said or side.model.name == said["class"])
        and ("attribute" not in said or side.relation.attribute == said["attribute"])
    ]
    if "class" in said or not any(_family(models, said["owner"])):
        return named
    owned = {name for model in _family(models, said["owner"]) for name in model.relations}
    return [] if said["property"] in owned else named


def _family(models: Sequence[ModelOf], name: str) -> list[ModelOf]:
    """Return the class of this name, and the mapped classes from which it inherits."""
    own = [model for model in models if model.name == name]
    return own + [model for model in models if any(model.name in child.bases for child in own)]


def _partners(models: Sequence[ModelOf], side: Side) -> list[Side]:
    """Return the properties that may be the other side: those that name this one, else those still free."""
    family = _family(models, side.relation.target)
    own = {side.model.name, *side.model.bases}
    towards = [
        Side(model, relation)
        for model in family
        for relation in model.relations.values()
        if relation.target in own and relation is not side.relation
    ]
    naming = [other for other in towards if other.relation.back_populates == side.relation.attribute]
    taken = {one.relation.back_populates for one in _sides(models) if one.relation is not side.relation}
    free = [other for other in towards if not other.relation.backref and other.relation.attribute not in taken]
    return naming or free


def _is_other(one: Side, side: Side, attribute: str) -> bool:
    return one.model.name == side.relation.target and one.relation.attribute == attribute


def _is_used(source: SourceTree, attribute: str) -> bool:
    """Tell whether any code asks something for this attribute."""
    return any(
        node.attr.value == attribute
        for _, module in source.modules(f".{attribute}")
        for node in nodes_of(module, cst.Attribute)
    )


def _like(call: cst.Call, keyword: str, text: str) -> cst.SimpleString:
    """Return a string literal with the quotes that the call's own strings have."""
    arg = argument(call, keyword)
    quote = arg.value.quote if arg and isinstance(arg.value, cst.SimpleString) else '"'
    return cst.SimpleString(f"{quote}{text}{quote}")


def _edits(*changes: tuple[ModelOf, cst.CSTNode, cst.CSTNode]) -> tuple[FileEdit, ...]:
    """Return one edit for each file that these replacements of nodes touch."""
    modules = {model.path: model.module for model, _, _ in changes}
    return tuple(
        file_edit(path, module, replace_nodes(module, {old: new for model, old, new in changes if model.path == path}))
        for path, module in modules.items()
    )


def _naming_each_other(side: Side, other: Side) -> list[tuple[ModelOf, cst.CSTNode, cst.CSTNode]]:
    call = side.relation.call
    value = _like(call, "back_populates", other.relation.attribute)
    changes: list[tuple[ModelOf, cst.CSTNode, cst.CSTNode]] = [
        (side.model, call, with_argument(call, "back_populates", value))
    ]
    if other.relation.back_populates != side.relation.attribute:
        back = other.relation.call
        name = _like(back, "back_populates", side.relation.attribute)
        changes.append((other.model, back, with_argument(back, "back_populates", name)))
    return changes


def _plan(summary: str, explanation: str, edits: tuple[FileEdit, ...], wrong: str, risk: Risk = Risk.LOW) -> Plan:
    return Plan(
        kind=PlanKind.CODE,
        summary=summary,
        explanation=explanation,
        risk=risk,
        proof=Proof(
            text="The mappers are configured, and the request that failed is answered.",
            gone=(rf"has no property '{wrong}'", rf"reverse_property '{wrong}'", "mappers failed to initialize"),
        ),
        undo=UNDO,
        edits=edits,
    )


def _rename_plan(side: Side, other: Side) -> Plan:
    wrong = side.relation.back_populates
    return _plan(
        f"Let {side.name} name {other.name} as its other side",
        f"{side.relation.target} has no property {wrong!r}; {other.name} is what leads back to {side.model.name}.",
        _edits(*_naming_each_other(side, other)),
        wrong,
    )


def _rename_property_plan(side: Side, other: Side) -> Plan:
    wrong, statement = side.relation.back_populates, other.relation.statement
    old = (
        statement.target if isinstance(statement, cst.AnnAssign) else cst.ensure_type(statement, cst.Assign).targets[0]
    )
    new = cst.Name(wrong) if isinstance(old, cst.Name) else old.with_changes(target=cst.Name(wrong))
    return _plan(
        f"Call {other.name} what its other side and its users call it: {wrong}",
        f"{side.name} and the code name {other.model.name}.{wrong}; nothing uses {other.name}.",
        _edits((other.model, old, new)),
        wrong,
        Risk.MEDIUM,
    )


def _add_plan(side: Side, target: ModelOf) -> Plan:
    wrong, relation = side.relation.back_populates, side.relation
    function = cst.Module([]).code_for_node(relation.call.func)
    is_many = relation.is_many is not True
    mapped = relation.annotation is not None and function != "Relationship"
    shape = f'Mapped[list["{side.model.name}"]]' if is_many else f'Mapped["{side.model.name}"]'
    if mapped:
        code = f'{wrong}: {shape} = {function}(back_populates="{relation.attribute}")'
    elif relation.annotation is not None:
        code = f'{wrong}: {shape[7:-1]} = {function}(back_populates="{relation.attribute}")'
    else:
        code = f'{wrong} = {function}("{side.model.name}", back_populates="{relation.attribute}")'
    body = target.node.body
    new = body.with_changes(body=[*body.body, cst.parse_statement(code)])
    return _plan(
        f"Give {target.name} the property {wrong} that {side.name} names",
        f"{side.name} is declared as one side of {target.name}.{wrong}, which was never declared.",
        _edits((target, body, new)),
        wrong,
        Risk.MEDIUM,
    )


def _drop_plan(side: Side) -> Plan:
    call = side.relation.call
    arg = argument(call, "back_populates")
    new = without_argument(call, arg) if arg else call
    return _plan(
        f"Let {side.name} stand alone",
        f"{side.relation.target} has nothing that leads back to {side.model.name}.",
        _edits((side.model, call, new)),
        side.relation.back_populates,
        Risk.MEDIUM,
    )


def _pair_plan(side: Side, other: Side) -> Plan:
    call, wrong = side.relation.call, side.relation.backref
    backref = argument(call, "backref")
    value = cst.SimpleString(f'"{other.relation.attribute}"')
    renamed = [
        arg.with_changes(keyword=cst.Name("back_populates"), value=value) if arg is backref else arg
        for arg in call.args
    ]
    back = other.relation.call
    made = argument(back, "backref")
    back_new = without_argument(back, made) if made else back
    back_new = with_argument(back_new, "back_populates", cst.SimpleString(f'"{side.relation.attribute}"'))
    return _plan(
        f"Let {side.name} and {other.name} name each other",
        "Both sides are declared, so neither is made by backref: back_populates joins them.",
        _edits((side.model, call, call.with_changes(args=renamed)), (other.model, back, back_new)),
        wrong,
    )
