import sqlite3

conn = sqlite3.connect("notes.db")
conn.row_factory = sqlite3.Row
conn.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
conn.commit()


def count():
    return conn.execute("SELECT count(*) AS n FROM notes").fetchone()["n"]
