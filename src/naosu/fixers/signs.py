"""What evidence says: crashes by exception class and key phrase, lines of the log, and what people read of them."""

import re
from collections.abc import Iterable, Sequence

from naosu.domain.evidence import CodeFrame, Crash, FaultEvidence, WebRequest
from naosu.domain.repair import Expectation
from naosu.ports.fixer import Workplace

SERVER_ERROR = 500


def crashes_of(work: Workplace) -> tuple[Crash, ...]:
    """Return all crashes: those given, then those of the run as it is, each once."""
    seen: dict[tuple[str, str, tuple[tuple[str, int], ...]], Crash] = {}
    for crash in (*work.evidence.crashes, *work.baseline.crashes):
        frames = tuple((frame.source_path, frame.line) for frame in crash.own_frames)
        seen.setdefault((crash.last.type, crash.last.message, frames), crash)
    return tuple(seen.values())


def crashes_with(work: Workplace, phrase: str, *names: str) -> tuple[Crash, ...]:
    """Return the crashes with an exception of one of these names whose message has a phrase (a pattern)."""
    pattern = re.compile(phrase)
    return tuple(
        crash
        for crash in crashes_of(work)
        if any((not names or raised.name in names) and pattern.search(raised.message) for raised in crash.chain)
    )


def log_lines(evidence: FaultEvidence, pattern: str, most: int = 3) -> tuple[str, ...]:
    """Return the first lines of the log in which a pattern is found."""
    found = (line.strip() for line in evidence.log.splitlines() if re.search(pattern, line))
    return tuple(line[:200] for line, _ in zip(found, range(most), strict=False))


def told(crash: Crash) -> tuple[str, ...]:
    """Return what a crash says, for a person: the exception, and where in the application."""
    last = crash.last
    line = f"{last.type}: {last.message.splitlines()[0] if last.message else ''}"[:200]
    return (line, *(place_of_frame(frame) for frame in crash.own_frames[-1:]))


def place_of_frame(frame: CodeFrame) -> str:
    """Return ``path:line in function: code``."""
    return f"{frame.source_path}:{frame.line} in {frame.function}: {frame.code}".rstrip(": ")


def gone(phrase: str) -> tuple[str, ...]:
    """Return the patterns that must not come again."""
    return (phrase,)


def failed_requests(work: Workplace) -> tuple[WebRequest, ...]:
    """Return the requests that were answered with a server's error, in the evidence or in the run as it is."""
    failed = [
        exchange.request for exchange in work.baseline.exchanges if exchange.status >= SERVER_ERROR or exchange.error
    ]
    failed += [request for request in work.evidence.requests if request.status >= SERVER_ERROR]
    failed = [request for request in failed if not request.is_made_up] or failed
    return tuple({(one.method, one.path, one.headers, one.body): one for one in failed}.values())


def answered(requests: Iterable[WebRequest], status: tuple[int, int] | None = None) -> tuple[Expectation, ...]:
    """Return the expectation that requests are answered; without a status, by anything but a server's error."""
    return tuple(Expectation(request=request, status=status) for request in requests)


def first_line(texts: Sequence[str]) -> str:
    """Return the first of some lines, or nothing."""
    return texts[0] if texts else ""
