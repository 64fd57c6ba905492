"""Failed sign-ins are counted, so that passwords cannot be tried out."""

from collections import OrderedDict, deque
from threading import Lock

from naosu.api.auth.errors import TooManyAttemptsError

SUBJECTS_MAX = 10_000


class AttemptLimiter:
    """Counts failures per subject (an address, a peer) in a sliding window, in bounded memory."""

    def __init__(self, *, attempts_max: int, window_s: int) -> None:
        self._attempts_max = attempts_max
        self._window_s = window_s
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def check(self, subject: str, *, now_s: float) -> None:
        """Refuse a subject that failed too often. Raises TooManyAttemptsError."""
        with self._lock:
            failures = self._recent(subject, now_s)
            if len(failures) >= self._attempts_max:
                wait_s = failures[0] + self._window_s - now_s
                raise TooManyAttemptsError(retry_after_s=max(1, int(wait_s + 0.999)))

    def failed(self, subject: str, *, now_s: float) -> None:
        """Count a failure."""
        with self._lock:
            failures = self._recent(subject, now_s)
            failures.append(now_s)
            self._failures[subject] = failures
            self._failures.move_to_end(subject)
            if len(self._failures) > SUBJECTS_MAX:
                self._failures.popitem(last=False)

    def succeeded(self, subject: str) -> None:
        """Forget a subject's failures."""
        with self._lock:
            self._failures.pop(subject, None)

    def _recent(self, subject: str, now_s: float) -> "deque[float]":
        failures = self._failures.get(subject)
        if failures is None:
            return deque(maxlen=self._attempts_max)
        while failures and failures[0] <= now_s - self._window_s:
            failures.popleft()
        return failures
