"""What a crash site learns from its messages: few shapes stay apart, many values become one."""

import hashlib
import re
from collections.abc import Sequence

import msgspec

from naosu.domain.fingerprint import Site, Template
from naosu.group.masks import FREE, is_value, is_word
from naosu.group.words import words

TEMPLATES_MAX = 48
ABSORBED_MAX = 32
SIBLINGS_MAX = 8
SIBLINGS_INSIDE_MAX = 4
SAMPLES_MAX = 8
SAMPLE_CHARS_MAX = 60
SLOT_WORDS_MAX = 4
SENTENCE_WORDS_MIN = 3
COMMON_WORDS_MIN = 2
OVERFLOW = "overflow"

# Words of a program's vocabulary, not data: codes, tables, classes.
_CODE = re.compile(
    r"'.*'|[A-Za-z]+(?:[_-][A-Za-z0-9]+)+|[A-Z][A-Z0-9]+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)+|[A-Za-z_]\w*(?:\.\w+)+|\w+\(|.*\\.*"
)
_SYSTEMS = words(
    """
    redis postgres postgresql mysql mariadb sqlite oracle mongo mongodb kafka rabbitmq nats elasticsearch
    opensearch memcached s3 stripe paypal adyen klarna github gitlab slack twilio sendgrid mailgun aws gcp azure
    google facebook apple celery consul vault docker kubernetes nginx
    """
)
_NAMING = words(
    """
    table column relation constraint index field setting option module service queue topic plugin feature flag
    method function class type provider permission role command handler operation currency language locale key
    attribute variable argument parameter header
    """
)


_IDENTITIES = frozenset({FREE, "<id>", "<hex>", "<uuid>", "<email>", "<str>", "<path>", "<blob>"})


def template_id(tokens: Sequence[str]) -> str:
    """Made from the first message's tokens, and kept when the template generalises."""
    return hashlib.blake2b("\x1f".join(tokens).encode("utf-8", "replace"), digest_size=6).hexdigest()


