"""What Alembic runs: it uses the connection, and so the transaction, that `migrate` opened."""

from alembic import context

from naosu.storage.sql import repair_tables, side_tables  # noqa: F401 -- complete the metadata
from naosu.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
