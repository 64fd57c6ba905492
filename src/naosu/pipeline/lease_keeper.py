"""A lease that is held for as long as the work under it takes."""

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from naosu.domain.errors import NaosuError
from naosu.domain.lease import Lease, LeaseLostError
from naosu.ports.clock import Clock
from naosu.ports.store import Store

_LOG = structlog.get_logger(__name__)


class LeaseKeeper:
    """Renews a lease three times within its life, from a thread, and releases it in the end.

    Once it is lost nothing is renewed any more: the store refuses what is done under it.
    """

    def __init__(self, store: Store, clock: Clock, lease: Lease, *, ttl: timedelta) -> None:
        self.lease = lease
        self._store = store
        self._clock = clock
        self._ttl = ttl
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="naosu-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._store.release_lease(self.lease, now=self._clock.now())

    def _renew(self) -> None:
        while not self._ended.wait(self._ttl.total_seconds() / 3):
            try:
                self.lease = self._store.renew_lease(self.lease, ttl=self._ttl, now=self._clock.now())
            except LeaseLostError:
                _LOG.error("repair.lease_lost", target=self.lease.target)
                return
            except NaosuError as error:  # the store may be back before the lease runs out
                _LOG.warning("repair.lease_not_renewed", target=self.lease.target, code=error.code)
