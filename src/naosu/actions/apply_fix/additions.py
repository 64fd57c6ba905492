"""The statements that may be run: those that only add. All others are refused, whoever asks.

A general SQL parser is made to understand as much as it can; this reads as little as is needed, and refuses the rest.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from naosu.actions.apply_fix.marks import read_mark
from naosu.actions.apply_fix.sql_tokens import Token, name_of, refusal, tokens_of


class Kind(StrEnum):
    """What a statement adds."""

    TABLE = "table"
    INDEX = "index"
    COLUMN = "column"
    DATABASE = "database"
    JOURNAL_MODE = "journal_mode"
    ANALYZE = "analyze"
    FILL = "fill"
    MARK = "mark"


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, understood.

    Attributes:
        table, name: As they are written, with quotes; `table` with its schema.
        default: Of a column, as it is written. Empty: none.
        row, row_before: Of a mark of a migration tool: the literals of the row that it makes, and takes away.
    """

    kind: Kind
    statement: str
    table: str = ""
    name: str = ""
    default: str = ""
    concurrently: bool = False
    row: tuple[str, ...] = ()
    row_before: tuple[str, ...] = ()


_JOURNAL_MODES = {"WAL", "DELETE", "TRUNCATE", "PERSIST"}
_NEVER = {"SELECT", "VALUES", "TABLE", "EXECUTE", "CALL", "INTO", "INHERITS", "PARTITION", "OPTIONS"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TYPES = _words("""
    VARCHAR CHAR CHARACTER VARYING NVARCHAR NCHAR TEXT STRING NUMERIC DECIMAL NUMBER FLOAT DOUBLE REAL PRECISION
    INT INTEGER BIGINT SMALLINT TINYINT MEDIUMINT TIME TIMESTAMP DATETIME BIT BINARY VARBINARY BLOB INTERVAL ENUM
    VECTOR YEAR
""")
_CLAUSES = _words("""
    CHECK KEY UNIQUE DEFAULT IN NOT AND OR AS IDENTITY INCLUDE WHERE WITH IS ON BY THEN ELSE WHEN BETWEEN
""")
_FUNCTIONS_THAT_COMPUTE = _words("""
    NOW CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LOCALTIMESTAMP GEN_RANDOM_UUID UUID_GENERATE_V4 UUID LOWER UPPER
    COALESCE LENGTH CHAR_LENGTH OCTET_LENGTH ABS ROUND DATE STRFTIME JULIANDAY UNIXEPOCH JSON JSON_OBJECT JSON_ARRAY
    JSON_VALID JSONB_BUILD_OBJECT TRIM NULLIF CAST SUBSTR SUBSTRING REPLACE HEX RANDOMBLOB NEXTVAL TO_TSVECTOR TIMEZONE
    EXTRACT TYPEOF INSTR
""")
_BEFORE_BRACKET = _TYPES | _CLAUSES | _FUNCTIONS_THAT_COMPUTE
_TABLE_TAIL = _words("""
    STRICT WITHOUT ROWID ENGINE INNODB CHARSET DEFAULT CHARACTER COLLATE UTF8MB4 UTF8MB4_UNICODE_CI UTF8MB4_GENERAL_CI
    UTF8MB4_0900_AI_CI UTF8MB4_BIN
""")
_DATABASE_TAIL = _words("""
    WITH ENCODING TEMPLATE TEMPLATE0 TEMPLATE1 OWNER CHARACTER SET COLLATE DEFAULT UTF8 UTF8MB4 LC_COLLATE LC_CTYPE
    UTF8MB4_UNICODE_CI UTF8MB4_GENERAL_CI UTF8MB4_0900_AI_CI
""")
_NOT_A_COLUMN = {
    "CONSTRAINT",
    "PRIMARY",
    "FOREIGN",
    "UNIQUE",
    "CHECK",
    "INDEX",
    "KEY",
    "FULLTEXT",
    "SPATIAL",
    "PARTITION",
}
_COLUMN_CLAUSES = _NOT_A_COLUMN | {
    "NOT",
    "NULL",
    "DEFAULT",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "COMMENT",
    "FIRST",
    "AFTER",
}


class _Reader:
    """Reads the tokens of one statement, from the left."""

    def __init__(self, statement: str, backend: str) -> None:
        self.statement = statement
        self.backend = backend
        self.tokens = tokens_of(statement, backend)
        self.place = 0

    @property
    def rest(self) -> list[Token]:
        return self.tokens[self.place :]

    def takes(self, *words: str) -> bool:
        """Go past these keywords, if they come next."""
        follow = [token.word or token.text for token in self.rest[: len(words)]]
        if follow != list(words):
            return False
        self.place += len(words)
        return True

    def name(self) -> str:
        """Go past a name, with its schema."""
        parts = [self._one_name()]
        while self.takes("."):
            parts.append(self._one_name())
        return ".".join(parts)

    def _one_name(self) -> str:
        if not self.rest or not self.rest[0].is_name:
            raise self.refused("a name is missing")
        self.place += 1
        return self.tokens[self.place - 1].text

    def bracket(self) -> list[Token]:
        """Go past a bracket, and return what is in it."""
        if not self.takes("("):
            raise self.refused("a bracket is missing")
        start, depth = self.place, 1
        while depth:
            if not self.rest:
                raise self.refused("a bracket is left open")
            depth += {"(": 1, ")": -1}.get(self.rest[0].text, 0)
            self.place += 1
        return self.tokens[start : self.place - 1]

    def harmless(self, tokens: list[Token]) -> None:
        """Refuse what reads or calls anything but a few functions that only compute."""
        depth = 0
        for number, token in enumerate(tokens):
            before = tokens[number - 1] if number else None
            if token.word in _NEVER:
                raise self.refused(f"it says {token.word}")
            if token.word in {"UPDATE", "DELETE"} and (before is None or before.word != "ON"):
                raise self.refused(f"it says {token.word}")
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth < 0:
                raise self.refused("a bracket is closed too often")
            if token.text == "(" and before is not None and before.is_name and not _may_open(tokens[:number]):
                raise self.refused(f"it calls {before.text}")
        if depth:
            raise self.refused("a bracket is left open")

    def refused(self, why: str) -> Exception:
        return refusal(self.statement, why)


def _may_open(tokens: list[Token]) -> bool:
    """Say whether a bracket may follow: after a known word, or after a table or a constraint that is named."""
    if tokens[-1].word in _BEFORE_BRACKET:
        return True
    start = len(tokens) - 1
    while start >= 2 and tokens[start - 1].text == ".":  # noqa: PLR2004 - a name, a dot
        start -= 2
    return start > 0 and tokens[start - 1].word in {"REFERENCES", "KEY", "INDEX"}


def additions_of(statements: Iterable[str], backend: str) -> tuple[Addition, ...]:
    """Return what these statements add, in order.

    Raises:
        PlanRefusedError: One of them does, or may do, more than add.
    """
    found: list[Addition] = []
    for statement in statements:
        found.append(_addition(_Reader(statement, backend), found))
    return tuple(found)


def _addition(reader: _Reader, earlier: list[Addition]) -> Addition:
    if reader.takes("CREATE", "TABLE"):
        return _table(reader)
    if reader.takes("CREATE", "INDEX") or reader.takes("CREATE", "UNIQUE", "INDEX"):
        return _index(reader)
    if reader.takes("ALTER", "TABLE"):
        return _column(reader)
    if reader.takes("CREATE", "DATABASE"):
        return _database(reader)
    if reader.backend == "sqlite" and reader.takes("PRAGMA", "JOURNAL_MODE"):
        return _journal_mode(reader)
    if reader.takes("ANALYZE"):
        return _analyze(reader)
    if mark := read_mark(reader.tokens, reader.backend):
        table, row, row_before = mark
        return Addition(kind=Kind.MARK, statement=reader.statement, table=table, row=row, row_before=row_before)
    if reader.takes("UPDATE") and (added := _fill(reader, earlier)):
        return added
    raise reader.refused("it does not only add")


def _table(reader: _Reader) -> Addition:
    reader.takes("IF", "NOT", "EXISTS")
    table = reader.name()
    reader.harmless(reader.bracket())
    if any(token.text not in "=," and token.word not in _TABLE_TAIL for token in reader.rest):
        raise reader.refused("more than columns and constraints follows")
    return Addition(kind=Kind.TABLE, statement=reader.statement, table=table)


def _index(reader: _Reader) -> Addition:
    concurrently = reader.takes("CONCURRENTLY")
    reader.takes("IF", "NOT", "EXISTS")
    name = reader.name()
    if not reader.takes("ON"):
        raise reader.refused("it does not say on which table")
    reader.takes("ONLY")
    table = reader.name()
    if reader.takes("USING"):
        reader.name()
    reader.harmless(reader.bracket())
    reader.harmless(reader.rest)
    return Addition(kind=Kind.INDEX, statement=reader.statement, table=table, name=name, concurrently=concurrently)


def _column(reader: _Reader) -> Addition:
    reader.takes("ONLY")
    table = reader.name()
    if not reader.takes("ADD"):
        raise reader.refused("it does not only add")
    reader.takes("COLUMN")
    reader.takes("IF", "NOT", "EXISTS")
    if not reader.rest or reader.rest[0].word in _NOT_A_COLUMN or reader.rest[0].text == "(":
        raise reader.refused("it adds no column")
    name, rest = reader.name(), reader.rest
    reader.harmless(rest)
    if "," in _outer(rest):
        raise reader.refused("it does several things at once")
    default = _default(rest, reader.statement)
    words = " ".join(_outer(rest)) + " "
    must_be_filled = "NOT NULL " in words and "GENERATED " not in words
    if must_be_filled and default.upper() in ("", "NULL"):
        raise reader.refused("rows that exist would have no value")
    return Addition(kind=Kind.COLUMN, statement=reader.statement, table=table, name=name, default=default)


def _outer(tokens: list[Token]) -> list[str]:
    """Return the texts of the tokens that are in no bracket, keywords in capitals."""
    depth, found = 0, []
    for token in tokens:
        depth -= token.text == ")"
        if depth == 0:
            found.append(token.word or token.text)
        depth += token.text == "("
    return found


def _default(tokens: list[Token], statement: str) -> str:
    """Return a column's default as it is written."""
    starts = [number for number, token in enumerate(tokens) if token.word == "DEFAULT"]
    if not starts:
        return ""
    depth, end = 0, starts[0] + 1
    for token in tokens[starts[0] + 1 :]:
        if depth == 0 and end > starts[0] + 1 and token.word in _COLUMN_CLAUSES:
            break
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        end += 1
    if end == starts[0] + 1:
        return ""
    text = statement.strip()
    return text[tokens[starts[0] + 1].start : tokens[end - 1].start + len(tokens[end - 1].text)]


def _database(reader: _Reader) -> Addition:
    reader.takes("IF", "NOT", "EXISTS")
    name = reader.name()
    after_owner = [
        token for number, token in enumerate(reader.rest) if reader.tokens[reader.place + number - 1].word != "OWNER"
    ]
    if "." in name or any(
        token.text != "=" and token.kind != "string" and token.word not in _DATABASE_TAIL for token in after_owner
    ):
        raise reader.refused("more than its name, encoding and template follows")
    return Addition(kind=Kind.DATABASE, statement=reader.statement, name=name)


def _journal_mode(reader: _Reader) -> Addition:
    said = [token.word for token in reader.rest if token.text not in {"=", "(", ")"}]
    if len(said) != 1 or said[0] not in _JOURNAL_MODES:
        raise reader.refused("it is no journal mode that survives a crash")
    return Addition(kind=Kind.JOURNAL_MODE, statement=f"PRAGMA journal_mode={said[0]}", name=said[0])


def _analyze(reader: _Reader) -> Addition:
    reader.takes("TABLE")
    table = reader.name() if reader.rest else ""
    if reader.rest:
        raise reader.refused("more than a table follows")
    return Addition(kind=Kind.ANALYZE, statement=reader.statement, table=table)


def _fill(reader: _Reader, earlier: list[Addition]) -> Addition | None:
    """Read the statement that fills a column which the same plan adds; None: it is another."""
    table = reader.name()
    if not reader.takes("SET"):
        return None
    name = reader.name()
    if not reader.takes("=") or "," in _outer(reader.rest):
        return None
    reader.harmless(reader.rest)
    backend = reader.backend
    own = {(name_of(one.table, backend), name_of(one.name, backend)) for one in earlier if one.kind is Kind.COLUMN}
    if (name_of(table, backend), name_of(name, backend)) not in own:
        return None
    return Addition(kind=Kind.FILL, statement=reader.statement, table=table, name=name)
