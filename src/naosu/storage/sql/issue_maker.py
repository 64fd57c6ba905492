"""Making fingerprints that nobody knew, and their issues, many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from naosu.domain.issue import IssueStatus
from naosu.ports.store.digest import DigestedEvent
from naosu.storage.facets import TITLE_CHARS_MAX, clean
from naosu.storage.kin import FingerprintKey, Pinned
from naosu.storage.sql import statements, tables
from naosu.storage.sql.cache import KnownFingerprint
from naosu.storage.sql.column_types import CATEGORY_CODES, LEVEL_CODES, SEVERITY_CODES, STATUS_CODES, to_micros
from naosu.storage.sql.tallies import encode_json


@dataclass(eq=False)
class Home:
    """Where some fingerprints belong.

    Attributes:
        issue_id: None: it has to be made.
        pinned: As in `Pinned`, for what is new in it.
        maker: Its first event, for which it is made and after which it is named. None: nothing came yet.
    """

    issue_id: int | None = None
    pinned: int = Pinned.NO
    maker: DigestedEvent | None = None


class IssueMaker:
    """Makes issues of projects that the caller holds locked."""

    def __init__(self, connection: Connection, known: Mapping[FingerprintKey, KnownFingerprint]) -> None:
        self._connection = connection
        self._known = known

    def make(self, missing: Mapping[FingerprintKey, DigestedEvent], homes: Mapping[FingerprintKey, Home]) -> list[int]:
        """Store the missing fingerprints, and return the ids of issues that were made for them."""
        given = dict(homes)
        mine: dict[FingerprintKey, Home] = {}
        for key, digested in missing.items():
            home = self._home(key, digested, given.get(key, Home()), mine)
            home.maker = home.maker or digested
            if key in given and home is not given[key] and home.pinned != Pinned.SPLIT:
                # All its family goes where the older algorithm's fingerprint, made just now, is.
                family = given[key]
                given |= {other: home for other, its in given.items() if its is family}
            mine[key] = home
        made = self._make_issues([home for home in dict.fromkeys(mine.values()) if home.issue_id is None])
        rows = [_fingerprint_row(key, digested, mine[key]) for key, digested in missing.items()]
        statements.INSERT_FINGERPRINTS.run(self._connection, rows)
        return made

    def _home(
        self, key: FingerprintKey, digested: DigestedEvent, home: Home, earlier: Mapping[FingerprintKey, Home]
    ) -> Home:
        """Return that of its family, else of what older algorithms made of it before, else a new one."""
        if home.issue_id is not None or home.maker is not None:
            return home
        for name in digested.grouping.previous:
            older = (key[0], name)
            if (known := self._known.get(older)) is not None:
                if known.pinned == Pinned.SPLIT:
                    return Home(known.issue_id, known.pinned)
                home.issue_id, home.pinned = known.issue_id, known.pinned
                return home
            if older in earlier:
                return earlier[older]
        return home

    def _make_issues(self, homes: list[Home]) -> list[int]:
        by_project: dict[int, list[Home]] = {}
        for home in homes:
            if home.maker is not None:
                by_project.setdefault(home.maker.event.project_id, []).append(home)
        made: list[int] = []
        for project_id, new in sorted(by_project.items()):
            first = self._take_numbers(project_id, len(new))
            statements.INSERT_ISSUES.run(self._connection, list(_issue_rows(new, first)))
            column = tables.issue.c
            mine = (column.project_id == project_id, column.number >= first)
            ids = self._connection.scalars(select(column.id).where(*mine).order_by(column.number)).all()
            for home, issue_id in zip(new, ids, strict=True):
                home.issue_id = issue_id
            made += ids
        return made

    def _take_numbers(self, project_id: int, count: int) -> int:
        """Return the first of so many numbers that no issue of the project ever had."""
        column = tables.project.c
        taking = update(tables.project).where(column.id == project_id)
        last: int = self._connection.execute(
            taking.values(last_issue_number=column.last_issue_number + count).returning(column.last_issue_number)
        ).scalar_one()
        return last - count + 1


def _issue_rows(homes: Iterable[Home], first_number: int) -> Iterable[tuple[Any, ...]]:
    for number, home in enumerate(homes, first_number):
        digested = home.maker
        assert digested is not None  # noqa: S101 -- `make` gave it one
        grouping, event = digested.grouping, digested.event
        title, culprit = clean(grouping.title, TITLE_CHARS_MAX), clean(grouping.culprit, TITLE_CHARS_MAX)
        received_us = to_micros(event.received_at)
        yield (
            event.project_id,
            number,
            title,
            culprit,
            title.casefold(),
            culprit.casefold(),
            LEVEL_CODES[event.level],
            clean(event.platform, TITLE_CHARS_MAX),
            CATEGORY_CODES[digested.classification.category],
            SEVERITY_CODES[digested.classification.severity],
            encode_json(digested.classification),
            STATUS_CODES[IssueStatus.OPEN],
            received_us,
            received_us,
            0,
            0,
            0,
            "",
            "",
            "",
            False,
        )


def _fingerprint_row(key: FingerprintKey, digested: DigestedEvent, home: Home) -> tuple[Any, ...]:
    received_us = to_micros(digested.event.received_at)
    return (
        *key,
        home.issue_id,
        0,
        received_us,
        received_us,
        clean(digested.grouping.title, TITLE_CHARS_MAX),
        encode_json(digested.grouping.parts),
        encode_json(digested.classification),
        encode_json(digested.event.scrubbed),
        int(home.pinned),
    )
