"""Projects as Sentry's parameters name them."""

from collections.abc import Iterable

from naosu.api.lookups import find_project
from naosu.api.problems import MalformedRequestError
from naosu.domain.errors import NotFoundError
from naosu.ports.store import Store

ALL_PROJECTS = "-1"


def project_ids_named(store: Store, refs: Iterable[str]) -> list[int]:
    """Return the ids of projects named by slug or id; ``-1`` and none mean all, which is an empty list.

    Raises:
        MalformedRequestError: One of them is unknown: Sentry answers 400.
    """
    try:
        return list(dict.fromkeys(find_project(store, ref).id for ref in refs if ref != ALL_PROJECTS))
    except NotFoundError as error:
        raise MalformedRequestError(f"projects: {error}") from error
