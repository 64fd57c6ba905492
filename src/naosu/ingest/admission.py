"""Rate limits: how many things of a category a project or key may send in a window. No clock: time is an argument."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from naosu.domain.outcome import DataCategory
from naosu.domain.project import RateLimit

_REASON = "rate_limit"


class Admit(msgspec.Struct, frozen=True):
    """It may pass."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """It may not.

    Attributes:
        retry_after_s: When the window ends. At least 1.
        limits_header: Text for ``X-Sentry-Rate-Limits``.
        is_absolute: The limit is nought: nothing may pass, new or not.
        reason: For the ledger.
    """

    retry_after_s: int
    limits_header: str
    is_absolute: bool = False
    reason: str = _REASON


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one project or key, as far as one request is concerned."""

    scope: str
    id: int
    limits: Sequence[RateLimit]


ADMITTED = Admit()
# By the protocol, no category at all means every one: SDKs would keep back even the reports of what they gave up.
_ALL_BUT_REPORTS = tuple(category for category in DataCategory if category is not DataCategory.INTERNAL)
_WindowKey = tuple[str, int, int]


class Admission:
    """Counts in fixed windows. Not safe for threads.

    Args:
        share: The part of each limit that this process may hand out, as 1 / number of processes that accept.
    """

    def __init__(self, *, share: float = 1.0) -> None:
        self._share = share
        self._used: dict[_WindowKey, tuple[int, int]] = {}

    def admit(
        self, quotas: Sequence[Quota], *, category: DataCategory, quantity: int = 1, now_s: float
    ) -> Admit | Limit:
        """Admit all of `quantity` and count it, or nothing.

        When several limits are exceeded, the one that lasts longest is named, so that senders wait long enough.
        """
        taking: list[tuple[_WindowKey, int, int]] = []
        refusal: Limit | None = None
        for key, quota, limit in _that_apply(quotas, category):
            window = int(now_s // limit.window_s)
            began, used = self._used.get(key, (window, 0))
            used = used if began == window else 0
            if used + quantity > max(1, limit.quantity * self._share) or limit.quantity <= 0:
                found = _limit(quota, limit, now_s=now_s)
                refusal = max(refusal or found, found, key=lambda limit: (limit.is_absolute, limit.retry_after_s))
            taking.append((key, window, used + quantity))
        if refusal:
            return refusal
        for key, window, used in taking:
            self._used[key] = (window, used)
        return ADMITTED


def _that_apply(quotas: Sequence[Quota], category: DataCategory) -> Iterator[tuple[_WindowKey, Quota, RateLimit]]:
    for quota in quotas:
        for index, limit in enumerate(quota.limits):
            if not limit.categories or category.value in limit.categories:
                yield (quota.scope, quota.id, index), quota, limit


def _limit(quota: Quota, limit: RateLimit, *, now_s: float) -> Limit:
    retry_after_s = max(1, math.ceil(limit.window_s - now_s % limit.window_s))
    categories = ";".join(limit.categories or _ALL_BUT_REPORTS)
    return Limit(
        retry_after_s=retry_after_s,
        limits_header=f"{retry_after_s}:{categories}:{quota.scope}:{_REASON}",
        is_absolute=limit.quantity <= 0,
    )
