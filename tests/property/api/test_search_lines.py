"""Search lines, cursors and slugs: any text is either understood or refused by name."""

import contextlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from naosu.api.sentry.event_shapes import entries_of
from naosu.api.sentry.paging import OFFSET_MAX, offset_of
from naosu.api.sentry.release_shapes import short_version
from naosu.api.slugs import checked_slug, slug_for, slug_of
from naosu.domain.errors import InvalidInputError
from naosu.domain.issue_query import TERM_COUNT_MAX, QuerySyntaxError, parse_query

NOW = datetime(2026, 11, 22, tzinfo=UTC)
pieces = st.sampled_from(
    [
        "is:",
        "level:",
        "!",
        "[",
        "]",
        '"',
        ",",
        ":",
        "error",
        "unresolved",
        "lastSeen:",
        "user:",
        "id:",
        "sort:",
        "events",
        "error.handled:",
        "true",
        "-1h",
        " ",
    ]
)
lines = st.one_of(st.text(max_size=80), st.lists(pieces, max_size=20).map("".join))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "values",
                    "frames",
                    "type",
                    "value",
                    "stacktrace",
                    "lineno",
                    "vars",
                    "context_line",
                    "pre_context",
                    "in_app",
                    "message",
                    "timestamp",
                    "data",
                    "headers",
                    "query_string",
                    "cookies",
                    "mechanism",
                    "formatted",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)
payloads = st.dictionaries(
    st.sampled_from(["exception", "threads", "stacktrace", "logentry", "message", "breadcrumbs", "request"]),
    json_values,
)


@given(lines)
def test_a_search_line_is_understood_or_refused(line):
    try:
        query = parse_query(line, now=NOW, project_id_of=lambda _ref: 1)
    except QuerySyntaxError:
        return
    assert len(query.terms) + len(query.words) <= TERM_COUNT_MAX
    assert all(term.values for term in query.terms)
    assert all(query.words)


@given(st.text(max_size=30))
def test_an_offset_is_never_negative_nor_without_end(cursor):
    with contextlib.suppress(InvalidInputError):
        assert 0 <= offset_of(cursor) <= OFFSET_MAX


@given(st.text(max_size=60), st.sets(st.text(max_size=5)))
def test_every_name_gets_a_slug_that_is_one(name, taken):
    slug = slug_for(name, wanted=None, taken=taken)
    assert checked_slug(slug) == slug
    assert slug == slug_of(name) or slug.startswith("project")


@given(payloads)
def test_entries_can_be_made_of_any_payload(payload):
    kinds = [entry["type"] for entry in entries_of(payload)]
    assert len(kinds) == len(set(kinds))


@given(st.text(min_size=1, max_size=60))
def test_a_short_version_is_never_empty(version):
    assert short_version(version)
