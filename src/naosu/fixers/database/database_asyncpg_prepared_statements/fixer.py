"""Prepared statements of asyncpg meet a pooler that hands its connections around."""

from collections.abc import Iterator

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Risk
from naosu.fixers.database.signs import crash_lines, crashes_with
from naosu.ports.fixer import Workplace

_PHRASES = ('prepared statement "__asyncpg_', "DuplicatePreparedStatementError", "prepared statement already exists")


class AsyncpgPreparedStatements:
    """Says what a person can do about prepared statements behind a transaction pooler."""

    name = "database_asyncpg_prepared_statements"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield a diagnosis; whether a pooler is there, and in which mode, is not in the source."""
        crashes = crashes_with(work.evidence, (), _PHRASES)
        if not crashes:
            return
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.85,
                evidence=crash_lines(crashes),
                cause="A pooler in transaction mode lets clients share a connection; their statements have one name.",
                risk=Risk.MEDIUM,
                options=(
                    "Give statements unique names (`prepared_statement_name_func`).",
                    "Keep none (`statement_cache_size=0`, `poolclass=NullPool`).",
                    "Set `prepared_statement_cache_size=0` in the URL of SQLAlchemy's dialect as well.",
                    "Let the pooler run in session mode, or connect to the server itself.",
                ),
            ),
            crashes=crashes,
        )
