"""The key that equal problems share, and why."""

import msgspec


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One message shape seen at a crash site; it generalises as more messages come, its id stays.

    Attributes:
        template_id: Stable for ever within its site.
        tokens: The shape; ``<*>`` and ``<int>``-like tokens vary.
        count: Messages that took this shape.
        samples: For each varying slot, the distinct values seen, up to a bound.
        absorbed: Ids of templates that turned out to be this one, once it had generalised.
    """

    template_id: str
    tokens: tuple[str, ...]
    count: int = 0
    samples: tuple[tuple[str, ...], ...] = ()
    absorbed: tuple[str, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What grouping has learnt of one place where exceptions start: state in, state out.

    Attributes:
        site_key: Key of the crash site within its project (algorithm version included).
        revision: Grows with each change; guards against two digesters learning apart.
    """

    site_key: str
    templates: tuple[Template, ...] = ()
    revision: int = 0


class GroupingPart(msgspec.Struct, frozen=True):
    """One thing that went into a fingerprint, or was left out of it on purpose.

    Attributes:
        name: ``exception types``, ``crash site``, ``message shape``, ``client fingerprint`` …
        value: What it was.
        note: In a sentence, why it counts or does not. English, translated at the edge by `name`.
        counted: Whether it is part of the key.
    """

    name: str
    value: str
    note: str
    counted: bool = True


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """Which issue an event belongs to, and why.

    Attributes:
        fingerprint: ``v1:`` and 32 hex digits.
        previous: What older algorithm versions made of it, newest first: looked up when the first is unknown.
        title: One line for people: the outermost type and the first line of its own message, values included.
        culprit: The crash site in words, ``function in module``.
        caller: Path of in-app functions that led there: a facet, not part of the key.
        parts: The explanation.
        absorbed: Fingerprints that earlier events got before it was learnt that they are this problem: their issues
            may be merged into this one.
    """

    fingerprint: str
    previous: tuple[str, ...] = ()
    title: str
    culprit: str
    caller: str = ""
    parts: tuple[GroupingPart, ...] = ()
    absorbed: tuple[str, ...] = ()


class GroupingRule(msgspec.Struct, frozen=True, kw_only=True):
    """A project's own rule: events that match get this fingerprint.

    Attributes:
        match: ``(field, glob)`` pairs, all of which must hold. Fields: ``type``, ``message``, ``module``,
            ``function``, ``path``, ``level``, ``logger``, ``transaction``, ``release``, ``tags.<key>``.
        fingerprint: As in SDKs; ``{{ default }}``, ``{{ type }}``, ``{{ message }}``,
            ``{{ transaction }}`` … are filled in.
        title: Replaces the issue's title when not empty.
    """

    match: tuple[tuple[str, str], ...]
    fingerprint: tuple[str, ...]
    title: str = ""
