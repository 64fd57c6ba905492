"""What grouping has learnt, kept at hand between batches."""

from collections import OrderedDict
from collections.abc import Iterable

from naosu.domain.fingerprint import Site
from naosu.ports.store.digest import DigestStore


class SiteShelf:
    """The sites that were used last, least recently used out first; what it lacks comes from the store.

    Attributes:
        sites_max: How many are kept. A site is about 1 kB.
    """

    def __init__(self, store: DigestStore, *, sites_max: int = 5_000) -> None:
        self._store = store
        self.sites_max = sites_max
        self._sites: OrderedDict[tuple[int, str], Site | None] = OrderedDict()

    def fetch(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Load those of the wanted ``(project id, site key)`` that are not at hand, one query a project."""
        missing: dict[int, set[str]] = {}
        for project_id, site_key in wanted:
            if site_key and (project_id, site_key) not in self._sites:
                missing.setdefault(project_id, set()).add(site_key)
        for project_id, keys in missing.items():
            loaded = self._store.load_sites(project_id, sorted(keys))
            for key in keys:
                self._sites[project_id, key] = loaded.get(key)

    def get(self, project_id: int, site_key: str) -> Site | None:
        """Return what is known of a fetched site. None: nothing yet."""
        found = self._sites.get((project_id, site_key))
        if found is not None:
            self._sites.move_to_end((project_id, site_key))
        return found

    def put(self, project_id: int, site: Site) -> None:
        """Keep a site's new state."""
        self._sites[project_id, site.site_key] = site
        self._sites.move_to_end((project_id, site.site_key))

    def forget(self, stored: Iterable[tuple[int, str]]) -> None:
        """Read these again when they are next wanted: the store may know more, from another digester."""
        for key in stored:
            self._sites.pop(key, None)

    def trim(self) -> None:
        """Forget the least recently used beyond `sites_max`: the store has them."""
        while len(self._sites) > self.sites_max:
            self._sites.popitem(last=False)

    def clear(self) -> None:
        """Forget all: the batch that changed them was not stored."""
        self._sites.clear()
