"""What of an event is counted on its issue, and how users are told apart."""

from functools import lru_cache
from hashlib import blake2b

from naosu.domain.event import Event, User

CALLER_KEY = ":caller"
"""Key under which caller paths are counted; no tag has it, since SDKs allow no leading colon."""

DISTINCT_VALUES_MAX = 1_000
"""Further values of a key on one fingerprint are not listed; those listed go on being counted."""

TITLE_CHARS_MAX = 500
_KEY_CHARS_MAX = 200
VALUE_CHARS_MAX = 200
_CALLER_CHARS_MAX = 1_000


@lru_cache(maxsize=16_384)
def clean(text: str, chars_max: int) -> str:
    """Return text that every store can keep: no NUL, no lone surrogate, bounded."""
    text = text[:chars_max]
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def facets_of(event: Event, caller: str) -> dict[str, str]:
    """Return the values that are counted, by key, as they came: `clean_facet` says how, and whether, they are kept."""
    facets = dict(event.tags)
    facets["level"] = event.level.value
    if event.release:
        facets["release"] = event.release
    if event.environment:
        facets["environment"] = event.environment
    if event.exceptions:
        facets["type"] = event.exceptions[-1].type
    if event.transaction:
        facets["transaction"] = event.transaction
    if event.logger:
        facets["logger"] = event.logger
    if event.server_name:
        facets["server_name"] = event.server_name
    if event.dist:
        facets["dist"] = event.dist
    if event.status_code:
        facets["status_code"] = str(event.status_code)
    if user_key := event.user.key:
        facets["user"] = user_key
    # Last, so that no tag can pretend to be it.
    facets[CALLER_KEY] = caller
    return facets


def clean_facet(key: str, value: str) -> tuple[str, str] | None:
    """Return what is stored. None: nothing is."""
    if not value or (key[:1] == ":" and key != CALLER_KEY):
        return None
    return clean(key, _KEY_CHARS_MAX), clean(value, _CALLER_CHARS_MAX if key == CALLER_KEY else VALUE_CHARS_MAX)


def user_names(user: User) -> tuple[str, ...]:
    """Return all by which a user can be found, ``id:7`` first: the first one is who they are."""
    names = (("id", user.id), ("username", user.username), ("email", user.email), ("ip", user.ip_address))
    return tuple(f"{kind}:{value}" for kind, value in names if value)


@lru_cache(maxsize=16_384)
def stable_hash(text: str) -> int:
    """Return a number of 63 bits that is the same in every process, for ever."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
