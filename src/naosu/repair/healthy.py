"""Whether what was well before a repair is well after it, and as it was."""

from collections.abc import Iterator, Mapping, Sequence

from naosu.domain.observation import Exchange, Observation
from naosu.domain.repair import Check, Plan
from naosu.repair.answers import body_changes, did_stream, header_changes, status_change, streaming_change
from naosu.repair.expected import expectation_of, shortcomings
from naosu.repair.written import promised_lines, templates

_SERVER_FAULT = 500
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DETAILS_MAX = 6

Triple = tuple[Exchange, Exchange, Exchange]


def check_healthy(
    plan: Plan, *, baselines: Sequence[Observation], after: Observation, failing: frozenset[int]
) -> Iterator[Check]:
    """Yield what became of the requests that worked, and of the databases, the log and the tests.

    `failing` are the places of the requests that failed by the fault itself: they are to change.
    """
    first, second = baselines[:2]
    triples = tuple(zip(first.exchanges, second.exchanges, after.exchanges, strict=False))
    healthy = [(place, triple) for place, triple in enumerate(triples) if place not in failing and _was_well(triple)]
    if healthy:
        yield from _check_answers(plan, healthy, written_since=_first_write_that_changed(triples))
        yield from _check_log(plan, [triple for _, triple in healthy], after)
    asked = min(len(first.exchanges), len(second.exchanges))
    if len(after.exchanges) < asked:
        missing = f"expected: {asked} answers; only {len(after.exchanges)} came before time was up"
        yield Check(name="healthy_requests", ok=None, detail=missing)
    yield from _check_databases(baselines, after)
    yield from _check_tests(baselines, after)


def _was_well(triple: Triple) -> bool:
    first, second, _ = triple
    return first.status == second.status and 0 < first.status < _SERVER_FAULT and not (first.error or second.error)


def _first_write_that_changed(triples: Sequence[Triple]) -> int:
    """Return the place of the first writing request with another outcome than before: what it wrote shows later."""
    changed = (
        place
        for place, (first, _, after) in enumerate(triples)
        if first.request.method not in _SAFE and first.status != after.status
    )
    return next(changed, len(triples))


def _check_answers(plan: Plan, healthy: Sequence[tuple[int, Triple]], *, written_since: int) -> Iterator[Check]:
    answers: list[str] = []
    headers: list[str] = []
    streams: list[str] = []
    streamed = [triple for _, triple in healthy if did_stream(triple[0]) and did_stream(triple[1])]
    for place, triple in healthy:
        line = triple[0].request.line
        if _is_intended(plan, triple):
            continue
        said = _answer_changes(plan, triple, is_body_comparable=place < written_since)
        answers += [f"{line}: {change}" for change in said]
        if triple[0].status != triple[2].status:
            continue
        headers += [f"{line}: {change}" for change in header_changes(*triple, may_change=_may(plan, "headers"))]
        streams += [f"{line}: {change}" for change in [streaming_change(*triple)] if change]
    yield _check("healthy_requests", f"{len(healthy)} requests that worked are answered as before", answers)
    yield _check("headers", "their headers are as before", headers)
    if streamed:
        yield _check("streaming", "what was streamed is streamed", streams)


def _is_intended(plan: Plan, triple: Triple) -> bool:
    """Tell whether the plan expects an answer of its own here, and it came.

    Where it names no status, it speaks for requests with the same headers, and for those that we made up.
    """
    request = triple[0].request
    expected = expectation_of(plan.proof, request)
    if expected is None or shortcomings(expected, triple[2]):
        return False
    return expected.status is not None or request.is_made_up or request.headers == expected.request.headers


def _answer_changes(plan: Plan, triple: Triple, *, is_body_comparable: bool) -> Iterator[str]:
    first, _, after = triple
    if after.error and not after.status:
        yield f"it answered {first.status}, now nothing ({after.error})"
    elif after.error:
        yield f"it broke off: {after.error}"
    elif change := status_change(first, after):
        if not _may(plan, "status") or after.status >= _SERVER_FAULT:
            yield change
    elif is_body_comparable and not _may(plan, "body") and not _is_schema(first):
        yield from body_changes(*triple)


def _is_schema(exchange: Exchange) -> bool:
    """Tell whether this is the description of the API, which a repair of a model may rightly change."""
    return exchange.request.path.partition("?")[0].endswith("openapi.json")


def _may(plan: Plan, part: str) -> bool:
    return part in plan.proof.may_change


def _check_log(plan: Plan, healthy: Sequence[Triple], after: Observation) -> Iterator[Check]:
    promised = promised_lines(triple[0] for triple in healthy) & promised_lines(triple[1] for triple in healthy)
    if promised and not _may(plan, "log"):
        missing = sorted(promised - templates(after.log))
        yield _check("log_lines", "what used to be logged is logged", [f"missing: {line}" for line in missing])


def _check_databases(baselines: Sequence[Observation], after: Observation) -> Iterator[Check]:
    before = baselines[0]
    if before.schema:
        yield _check(
            "schema", "no table or column is lost, nor its type changed", list(_lost(before.schema, after.schema))
        )
    if before.row_counts:
        fewer = [
            f"{table} had {count} rows, now {after.row_counts.get(table, 0)}"
            for table, count in sorted(before.row_counts.items())
            if after.row_counts.get(table, 0) < count
        ]
        yield _check("row_counts", "no table has fewer rows", fewer)


def _lost(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for table, columns in sorted(before.items()):
        if table not in after:
            yield f"table {table} is missing"
            continue
        for column, kind in sorted(columns.items()):
            now = after[table].get(column)
            if now is None:
                yield f"column {table}.{column} is missing"
            elif now.upper() != kind.upper():
                yield f"column {table}.{column} was {kind}, now {now}"


def _check_tests(baselines: Sequence[Observation], after: Observation) -> Iterator[Check]:
    passed = [set(run.tests_passed) for run in baselines if run.tests_passed is not None]
    if not passed:
        return
    if after.tests_passed is None:
        yield Check(
            name="tests", ok=False, detail="expected: tests that passed still pass; but: they do not run any more"
        )
        return
    lost = sorted(set.intersection(*passed) - set(after.tests_passed))
    yield _check("tests", f"the {len(set.intersection(*passed))} tests that passed still pass", lost)


def _check(name: str, expected: str, wrong: Sequence[str]) -> Check:
    came = "; ".join(wrong[:_DETAILS_MAX]) + ("; …" if len(wrong) > _DETAILS_MAX else "")
    return Check(name=name, ok=not wrong, detail=f"expected: {expected}" + (f"; but: {came}" if wrong else ""))
