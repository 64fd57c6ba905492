"""Plans that load what is needed before it is asked for in vain: shared by the fixers of unloaded relations."""

from collections.abc import Sequence

from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk
from naosu.fixers.loading import Producer, Step, eager_edits, lazy_edits, paths_to, producers, within
from naosu.fixers.mapped import ModelOf
from naosu.fixers.reach import FunctionOf
from naosu.fixers.refreshing import keep_edits, refresh_edits
from naosu.ports.fixer import SourceTree, Workplace

UNDO = "The edited files get their text from before back."


def loading_plans(
    work: Workplace, models: Sequence[ModelOf], steps: Sequence[Step], reached: Sequence[FunctionOf], proof: Proof
) -> list[Plan]:
    """Plan to load relations along with the rows that own them, at the statements that a request runs through."""
    names = ", ".join(dict.fromkeys(f"{step.model.name}.{step.relation.attribute}" for step in steps))
    found = list(producers(work.source, models))
    near = _relevant(within(found, reached), steps, models)
    plans = []
    for chosen in (near, _relevant(found, steps, models)):
        edits = _edits(work.source, models, steps, chosen, reached)
        if edits:
            places = ", ".join(edit.path for edit in edits)
            plans.append(
                _plan(
                    f"Load {names} together with the rows that own it",
                    f"The statements in {places} produce the rows; {names} was to be loaded later, one row at a time "
                    "or without a session.",
                    edits,
                    proof,
                )
            )
    if lazy := lazy_edits(steps):
        summary = f"Always load {names} with its owner"
        plans.append(_plan(summary, "Every statement for the owner loads it, by one more SELECT.", lazy, proof))
    return list({plan.diff(): plan for plan in plans}.values())


def _relevant(found: Sequence[Producer], steps: Sequence[Step], models: Sequence[ModelOf]) -> list[Producer]:
    """Keep the producers of the owners themselves; where there are none, those from which the owners are reached."""
    owners = {step.model.name for step in steps} | {
        model.name for model in models for step in steps if step.model.name in model.bases
    }
    direct = [one for one in found if one.model.name in owners]
    if direct:
        return direct
    starts = [one.model for one in found]
    ways = [paths_to(step, models, starts) for step in steps]
    return [one for one in found if any(one.model.name in way for way in ways)]


def _edits(
    source: SourceTree,
    models: Sequence[ModelOf],
    steps: Sequence[Step],
    chosen: Sequence[Producer],
    reached: Sequence[FunctionOf],
) -> list[FileEdit]:
    ways: dict[str, list[Sequence[Step]]] = {}
    for step in steps:
        for name, way in paths_to(step, models, [one.model for one in chosen]).items():
            ways.setdefault(name, []).append(way)
    ways = {name: [way for way in own if not _is_part(way, own)] for name, own in ways.items()}
    fresh = [
        edit
        for step in steps[:1]
        for edit in refresh_edits(
            reached, step.model, [one.relation.attribute for one in steps if one.model is step.model]
        )
    ]
    usable = [one for one in chosen if one.model.name in ways]
    eager = eager_edits(source, usable, ways) if usable else []
    touched = {edit.path for edit in eager}
    return fresh if any(edit.path in touched for edit in fresh) else [*eager, *fresh]


def _is_part(way: Sequence[Step], ways: Sequence[Sequence[Step]]) -> bool:
    """Tell whether another way begins with all of this one."""
    length = len(way)
    return any(
        len(other) > length and all(a.relation is b.relation for a, b in zip(way, other[:length], strict=True))
        for other in ways
    )


def refreshing_plans(work: Workplace, model: ModelOf | None, reached: Sequence[FunctionOf], proof: Proof) -> list[Plan]:
    """Plan to use objects after their commit."""
    plans = []
    fresh = refresh_edits(reached, model, ()) if model else []
    if fresh and model:
        text = "A commit expires what it wrote, and nothing could load it again where it is used."
        plans.append(_plan(f"Load the new {model.name} again once it is committed", text, fresh, proof))
    if kept := keep_edits(work.source, reached):
        text = "What was committed keeps the values that it has, so it can be used without its session."
        plans.append(_plan("Do not expire objects when they are committed", text, kept, proof, Risk.MEDIUM))
    return plans


def _plan(summary: str, text: str, edits: Sequence[FileEdit], proof: Proof, risk: Risk = Risk.LOW) -> Plan:
    return Plan(
        kind=PlanKind.CODE, summary=summary, explanation=text, risk=risk, proof=proof, undo=UNDO, edits=tuple(edits)
    )
