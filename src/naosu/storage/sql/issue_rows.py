"""Reading issues."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select

from naosu.domain.classification import Classification
from naosu.domain.errors import NotFoundError
from naosu.domain.issue import Issue
from naosu.storage.sql import tables

_COLUMNS = tuple(name for name in Issue.__struct_fields__ if name not in {"project_slug", "classification"})

ISSUES: Select[*tuple[Any, ...]] = select(
    *(tables.issue.c[name] for name in _COLUMNS),
    tables.project.c.slug.label("project_slug"),
    tables.issue.c.classification,
).join(tables.project, tables.project.c.id == tables.issue.c.project_id)

decode_classification = msgspec.json.Decoder(Classification).decode


def issue_of(row: Row[*tuple[Any, ...]]) -> Issue:
    """Return the issue in a row of `ISSUES`."""
    fields = row._asdict()
    fields["classification"] = decode_classification(fields["classification"])
    return Issue(**fields)


def read_issue(connection: Connection, issue_id: int, *, lock: bool = False) -> Issue:
    """Return one issue. Raises NotFoundError."""
    wanted = ISSUES.where(tables.issue.c.id == issue_id)
    if lock:
        wanted = wanted.with_for_update(of=tables.issue)
    row = connection.execute(wanted).one_or_none() if abs(issue_id) < 2**63 else None
    if row is None:
        raise NotFoundError(f"There is no issue {issue_id}.")
    return issue_of(row)
