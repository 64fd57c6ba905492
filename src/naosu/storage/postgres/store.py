"""Opening the PostgreSQL store."""

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError

from naosu.domain.errors import InvalidInputError
from naosu.storage.migrations import migrate
from naosu.storage.sites import MergeSites, keep_newer
from naosu.storage.sql.store import SqlStore

STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_S = 5
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


class PostgresStore(SqlStore):
    """A store that several machines share."""


def open_postgres_store(url: str, *, merge_sites: MergeSites = keep_newer) -> PostgresStore:
    """Open the store in this database, migrated if need be.

    Connections that a restart of the server broke are replaced before they are used.

    Args:
        url: ``postgresql://user@host/database``, with options as libpq knows them.
        merge_sites: Joins what two digesters learnt of one site.

    Raises:
        InvalidInputError: The URL cannot be read. Not retryable.
        StoreUnavailableError: Retryable.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInputError("This is no database URL.", mend="Write postgresql://user@host/database.") from error
    if not parsed.drivername.startswith("postgres"):
        raise InvalidInputError(f"“{parsed.drivername}” is no database that Naosu knows.", mend="Use postgresql://…")
    timeouts = (
        f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS}"
    )
    options = parsed.query.get("options", "")
    options = options if isinstance(options, str) else " ".join(options)
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg").update_query_dict({"options": f"{timeouts} {options}".strip()}),
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=16,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )
    migrate(engine)
    return PostgresStore(engine, merge_sites=merge_sites)
