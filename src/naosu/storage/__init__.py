"""Where everything digested is kept: SQLite, PostgreSQL, or memory, behind `naosu.ports.store`."""
