"""What migration tools write down of what was run: the only rows that a plan may write."""

import re
from collections.abc import Sequence

from naosu.actions.apply_fix.sql_tokens import Token, name_of

MARK_TABLES = {"alembic_version": ("version_num",), "django_migrations": ("app", "name")}
_ALEMBIC_SET = re.compile(
    r"UPDATE alembic_version SET version_num = (?P<new>\S+) WHERE (?:alembic_version \. )?version_num = (?P<old>\S+)"
)
_ALEMBIC_ADD = re.compile(
    r"INSERT INTO alembic_version \( version_num \) VALUES \( (?P<new>\S+) \)"
    r"(?: RETURNING (?:alembic_version \. )?version_num)?"
)
_ALEMBIC_REMOVE = re.compile(r"DELETE FROM alembic_version WHERE (?:alembic_version \. )?version_num = (?P<old>\S+)")
_DJANGO_ADD = re.compile(
    r"INSERT INTO django_migrations \( app , name , applied \) VALUES \( (?P<app>\S+) , (?P<new>\S+) ,"
    r" (?:'[^']*'|CURRENT_TIMESTAMP|now \( \)|datetime \( 'now' \)) \)"
    r"(?: RETURNING (?:django_migrations \. )?id)?"
)
_REVISION = re.compile(r"'\w[\w.-]*'")


def read_mark(tokens: Sequence[Token], backend: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Return the table of the mark, the row that it makes and the one that it takes away. None: it is no mark."""
    text = " ".join(name_of(token.text, backend) if token.kind == "quoted" else token.text for token in tokens)
    for form in (_ALEMBIC_SET, _ALEMBIC_ADD, _ALEMBIC_REMOVE, _DJANGO_ADD):
        found = form.fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        if not all(_REVISION.fullmatch(value) for value in parts.values()):
            return None
        new = tuple(parts[name] for name in ("app", "new") if name in parts)
        old = (parts["old"],) if "old" in parts else ()
        return ("django_migrations" if form is _DJANGO_ADD else "alembic_version", new, old)
    return None
