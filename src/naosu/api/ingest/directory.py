"""Which DSN keys there are: a copy of the store's, a few seconds old at most, that outlives a broken store."""

import asyncio
import time
from collections.abc import Callable

import msgspec
import structlog

from naosu.domain.errors import NaosuError, StoreUnavailableError
from naosu.domain.project import Key, Project
from naosu.ingest.admission import Quota
from naosu.ports.store.projects import ProjectStore

_LOG = structlog.get_logger(__name__)
_MISSES_MAX = 10_000
_STALE_WAIT_S = 1.0


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """All that the door needs to know of a key.

    Attributes:
        quotas: Rate limits of the project and of the key; without any it is empty.
    """

    key_id: int
    project_id: int
    active: bool
    quotas: tuple[Quota, ...]
    allowed_origins: tuple[str, ...]


class KeyDirectory:
    """Looks keys up by their public part. For one event loop.

    Args:
        refresh_interval_s: How old the copy may grow before it is refreshed in the background.
        stale_max_s: From this age on a look-up waits for the refresh.
        miss_interval_s: Least time between refreshes that unknown keys bring about.
    """

    def __init__(
        self,
        store: ProjectStore,
        *,
        refresh_interval_s: float = 2.0,
        stale_max_s: float = 10.0,
        miss_interval_s: float = 0.25,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._refresh_interval_s = refresh_interval_s
        self._stale_max_s = stale_max_s
        self._miss_interval_s = miss_interval_s
        self._monotonic = monotonic
        self._entries: dict[str, KeyEntry] = {}
        self._missed_at_s: dict[str, float] = {}
        self._loaded_at_s = self._tried_at_s = float("-inf")
        self._is_broken = False
        self._refreshing: asyncio.Task[None] | None = None

    def peek(self, public_key: str) -> KeyEntry | None:
        """Return a known key at once, when the copy is fresh enough; starts a refresh in the background when due."""
        age_s = self._monotonic() - self._loaded_at_s
        if age_s > self._refresh_interval_s:
            if age_s > self._stale_max_s and not self._is_broken:
                return None
            self._start_refresh(self._refresh_interval_s)
        return self._entries.get(public_key)

    async def find(self, public_key: str) -> KeyEntry | None:
        """Return the key, asking the store when it is not known. None: there is no such key.

        Raises:
            StoreUnavailableError: The key is not known, and the store cannot be asked. Retryable.
        """
        if entry := self.peek(public_key):
            return entry
        if known := self._entries.get(public_key):
            return await self._find_stale(public_key, known)
        now_s = self._monotonic()
        if now_s - self._missed_at_s.get(public_key, float("-inf")) < self._refresh_interval_s / 2:
            return None
        await self._wait_for_refresh()
        entry = self._entries.get(public_key)
        if entry is None:
            if self._is_broken:
                raise StoreUnavailableError("The key is not known, and the store cannot be asked.")
            self._remember_miss(public_key)
        return entry

    async def _find_stale(self, public_key: str, known: KeyEntry) -> KeyEntry | None:
        """Wait a little for news of a key that was known long ago. A store that hangs does not stop known keys."""
        self._start_refresh(0.0)
        if self._refreshing is not None:
            _, unfinished = await asyncio.wait({self._refreshing}, timeout=_STALE_WAIT_S)
            if unfinished:
                self._is_broken = True
                return known
        return self._entries.get(public_key)

    async def refresh(self) -> None:
        """Copy the keys from the store now. A broken store leaves the copy as it is."""
        self._tried_at_s = began_at_s = self._monotonic()
        try:
            keys, projects = await asyncio.to_thread(self._load)
        except NaosuError as error:
            self._is_broken = True
            _LOG.warning("ingest.directory_refresh_failed", error=str(error))
            return
        except Exception:  # noqa: BLE001 # why: known keys must go on working
            self._is_broken = True
            _LOG.exception("ingest.directory_refresh_failed")
            return
        by_id = {project.id: project for project in projects}
        self._entries = {key.public_key: _entry(key, by_id[key.project_id]) for key in keys if key.project_id in by_id}
        self._missed_at_s.clear()
        self._loaded_at_s = began_at_s
        self._is_broken = False

    def _load(self) -> tuple[list[Key], list[Project]]:
        return self._store.list_keys(), self._store.list_projects()

    async def _wait_for_refresh(self) -> None:
        """Wait for a refresh that begins after now: one that runs already may have read too early."""
        if self._refreshing is not None and not self._refreshing.done():
            await asyncio.shield(self._refreshing)
        pause_s = self._tried_at_s + self._miss_interval_s - self._monotonic()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self._start_refresh(0.0)
        if self._refreshing is not None:
            await asyncio.shield(self._refreshing)

    def _start_refresh(self, interval_s: float) -> None:
        if self._refreshing is not None and not self._refreshing.done():
            return
        if self._monotonic() - self._tried_at_s >= interval_s:
            self._refreshing = asyncio.get_running_loop().create_task(self.refresh())

    def _remember_miss(self, public_key: str) -> None:
        if len(self._missed_at_s) >= _MISSES_MAX:
            self._missed_at_s.clear()
        self._missed_at_s[public_key] = self._monotonic()


def _entry(key: Key, project: Project) -> KeyEntry:
    quotas = (
        Quota(scope="key", id=key.id, limits=key.rate_limits),
        Quota(scope="project", id=project.id, limits=project.settings.rate_limits),
    )
    return KeyEntry(
        key_id=key.id,
        project_id=key.project_id,
        active=key.active,
        quotas=tuple(quota for quota in quotas if quota.limits),
        allowed_origins=project.settings.allowed_origins,
    )
