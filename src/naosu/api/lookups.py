"""Finding what a path or query names."""

from naosu.api.parameters import ID_MAX
from naosu.domain.errors import NotFoundError
from naosu.domain.issue import Issue
from naosu.domain.project import Key, Project
from naosu.ports.store import Store


def find_project(store: Store, ref: str) -> Project:
    """Return the project with this slug or id. Raises NotFoundError."""
    try:
        return store.get_project(ref)
    except NotFoundError:
        if ref.isascii() and ref.isdecimal() and int(ref) <= ID_MAX:
            return store.get_project(int(ref))
        raise


def project_id_of(store: Store, ref: str | None) -> int | None:
    """Return the id of a project named by a filter; None for none. Raises NotFoundError."""
    return None if ref is None else find_project(store, ref).id


def find_issue(store: Store, ref: str) -> Issue:
    """Return the issue with this id or short id. Raises NotFoundError."""
    if ref.isascii() and ref.isdecimal():
        if int(ref) > ID_MAX:
            raise NotFoundError(f"No issue {ref}.")
        return store.get_issue(int(ref))
    return store.find_by_short_id(ref)


def event_id_of(text: str) -> str:
    """Return an event id as stored: 32 lower-case hex digits. Raises NotFoundError for what cannot be one."""
    event_id = text.replace("-", "").lower()
    if len(event_id) != 32:  # noqa: PLR2004 - a UUID's hex digits
        raise NotFoundError(f"No event {text[:40]}.")
    return event_id


def find_key(store: Store, project_id: int, key_id: int) -> Key:
    """Return a key of this project. Raises NotFoundError."""
    for key in store.list_keys(project_id):
        if key.id == key_id:
            return key
    raise NotFoundError(f"No key {key_id} in this project.")
