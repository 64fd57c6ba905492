"""Which requests to send to an application, to see its fault and to see that nothing else changed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from naosu.domain.evidence import FaultEvidence, WebRequest
from naosu.domain.observation import Described
from naosu.ports.fixer import SourceTree
from naosu.repair.made_up import Make
from naosu.repair.openapi import Operation, operations
from naosu.repair.probing import probes
from naosu.repair.source_routes import routes_in_source

REQUESTS_MAX = 25
_FAILED_MAX = 8
_RECORDED_MAX = 5
_READS_MAX = 6
_WRITES_MAX = 6
_REFUSED_MAX = 3
_AGAIN_MAX = 4
_SERVER_FAULT = 500
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DESTRUCTIVE = re.compile(
    r"(?:^|[/_?&=-])(?:delet|remov|destroy|drop|purge|reset|wipe|truncat|shutdown|restart|reboot|kill|terminat|flush"
    r"|revok|eras|deactivat|unsubscrib|logout|log-out|sign-?out|cancel|factory)",
    re.IGNORECASE,
)
_SHOWS_AGAIN = re.compile(
    r"IntegrityError|UNIQUE constraint|[Dd]uplicate (?:key|entry)|PendingRollback|transaction has been rolled back"
    r"|already (?:exists|begun)|Stream consumed"
)
_RUNS_OUT = re.compile(r"QueuePool limit|[Tt]oo many (?:open files|connections|clients)|connection slots are reserved")
_LEAKING_MAX = 3
_LEAKS = 16
_REQUEST_LINE = re.compile(r"\s*(?P<method>[A-Za-z]+)\s+(?P<path>/\S*)(?:\s+(?P<body>\S.*))?\s*$", re.DOTALL)


def parse_request(text: str) -> WebRequest | None:
    """Read a request as people write it: ``POST /orders {"item": 7}``. None: it is none."""
    found = _REQUEST_LINE.match(text)
    if found is None:
        return None
    body = found["body"].strip().encode() if found["body"] else None
    headers = (("content-type", _content_type(body)),) if body else ()
    return WebRequest(method=found["method"].upper(), path=found["path"], headers=headers, body=body)


def choose_requests(
    evidence: FaultEvidence,
    *,
    given: Sequence[WebRequest] = (),
    described: Described | None = None,
    source: SourceTree | None = None,
) -> tuple[WebRequest, ...]:
    """Return what to send, in order; at most 25, of which no more than `given` deletes or looks destructive.

    What only reads comes first, so that it can be compared whatever is written afterwards; then what was given, as it
    was given; then what writes, again where the fault is known to show only then; what should be refused; and last
    some of what reads again. What failed has the first claim on a place.

    Args:
        evidence: Whose requests are sent again.
        given: What the user wants to be sent.
        described: What the application says of itself.
        source: Where routes are looked up when it cannot say anything, since it does not start.
    """
    described = described or Described()
    if source is not None and not described.openapi and not described.routes:
        described = msgspec.structs.replace(described, routes=routes_in_source(source))
    known = operations(described)
    harmless = [request for request in evidence.requests if _is_harmless(request)]
    failed = [request for request in harmless if request.status >= _SERVER_FAULT][:_FAILED_MAX]
    recorded = [request for request in harmless if request.status < _SERVER_FAULT]
    if any(request.body is not None and not request.is_made_up for request in failed):
        recorded = [request for request in recorded if request.path != failed[0].path]
    told = [*failed, *recorded[:_RECORDED_MAX]]
    values = _seen_values(known, [*given, *told])
    reads = _reads(told, known, values)
    if described.openapi or described.framework == "fastapi":
        reads.append(WebRequest(method="GET", path="/openapi.json", is_made_up=True))
    told_of = " ".join(f"{raised.type} {raised.message}" for crash in evidence.crashes for raised in crash.chain)
    if _RUNS_OUT.search(told_of):
        reads = _until_it_runs_out(reads)
    writes = list(_writes(told, known, values, again=bool(_SHOWS_AGAIN.search(told_of))))
    refused = list(_refused(told, known))[:_REFUSED_MAX]
    again = _again(given, reads) if writes or any(request.method not in _SAFE for request in given) else []
    parts = {
        "reads": [*reads, *probes([*given, *reads], known)],
        "given": [*given],
        "writes": writes,
        "refused": refused,
        "again": again,
    }
    return _within(parts)


def _within(parts: dict[str, list[WebRequest]]) -> tuple[WebRequest, ...]:
    """Return all in the order of sending, as many as may be: the least telling are left out first."""
    for name, kept_min in (("again", 2), ("refused", 0), ("reads", 2), ("writes", 2), ("given", 0)):
        surplus = max(sum(map(len, parts.values())) - REQUESTS_MAX, 0)
        parts[name] = parts[name][: max(len(parts[name]) - surplus, kept_min)]
    return tuple(request for requests in parts.values() for request in requests)[:REQUESTS_MAX]


def _reads(told: Sequence[WebRequest], known: Sequence[Operation], values: Mapping[str, str]) -> list[WebRequest]:
    recorded = [request for request in told if request.method in _SAFE]
    made = [
        operation.request(known=values)
        for operation in known
        if operation.method == "GET" and _is_harmless_path(operation.template)
        if not any(operation.pattern.match(request.path) for request in recorded)
    ]
    return [*recorded, *sorted(made, key=lambda request: request.path.count("/"))[:_READS_MAX]]


def _until_it_runs_out(reads: Sequence[WebRequest]) -> list[WebRequest]:
    """Repeat what was recorded as often as pools of usual sizes bear: a leak shows only then."""
    recorded = [request for request in reads if not request.is_made_up][:_LEAKING_MAX]
    repeated = recorded * (_LEAKS // max(len(recorded), 1))
    return [*repeated, *(request for request in reads if request not in recorded)]


def _writes(
    told: Sequence[WebRequest], known: Sequence[Operation], values: Mapping[str, str], *, again: bool
) -> Iterator[WebRequest]:
    """Yield requests that write: what was recorded, each once more where that may matter, then some made up."""
    recorded = [request for request in told if request.method not in _SAFE]
    for request in recorded:
        filled = list(_filled(request, known))
        yield from filled
        if again and request.method == "POST":
            yield msgspec.structs.replace(filled[0], is_made_up=True)
    covered = [request.path for request in recorded]
    made = [
        operation.request(known=values)
        for operation in known
        if operation.method in ("POST", "PUT", "PATCH") and _is_harmless_path(operation.template)
        if operation.body is not None or not operation.content_type
        if operation.document and not any(operation.pattern.match(path) for path in covered)
    ]
    yield from made[:_WRITES_MAX]


def _filled(request: WebRequest, known: Sequence[Operation]) -> Iterator[WebRequest]:
    """Yield a recorded request; where its body was not, with bodies that its schema allows."""
    operation = _operation_of(request, known)
    if request.body is not None or operation is None or operation.body is None:
        yield request
        return
    made = [operation.request(make, path=request.path) for make in (Make.LEAST, Make.WHOLE, Make.POOR)]
    for one in dict.fromkeys(made):
        yield msgspec.structs.replace(one, status=request.status)


def _refused(told: Sequence[WebRequest], known: Sequence[Operation]) -> Iterator[WebRequest]:
    """Yield requests that ought to be refused politely: many faults are in what handles errors."""
    paths = [request.path for request in told if request.method not in _SAFE]
    taking = [one for one in known if one.body is not None and _is_harmless_path(one.template)]
    taking.sort(key=lambda one: not any(one.pattern.match(path) for path in paths))
    for operation in taking[:1]:
        whole = operation.request()
        yield operation.request(Make.POOR)
        yield msgspec.structs.replace(whole, body=None, headers=())
        yield operation.request(Make.WRONG)
    for operation in taking:
        fields = operation.first_fields()
        if operation.method == "PATCH" and len(fields) > 1:
            yield operation.partial(fields[0])


def _again(given: Sequence[WebRequest], reads: Sequence[WebRequest]) -> list[WebRequest]:
    recorded = [request for request in (*given, *reads) if request.method == "GET"]
    return list(dict.fromkeys(sorted(recorded, key=lambda request: request.is_made_up)))[:_AGAIN_MAX]


def _seen_values(known: Sequence[Operation], requests: Iterable[WebRequest]) -> dict[str, str]:
    """Return the values that path parameters had in requests that were answered, by name; the best answered first."""
    seen: dict[str, list[str]] = defaultdict(list)
    for request in sorted(requests, key=lambda one: one.status or _SERVER_FAULT):
        operation = _operation_of(request, known, any_method=True)
        found = operation.pattern.match(request.path) if operation else None
        for name, value in (found.groupdict() if found else {}).items():
            seen[name].append(value)
    return {name: values[0] for name, values in seen.items()}


def _operation_of(request: WebRequest, known: Sequence[Operation], *, any_method: bool = False) -> Operation | None:
    matching = [
        one for one in known if (any_method or one.method == request.method) and one.pattern.match(request.path)
    ]
    return min(matching, key=lambda one: one.template.count("{"), default=None)


def _is_harmless(request: WebRequest) -> bool:
    return request.method not in ("DELETE", "CONNECT", "TRACE") and _is_harmless_path(request.path)


def _is_harmless_path(path: str) -> bool:
    return not _DESTRUCTIVE.search(path)


def _content_type(body: bytes) -> str:
    return "application/json" if body[:1] in (b"{", b"[", b'"') else "application/x-www-form-urlencoded"
