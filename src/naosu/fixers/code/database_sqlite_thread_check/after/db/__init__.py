import sqlite3
import threading

conn = sqlite3.connect("notes.db")


_per_thread = threading.local()


def connection_of_this_thread():
    """Return the connection of this thread, opened when it first asks."""
    connection = getattr(_per_thread, "connection", None)
    if connection is None:
        connection = _per_thread.connection = sqlite3.connect("notes.db")
        connection.row_factory = sqlite3.Row
    return connection


conn.row_factory = sqlite3.Row
conn.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
conn.commit()


def count():
    return connection_of_this_thread().execute("SELECT count(*) AS n FROM notes").fetchone()["n"]
