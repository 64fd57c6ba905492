"""When a process that died is started again."""

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 10.0
STEADY_S = 30.0


class RestartPolicy:
    """Waits longer after each quick death, and forgets them after a steady run."""

    def __init__(self) -> None:
        self.quick_deaths = 0

    def delay_s(self, *, lived_s: float, jitter: float) -> float:
        """Return how long to wait before the next start.

        Args:
            lived_s: How long the process ran.
            jitter: From 0 to 1: where in the upper half of the delay to land, so that several do not start at once.
        """
        self.quick_deaths = 0 if lived_s >= STEADY_S else self.quick_deaths + 1
        if self.quick_deaths == 0:
            return FIRST_DELAY_S
        full = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(self.quick_deaths, 10))
        return float(full * (0.5 + jitter / 2))
