"""Each shipped rule decides at least one fault: a rule that another always beats is dead, and a typo in it unseen."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from naosu_sdk.classify import ExceptionFact, Fault, Matcher
from naosu_sdk.classify.compiled import many
from naosu_sdk.classify.pack import Condition, Pack, Rule

MESSAGES = tomllib.loads((Path(__file__).parents[2] / "corpus" / "classify" / "messages.toml").read_text())


def first(names: object) -> str:
    return next(iter(many(names)), "")


def message_for(condition: Condition, rule_id: str) -> str:
    """A text is the rule's own literals; for a pattern it is hand-written, as libraries write it."""
    test = condition.message
    if test.regex:
        return MESSAGES[rule_id]
    return " ".join(first(names) for names in (test.contains, test.icontains) if names)


def fault_for(condition: Condition, name: str, rule_id: str, pack: Pack) -> Fault:
    """Make the plainest fault of which a condition holds, from what the condition says."""
    module, _, bare = name.replace("*", "X").rpartition(".")
    errno = condition.errno[0] if isinstance(condition.errno, list) and condition.errno else condition.errno
    exception = ExceptionFact(
        type=bare,
        module=first(condition.module) or module,
        message=message_for(condition, rule_id),
        errno=errno if isinstance(errno, int) else None,
        errno_name=errno if isinstance(errno, str) else "",
        crash_module=first(condition.crash_module),
        crash_line=first(condition.crash_line),
        **{field: first(getattr(condition, field)) for field in ("sqlstate", "code", "grpc")},
    )
    chain = (exception,) if exception != ExceptionFact(type="") else ()
    if condition.cause:
        cause_module, _, cause = first(condition.cause).rpartition(".")
        chain = (*chain, ExceptionFact(type=cause, module=cause_module))
    return Fault(
        exceptions=chain,
        status=int(first(condition.status).replace("xx", "98") or 0),
        level=first(condition.level) or "error",
        logger=first(condition.logger),
        platform=first(condition.platform) or first(pack.header.platform) or "python",
        context={
            key: value.get("gt", 0) + 1 if isinstance(value, dict) else value
            for key, value in condition.context.items()
        },
    )


def faults_for(rule: Rule, pack: Pack) -> Iterator[Fault]:
    for condition in rule.conditions:
        for name in many(condition.exc) or [""]:
            yield fault_for(condition, name, f"{pack.header.id}/{rule.id}", pack)


PACKS = Matcher.load().packs


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.header.id)
def test_each_rule_of_a_pack_decides_some_fault(pack: Pack, shipped: Matcher) -> None:
    dead = []
    for rule in pack.rules:
        winners = {shipped.classify(fault).rule_id for fault in faults_for(rule, pack)}
        if f"{pack.header.id}/{rule.id}" not in winners:
            dead.append((rule.id, winners))
    assert not dead


def test_no_hand_written_message_is_left_over(shipped: Matcher) -> None:
    patterned = {
        f"{pack.header.id}/{rule.id}"
        for pack in shipped.packs
        for rule in pack.rules
        if any(condition.message.regex for condition in rule.conditions)
    }
    assert MESSAGES.keys() == patterned
