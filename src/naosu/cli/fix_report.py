"""How a run of `naosu fix` is told: to a person, and as JSON to a script."""

from typing import Any

import click
import msgspec

from naosu.cli.show import clean
from naosu.domain.repair import Finding, Plan, PlanKind, Tried, Verdict

SIGNS = {True: "ok", False: "XX", None: "??"}
VERDICTS = {
    Verdict.FIXED: "fixed",
    Verdict.NOT_FIXED: "not fixed",
    Verdict.WORSE: "worse",
    Verdict.CANNOT_TELL: "cannot tell",
}


def to_json(report: Any) -> dict[str, Any]:
    """Return the report in its stable form."""
    return {
        "diagnoses": [msgspec.to_builtins(diagnosis) for diagnosis in report.diagnoses],
        "attempts": [_attempt(tried) for tried in report.tried],
        "advice": [msgspec.to_builtins(diagnosis) for diagnosis in report.advice],
        "notes": list(report.notes),
    }


def _attempt(tried: Tried) -> dict[str, Any]:
    return {
        "fixer": tried.fixer,
        "plan": _plan(tried.plan),
        "verdict": tried.verdict.value,
        "checks": msgspec.to_builtins(tried.checks),
        "rolled_back": tried.rolled_back,
        "left": list(tried.left),
        "where": tried.where,
        "seconds": round(tried.seconds, 2),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": plan.kind.value,
        "summary": plan.summary,
        "explanation": plan.explanation,
        "risk": plan.risk.value,
        "undo": plan.undo,
        "verify": plan.proof.text,
        "key": plan.key,
    }
    if plan.kind is PlanKind.ACTION:
        return told | {"action": plan.action, "arguments": plan.arguments}
    if plan.edits:
        told["setting" if plan.kind is PlanKind.SETTING else "diff"] = plan.diff()
    if plan.sql:
        told["sql"] = [statement for change in plan.sql for statement in change.statements]
    return told


def print_report(report: Any) -> None:
    """Tell a person."""
    if not report.findings:
        click.echo("Nothing was recognised: no fixer knows this fault, or there is none.")
    for finding, outcome in zip(report.findings, report.outcomes, strict=True):
        _print_finding(finding)
        for tried in report.tried:
            if tried.plan in finding.plans:
                _print_tried(tried)
        click.echo(f"\nVerdict: {VERDICTS[outcome]}\n")
    for note in report.notes:
        click.echo(f"Note: {clean(note)}")
    for advice in report.advice:
        click.echo(f"Advice, nothing was done: {clean(advice.cause)} ({advice.fixer})")


def _print_finding(finding: Finding) -> None:
    diagnosis = finding.diagnosis
    sure, risk = f"{diagnosis.confidence:.0%} sure", f"risk {diagnosis.risk.value}"
    click.echo(" · ".join((diagnosis.category.value, diagnosis.fixer, sure, risk)))
    click.echo(f"  {clean(diagnosis.cause)}")
    for line in diagnosis.evidence:
        click.echo(f"  - {clean(line)}")
    if diagnosis.options:
        click.echo("  A person can:")
        for option in diagnosis.options:
            click.echo(f"  - {clean(option)}")


def _print_tried(tried: Tried) -> None:
    plan = tried.plan
    place = "in a scratch copy" if tried.where == "scratch" else "for real"
    click.echo(f"\nPlan, tried {place}: {clean(plan.summary)} (risk {plan.risk.value})")
    if tried.where == "scratch":
        for line in plan.diff().splitlines():
            click.echo(f"    {clean(line)}")
        for change in plan.sql:
            for statement in change.statements:
                click.echo(f"    {clean(statement)}")
        click.echo(f"  Verified by: {clean(plan.proof.text)}")
        click.echo(f"  Undone by: {clean(plan.undo)}")
    for check in tried.checks:
        click.echo(f"  {SIGNS[check.ok]}  {check.name:<17} {clean(check.detail)}")
    if tried.rolled_back:
        click.echo("  It was rolled back." + (f" Not as before: {clean('; '.join(tried.left))}" if tried.left else ""))
