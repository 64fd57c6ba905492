"""What makes a crash the same crash: its class, its key phrase and its site, whatever its line and whole text."""

import re
from collections.abc import Iterable

import msgspec

from naosu.domain.evidence import Crash, Raised
from naosu.domain.observation import Exchange, Observation
from naosu.repair.frames import key_phrase
from naosu.repair.log_lines import plain_lines
from naosu.repair.tracebacks import Chain, read_tracebacks

_CUT_OFF = re.compile(
    r"Connection ?refused|Network is unreachable|Name or service not known|name resolution|gaierror"
    r"|nodename nor servname|No route to host|All connection attempts failed",
    re.IGNORECASE,
)
_OF_INPUT = re.compile(
    r"'NoneType' object|^KeyError|^IndexError|^StopIteration|^NoResultFound|^DoesNotExist|FOREIGN KEY|UNIQUE constraint"
    r"|[Dd]uplicate (?:key|entry)"
)


class Signature(msgspec.Struct, frozen=True):
    """Class and key phrase of what surfaced.

    Attributes:
        name: The exception's class, without its module: libraries move their classes.
        phrase: The first line of its message, without what varies.
    """

    name: str
    phrase: str

    def __str__(self) -> str:
        return f"{self.name}: {self.phrase}" if self.phrase else self.name


def signature(chain: Chain) -> Signature:
    """Return the signature of what surfaced at the end of a chain."""
    return _of(chain[-1])


def signatures(crashes: Iterable[Crash]) -> frozenset[Signature]:
    """Return the signatures of what surfaced in these crashes."""
    return frozenset(signature(crash.chain) for crash in crashes)


def sites(crashes: Iterable[Crash]) -> frozenset[tuple[Signature, str, str]]:
    """Return signature, file and function of each crash: its innermost frame of the application's own, else of all."""
    return frozenset((signature(crash.chain), *_site(crash)) for crash in crashes)


def written_by(exchange: Exchange) -> tuple[Chain, ...]:
    """Return the tracebacks that the server wrote at one request."""
    return tuple(read_tracebacks(plain_lines(exchange.log)))


def is_same(chain: Chain, crash: Crash) -> bool:
    """Tell whether a traceback as it was printed is this crash: by its signature, and the function where it arose."""
    if signature(chain) != signature(crash.chain):
        return False
    file, function = _site(crash)
    frames = [frame for raised in chain for frame in raised.frames]
    return not (file and frames) or any(
        frame.function == function and frame.path.replace("\\", "/").endswith(file) for frame in frames
    )


def is_cut_off(signature: Signature) -> bool:
    """Tell whether a crash is only that a scratch copy has no network."""
    return bool(_CUT_OFF.search(str(signature)))


def due_to_made_up_input(after: Observation) -> frozenset[Signature]:
    """Return the signatures that come of asking for what is not there, where only made-up requests brought them out."""
    recorded = {signature(chain) for one in after.exchanges if not one.request.is_made_up for chain in written_by(one)}
    made_up = {signature(chain) for one in after.exchanges if one.request.is_made_up for chain in written_by(one)}
    return frozenset(kind for kind in made_up - recorded if _OF_INPUT.search(str(kind)))


def still_there(crashes: Iterable[Crash], after: Observation, before: Iterable[Observation]) -> tuple[Crash, ...]:
    """Return the crashes of a run that are the same fault as these.

    The same class and phrase elsewhere counts as well, for a fault may have moved; but not where it was before
    without being among these, for then it is a fault of its own.
    """
    wanted = tuple(crashes)
    known = sites(wanted)
    others = sites(crash for run in before for crash in run.crashes) - known
    kinds = signatures(wanted)
    return tuple(crash for crash in after.crashes if signature(crash.chain) in kinds and not sites((crash,)) <= others)


def new_crashes(after: Observation, before: Iterable[Observation], known: Iterable[Crash]) -> tuple[Crash, ...]:
    """Return the crashes of a run that were in none before.

    Those that only miss a network do not count, nor those that come of made-up requests for what is not there.
    """
    old = signatures((*known, *(crash for run in before for crash in run.crashes))) | due_to_made_up_input(after)
    return tuple(
        crash
        for crash in after.crashes
        if (kind := signature(crash.chain)) not in old and not is_cut_off(kind) and crash.last.type
    )


def described(crash: Crash) -> str:
    """Return a crash in one line: what, and where in the application."""
    file, function = _site(crash)
    return f"{signature(crash.chain)} ({file}, in {function})" if file else str(signature(crash.chain))


def _of(raised: Raised) -> Signature:
    return Signature(raised.name, key_phrase(raised.message))


def _site(crash: Crash) -> tuple[str, str]:
    frames = crash.own_frames or crash.last.frames
    return (frames[-1].source_path or frames[-1].path, frames[-1].function) if frames else ("", "")
