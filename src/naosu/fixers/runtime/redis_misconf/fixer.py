"""Redis cannot write its snapshot, and refuses all writes until it can."""

from collections.abc import Iterator

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Risk
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.ports.fixer import Workplace


class RedisMisconf:
    """Says what a person can do about the disk; never switches the check off."""

    name = "redis_misconf"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield a diagnosis: the fault is on the disk of the server."""
        crashes = crashes_with(work.evidence, (), ("MISCONF", "unable to persist to disk"))
        if not crashes:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=crash_lines(crashes),
                cause="Redis could not save its snapshot (full disk, rights of its folder), and refuses writes, so that"
                " nothing is lost.",
                risk=Risk.HIGH,
                options=(
                    "Free the disk on which Redis keeps its snapshot (`CONFIG GET dir`).",
                    "Let Redis's user write to that folder again.",
                    "Look into Redis's log for why the last background save failed, and run BGSAVE after it.",
                ),
            ),
            crashes=crashes,
        )
