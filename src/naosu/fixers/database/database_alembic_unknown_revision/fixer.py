"""The database is at a migration that this release does not have."""

from collections.abc import Iterator

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Risk
from naosu.fixers.database.signs import crash_lines, crashes_with, log_lines
from naosu.ports.fixer import Workplace

_PHRASES = ("Can't locate revision identified by", "No such revision or branch")


class AlembicUnknownRevision:
    """Says what a person can do when code and database are of different releases."""

    name = "database_alembic_unknown_revision"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield a diagnosis, never a stamp: it would claim that migrations were run."""
        crashes = crashes_with(work.evidence, (), _PHRASES)
        lines = log_lines(work.evidence, *_PHRASES)
        if not crashes and not lines:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.9,
                evidence=(*crash_lines(crashes), *lines[:2]),
                cause="The database was migrated by another release, whose migrations this one does not have.",
                risk=Risk.HIGH,
                options=(
                    "Deploy the release that the database belongs to.",
                    "Restore the migration files that are missing, from the branch on which they were written.",
                    "Go back with `alembic downgrade` from the release that knows the revision, then deploy this one.",
                ),
            ),
            crashes=crashes,
        )
