"""Parameters of Sentry's API."""

from typing import Annotated

from fastapi import Depends, Path, Query, params

from naosu.api.parameters import ID_MAX

Organization = Annotated[
    str,
    Path(
        max_length=100,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Any slug: there is one organization.",
        examples=["naosu"],
    ),
]
SentryCursor = Annotated[str | None, Query(max_length=500, description="From the `Link` header of the page before.")]
PerPage = Annotated[int, Query(ge=1, le=100, description="Entries in a page.")]
StatsPeriod = Annotated[
    str | None,
    Query(
        alias="statsPeriod",
        max_length=10,
        pattern=r"^([0-9]{1,9}[smhdw])?$",
        description="Any period, as `1h` or `14d`.",
    ),
]
IssueIds = Annotated[list[Annotated[int, Query(ge=1, le=ID_MAX)]], Query(max_length=1_000)]


async def _organization(organization: Organization) -> None:
    """Any slug will do."""


def any_organization(prefix: str) -> list[params.Depends]:
    """Return the dependency that takes a path's organization, for prefixes that have one."""
    return [Depends(_organization)] if "{organization}" in prefix else []
