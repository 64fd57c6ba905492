"""Slugs: short names for URLs and short ids."""

import re
import unicodedata

from naosu.domain.errors import InvalidInputError

SLUG_LENGTH_MAX = 50
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,48}[a-z0-9])?", re.ASCII)


def slug_of(name: str) -> str:
    """Return a slug for a name: ``Café Shop`` → ``cafe-shop``; empty when no letter of it can be written in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH_MAX].strip("-")


def checked_slug(slug: str) -> str:
    """Return the slug. Raises InvalidInputError when it is none, or would be taken for an id."""
    if not _SLUG.fullmatch(slug) or slug.isdecimal():
        raise InvalidInputError(
            f"Not a slug: {slug[:60]!r}. It has 1 to {SLUG_LENGTH_MAX} of a-z, 0-9, - and _, and is not only digits."
        )
    return slug


def slug_for(name: str, *, wanted: str | None, taken: set[str]) -> str:
    """Choose a project's slug: the wanted one, or one made of its name, or a numbered one.

    Raises:
        InvalidInputError: The wanted slug is none.
    """
    if wanted is not None:
        return checked_slug(wanted)
    made = slug_of(name)
    if made and not made.isdecimal():
        return made
    base = f"project-{made}" if made else "project"
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug
