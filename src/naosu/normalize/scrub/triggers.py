"""The prefilter: one Aho-Corasick pass over the folded bytes tells where a look is worth it."""

import json
from collections.abc import Iterable
from itertools import product

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from naosu.normalize.scrub.names import trigger_words

# Upper case folds to lower, and every digit to 0, so that numbers can be triggers too.
FOLD = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"0" * 9))

# What a trigger calls for, as bits, so that a string is only searched for what may be in it; an escape for nothing.
META, SECTION, CONTAINER, ESCAPE = -1, -2, -3, 0
NAME, SHAPE, SCHEME, AT, PERCENT, IP, CARD, DIGITS = (1 << bit for bit in range(8))

_WORDS = [
    *trigger_words(),
    "passw",
    "pwd",
    "connect.sid",
    "key_material",
    "ｐａｓｓ",
    "ＰＡＳＳ",
]
# Words too frequent in prose and code to look at each: only where a value may follow.
_BOUND_WORDS = [
    "session",
    "auth",
    "oauth",
    "jwt",
    "bearer",
    "pass",
    "pin",
    "sid",
    "otp",
    "cvv",
    "cvc",
    "cvv0",
    "ssn",
    "pw",
    "sig",
]
_BOUND_ENDS = ('"', "'", "\\", "=", " =", ":", "]", ">")
_SCHEMES = ("bearer ", "basic ", "bearer%00", "negotiate ", "ntlm ", "digest ", "token ")
_SHAPES = [
    "eyj",
    "akia",
    "asia",
    "abia",
    "acca",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "pk_test_",
    "whsec_",
    "aiza",
    "ya00.",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v0_",
    "shpat_",
    "shpca_",
    "shppa_",
    "shpss_",
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    '"sk-',
    "'sk-",
    "=sk-",
    "sq0atp-",
    "sq0csp-",
    "hooks.slack.com/services/",
    "-----begin",
    "identified by",
    "failing row contains (",
    "/api/webhooks/0",
    "/bot0",
    "curl ",
    "mysql -",
    "mysqldump ",
    "mysqladmin ",
    "mariadb -",
    "auth '",
]
_SHAPE_TAILS = ('"sg.', "'sg.", "=sg.", " sg.", " sk-", ":sk-")
# Members that tell where in an event a finding is: outermost ones, and containers within them.
_SECTIONS = [
    "exception",
    "threads",
    "request",
    "user",
    "breadcrumbs",
    "extra",
    "contexts",
    "tags",
    "logentry",
    "spans",
    "modules",
]
_CONTAINERS = ["headers", "env"]


_CARD_GROUPS = ("0000 0000 0000 0", "0000-0000-0000-0", "0000 000000 0000", "0000-000000-0000")


def _octets() -> Iterable[str]:
    """Give the two middle numbers of an IPv4 address."""
    return (f".{'0' * a}.{'0' * b}." for a, b in product((1, 2, 3), repeat=2))


def _hextets() -> Iterable[str]:
    """Give the first group of global (2000::/3), unique local (fc00::/7) and link-local (fe80::/10) IPv6 addresses."""
    tails = [a + b for a, b in product("0abcdef", repeat=2)]
    yield from (f"0{a}{tail}:" for a, tail in product("0abcdef", tails))
    yield from (f"f{a}{tail}:" for a, tail in product("cde", tails))


Match = tuple[int, int, int]


class Triggers:
    """Where secrets may be. Immutable once made, and safe to use from several threads.

    Attributes:
        kinds: What each pattern calls for.
        escapes: The patterns that find an escape.
        members: The name of the member that each pattern finds; empty for what is no section or container.
    """

    def __init__(self, *, emails: bool, ip_addresses: bool, fields: Iterable[str]) -> None:
        kinds: dict[str, int] = {'"_meta"': META, "\\/": ESCAPE, "\\u00": ESCAPE, "@": AT, "0" * 13: DIGITS}
        kinds.update(dict.fromkeys(_CARD_GROUPS, CARD))
        if emails:
            kinds["%00"] = PERCENT
        if ip_addresses:
            kinds.update(dict.fromkeys([*_octets(), *_hextets()], IP))
        kinds.update(dict.fromkeys([*_SHAPES, *_SHAPE_TAILS], SHAPE))
        names = [*_WORDS, *fields, *(word + end for word, end in product(_BOUND_WORDS, _BOUND_ENDS))]
        names += [json.dumps(name)[1:-1] for name in names if not name.isascii()]  # as many senders write them
        kinds.update({name.encode().lower().translate(FOLD).decode("utf-8", "replace"): NAME for name in names})
        kinds.update(dict.fromkeys(_SCHEMES, SCHEME | NAME))  # a scheme may also be a name: `token = …`
        for kind, members in ((SECTION, _SECTIONS), (CONTAINER, _CONTAINERS)):
            kinds.update({f'"{name}":{gap}{opener}': kind for name, gap, opener in product(members, ("", " "), "{[")})
        self.kinds = list(kinds.values())
        self.members = [p[1 : p.index('"', 1)] if kind in (SECTION, CONTAINER) else "" for p, kind in kinds.items()]
        self.escapes = frozenset(number for number, kind in enumerate(self.kinds) if kind == ESCAPE)
        self._automaton = BytesAhoCorasick(
            [pattern.encode() for pattern in kinds],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.DFA,
        )

    def find(self, payload: bytes) -> list[Match]:
        """Return what was found as ``(pattern, start, end)``, in order."""
        return self._automaton.find_matches_as_indexes(payload.translate(FOLD))
