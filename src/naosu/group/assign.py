"""Crash + what the site has learnt → the issue's fingerprint, with its reasons."""

from collections.abc import Sequence

import msgspec

from naosu.domain.event import Event
from naosu.domain.fingerprint import Grouping, GroupingPart, GroupingRule, Site
from naosu.group import texts
from naosu.group.crash import ALGORITHM, Crash, digest
from naosu.group.masks import FREE, text_of
from naosu.group.mine import OVERFLOW, learn
from naosu.group.rules import fill, is_default, matching_rule
from naosu.group.titles import TITLE_CHARS_MAX, shortened


class _Own(msgspec.Struct, frozen=True, gc=False):
    """What the event is by itself, before anything set by hand."""

    key: tuple[str, ...]
    parts: tuple[GroupingPart, ...]
    absorbed: tuple[str, ...] = ()


def group(
    event: Event, crash: Crash, site: Site | None, *, rules: Sequence[GroupingRule] = (), default: Sequence[str] = ()
) -> tuple[Grouping, Site | None]:
    """The event's issue, and the site as it is after this event: the same object when nothing was learnt.

    Args:
        event: What happened.
        crash: What `locate` made of it.
        site: What is known under ``crash.site_key``; None: nothing yet.
        rules: The project's, in order; the first that matches wins over the client.
        default: The key for ``{{ default }}``, when a rule is tried on a stored event.
    """
    own, learnt = _own(crash, site)
    rule = matching_rule(event, crash, rules) if rules else None
    set_by_hand = rule.fingerprint if rule else event.fingerprint
    refined = bool(set_by_hand) and any(map(is_default, set_by_hand))
    if set_by_hand and not (refined and len(set_by_hand) == 1):
        key = fill(set_by_hand, event, crash, default or own.key)
        parts = _by_hand(set_by_hand, key, own.parts, by_rule=rule is not None, refined=refined)
        learnt = learnt if refined else site
        own = _Own(key, parts)
    grouping = Grouping(
        fingerprint=_fingerprint(own.key),
        title=shortened(rule.title) if rule and rule.title else crash.title or crash.culprit or "(no message)",
        culprit=crash.culprit,
        caller=crash.caller,
        parts=own.parts,
        absorbed=own.absorbed,
    )
    return grouping, learnt


def _fingerprint(key: Sequence[str]) -> str:
    return f"{ALGORITHM}:{digest(key)}"


def _own(crash: Crash, site: Site | None) -> tuple[_Own, Site | None]:
    if not crash.site_key:
        return _Own(crash.key, crash.parts), site
    template, learnt = learn(site, crash.site_key, crash.shape)
    parts = crash.parts
    if FREE in template.tokens:
        note = texts.SHAPE_TOO_MANY if template.template_id == OVERFLOW else texts.SHAPE_LEARNT
        told = texts.part(texts.MESSAGE_SHAPE, text_of(template.tokens), note)
        parts = tuple(told if part.name == texts.MESSAGE_SHAPE else part for part in parts)
    key = (*crash.key, "template")
    absorbed = tuple(_fingerprint((*key, name)) for name in template.absorbed)
    return _Own((*key, template.template_id), parts, absorbed), learnt


def _by_hand(
    given: Sequence[str], filled: Sequence[str], parts: tuple[GroupingPart, ...], *, by_rule: bool, refined: bool
) -> tuple[GroupingPart, ...]:
    name = texts.PROJECT_RULE if by_rule else texts.CLIENT_FINGERPRINT
    note = texts.RULE_DECIDES if by_rule else texts.CLIENT_REFINES if refined else texts.CLIENT_DECIDES
    if refined:
        return (texts.part(name, ", ".join(given)[:TITLE_CHARS_MAX], note), *parts)
    overruled = texts.part("", "", texts.OVERRULED).note
    return (
        texts.part(name, ", ".join(filled)[:TITLE_CHARS_MAX], note),
        *(
            msgspec.structs.replace(part, counted=False, note=overruled if part.counted else part.note)
            for part in parts
        ),
    )
