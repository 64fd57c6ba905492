"""How long to wait before a step is tried again: exponential, with full jitter.

"Full jitter" is between nothing and the exponential bound, so that many who failed together do not come back together
(Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
"""

from naosu.domain.playbook import Retry

DOUBLINGS_MAX = 40
"""Beyond any bound that a playbook can set; it keeps the power small."""


def wait_ms(retry: Retry, *, failed_count: int, random: float) -> float | None:
    """Return how long to wait before the next try. None: there is none.

    Args:
        retry: How often, and how patiently.
        failed_count: Tries that failed so far, at least 1.
        random: From 0 up to, but not including, 1.
    """
    if failed_count >= retry.max_attempts:
        return None
    bound_ms = min(retry.backoff_max_ms, retry.backoff_ms * 2.0 ** min(failed_count - 1, DOUBLINGS_MAX))
    return bound_ms * random