def _trim(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(token if len(token) <= SAMPLE_CHARS_MAX else token[:SAMPLE_CHARS_MAX] for token in tokens)


def matches(shape: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether the tokens take the shape; a free slot holds one to four tokens. At most length × slots steps."""
    return _runs(shape, tokens) is not None


def _runs(shape: Sequence[str], tokens: Sequence[str]) -> list[tuple[str, ...]] | None:
    """What each free slot holds, the shortest first; None when the shape does not fit."""
    values: list[tuple[str, ...]] = []
    at = 0
    for index, part in enumerate(shape):
        if part != FREE:
            if at >= len(tokens) or tokens[at] != part:
                return None
            at += 1
            continue
        following = shape[index + 1] if index + 1 < len(shape) else None
        end = _slot_end(tokens, at, following, len(tokens) - (len(shape) - index - 1))
        if end is None:
            return None
        values.append(tuple(tokens[at:end]))
        at = end
    return values if at == len(tokens) else None


def _slot_end(tokens: Sequence[str], start: int, following: str | None, latest: int) -> int | None:
    if following is None:
        return len(tokens) if start < len(tokens) <= start + SLOT_WORDS_MAX else None
    for end in range(start + 1, min(latest, start + SLOT_WORDS_MAX) + 1):
        if end < len(tokens) and (tokens[end] == following or following == FREE):
            return end
    return None


def _align(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """Length of the common beginning and of the common end, which do not overlap."""
    short = min(len(one), len(other))
    head = 0
    while head < short and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < short - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    if head and len(one) != len(other) and head + tail == short and _looks_like_data(one[head - 1]):
        head -= 1  # "Ana" and "Ana Mori" are two values, not a value and a word more
    return head, tail


def _words(tokens: Sequence[str]) -> int:
    return sum(is_word(token) for token in tokens)


def _looks_like_data(token: str) -> bool:
    """A proper name, or letters of another script: a value that nobody wrote into the program."""
    if token == FREE or is_value(token):
        return True
    return token[0].isupper() and token.lower() not in _SYSTEMS and not _CODE.fullmatch(token)


def _is_code(token: str) -> bool:
    return token != FREE and not is_value(token) and (bool(_CODE.fullmatch(token)) or token.lower() in _SYSTEMS)


def varies(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two messages differ by a value and not by what they say."""
    head, tail = _align(one, other)
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    if not left or not right or max(len(left), len(right)) > SLOT_WORDS_MAX:
        return False
    common = _words(one[:head]) + _words(one[len(one) - tail :])
    if common < COMMON_WORDS_MIN:
        return False
    if any(map(_is_code, (*left, *right))) or (head and one[head - 1].lower() in _NAMING):
        return False
    if all(map(_looks_like_data, (*left, *right))) and head:
        return True
    return _is_identity(left) or _is_identity(right)


def _is_identity(side: Sequence[str]) -> bool:
    """Whether one side already stands for anything, or for an id: then so does the other."""
    return len(side) == 1 and side[0] in _IDENTITIES


def siblings(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two shapes are the same but for one run of words: a category, until there are too many of them."""
    head, tail = _align(one, other)
    left, right = len(one) - head - tail, len(other) - head - tail
    if not left or not right or max(left, right) > SLOT_WORDS_MAX:
        return False
    return head + tail > 0 or len(one) == len(other) == 1


def _generalise(template: Template, tokens: Sequence[str]) -> Template:
    head, tail = _align(template.tokens, tokens)
    shape = (*template.tokens[:head], FREE, *template.tokens[len(template.tokens) - tail :])
    seen = [" ".join(part[head : len(part) - tail]) for part in (template.tokens, tokens)]
    samples = tuple(dict.fromkeys(text[:SAMPLE_CHARS_MAX] for text in seen if text != FREE))
    return Template(
        template_id=template.template_id, tokens=shape, count=template.count + 1, samples=(samples[:SAMPLES_MAX],)
    )


def find(site: Site | None, tokens: Sequence[str]) -> Template | None:
    """The template these tokens already have; the oldest where several match."""
    if site is None:
        return None
    trimmed = _trim(tokens)
    for template in site.templates:
        if template.tokens == trimmed:
            return template
    return next(
        (template for template in site.templates if FREE in template.tokens and matches(template.tokens, trimmed)), None
    )


def learn(site: Site | None, site_key: str, tokens: Sequence[str]) -> tuple[Template, Site | None]:
    """The template of these tokens, and the site as it is after them: the same object when they taught nothing."""
    known = find(site, tokens)
    if known is not None:
        return known, site
    state = site or Site(site_key=site_key)
    trimmed = _trim(tokens)
    for at, template in enumerate(state.templates):
        if varies(template.tokens, trimmed):
            return _replace(state, [at], _generalise(template, trimmed))
    alike = [at for at, template in enumerate(state.templates) if siblings(template.tokens, trimmed)]
    group = _same_slot(state, alike, trimmed)
    if group and len(group) >= _siblings_max(state.templates[group[0]].tokens, trimmed):
        return _replace(state, group, _generalise(state.templates[group[0]], trimmed))
    if len(state.templates) >= TEMPLATES_MAX:
        return Template(template_id=OVERFLOW, tokens=(FREE,)), site
    fresh = Template(template_id=template_id(trimmed), tokens=trimmed, count=1)
    return fresh, Site(site_key=state.site_key, templates=(*state.templates, fresh), revision=state.revision + 1)


def _siblings_max(one: Sequence[str], other: Sequence[str]) -> int:
    """How many categories a slot may have: fewer inside a sentence, where values stand, than at its end."""
    head, tail = _align(one, other)
    after = _words(one[len(one) - tail :])
    inside = after > 0 and (_words(one[:head]) > 0 or after >= SENTENCE_WORDS_MIN)
    return SIBLINGS_INSIDE_MAX if inside else SIBLINGS_MAX


def _same_slot(state: Site, alike: list[int], tokens: Sequence[str]) -> list[int]:
    """Those of the alike whose differing words stand at one and the same place."""
    by_slot: dict[tuple[int, int], list[int]] = {}
    for at in alike:
        by_slot.setdefault(_align(state.templates[at].tokens, tokens), []).append(at)
    return max(by_slot.values(), key=len, default=[])


def _replace(state: Site, group: list[int], merged: Template) -> tuple[Template, Site]:
    """Put `merged` in the place of the first; the others, and whatever it now covers, go into it."""
    covered = {at for at, template in enumerate(state.templates) if matches(merged.tokens, template.tokens)}
    gone = (covered | set(group[1:])) - {group[0]}
    names = [name for at in sorted(gone) for name in (state.templates[at].template_id, *state.templates[at].absorbed)]
    absorbed = tuple(dict.fromkeys((*state.templates[group[0]].absorbed, *names)))[:ABSORBED_MAX]
    merged = msgspec.structs.replace(merged, absorbed=absorbed)
    kept = tuple(merged if at == group[0] else one for at, one in enumerate(state.templates) if at not in gone)
    return merged, Site(site_key=state.site_key, templates=kept, revision=state.revision + 1)


def merge_sites(a: Site, b: Site) -> Site:
    """What two digesters learnt apart, as one; whose state it was makes no difference.

    The state that learnt more keeps its ids; a shape of the other's that it already has is absorbed.
    """
    first, second = sorted((a, b), key=lambda site: (-site.revision, _order(site)))
    merged = first
    for template in second.templates:
        merged = _insert(merged, template)
    return msgspec.structs.replace(merged, revision=first.revision + second.revision)


def _order(site: Site) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    return tuple((template.template_id, template.tokens, template.absorbed) for template in site.templates)


def _insert(state: Site, template: Template) -> Site:
    for at, mine in enumerate(state.templates):
        same = mine.template_id == template.template_id or matches(mine.tokens, template.tokens)
        if same or mine.tokens == template.tokens or varies(mine.tokens, template.tokens):
            wider = mine if matches(mine.tokens, template.tokens) or mine.tokens == template.tokens else None
            return _absorb(state, at, wider or _generalise(mine, template.tokens), template)
    if len(state.templates) >= TEMPLATES_MAX:
        return state
    return Site(site_key=state.site_key, templates=(*state.templates, template), revision=state.revision + 1)


def _absorb(state: Site, at: int, merged: Template, template: Template) -> Site:
    names = (*merged.absorbed, *state.templates[at].absorbed, template.template_id, *template.absorbed)
    kept = tuple(name for name in dict.fromkeys(names) if name != merged.template_id)[:ABSORBED_MAX]
    marked = list(state.templates)
    marked[at] = msgspec.structs.replace(state.templates[at], absorbed=kept)
    return _replace(msgspec.structs.replace(state, templates=tuple(marked)), [at], merged)[1]
