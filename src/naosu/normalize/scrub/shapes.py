"""Secrets that show by their own shape, whatever they are called."""

import base64
import binascii
import re

FILTERED = "[Filtered]"

# Each vendor documents its prefix so that scanners can find leaked tokens; the lengths are the least that they issue.
_SHAPES = re.compile(
    r"""-----BEGIN[ A-Z0-9]*PRIVATE\ KEY(?:\ BLOCK)?-----(?:(?!-----END)[\s\S])*(?:-----END[ A-Z0-9]*-----)?
    | \beyJ[\w-]{8,}\.[\w-]{2,}(?:\.[\w-]*){0,3}
    | \b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b
    | \bgh[pousr]_[A-Za-z0-9]{20,}
    | \bgithub_pat_\w{22,}
    | \bglpat-[\w-]{16,}
    | \bxox[abeprs]-[\w-]{10,}
    | \bxapp-\d-[\w-]{10,}
    | \b[srp]k_(?:live|test)_[A-Za-z0-9]{10,}
    | \bwhsec_[A-Za-z0-9+/=]{16,}
    | \bAIza[\w-]{30,}
    | \bya29\.[\w-]{20,}
    | \bnpm_[A-Za-z0-9]{30,}
    | \bpypi-[\w-]{40,}
    | \bhf_[A-Za-z0-9]{30,}
    | \bdop_v1_[a-f0-9]{32,}
    | \bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{24,}
    | \bSG\.[\w-]{16,}\.[\w-]{16,}
    | \bsk-(?:ant-|proj-|svcacct-)?[\w-]{20,}
    | \bsq0(?:atp|csp)-[\w-]{20,}
    | (?<=hooks\.slack\.com/services/)[\w/]{20,}
    """,
    re.VERBOSE,
)
# What stands before a secret in statements, addresses and commands.
_PHRASES = re.compile(
    r"""(\bidentified\s{1,9}by\s{1,9}(?:password\s{1,9})?['"]
    | \bfailing\ row\ contains\ \((?=[^\n]*\))
    | \bdiscord(?:app)?\.com/api/webhooks/\d{1,30}/
    | /bot\d{1,20}:
    | \bcurl(?=\s)[^\n]{0,200}?\s(?:-u|--user)[\s=]['"]?[^\s:'"]{0,100}:
    | \b(?:mysql|mysqldump|mysqladmin|mariadb)\s(?:[^\n]{0,200}?\s)?-p(?=\S)
    | \bAUTH\s{1,9}(?:'[^'\n]{0,100}'\s{1,9})?'
    )(?!\[Filtered\])(?:(?<=contains\ \()[^\n]*(?=\))|[^\s'"/]+)""",
    re.VERBOSE | re.IGNORECASE,
)
_SCHEME = re.compile(
    r"\b(bearer|basic|negotiate|ntlm|token|apikey|digest)(\s+|%20)([A-Za-z0-9._~+/=-]{6,})", re.IGNORECASE
)
_USERINFO = re.compile(r"(://)([^\s/:@'\"<>\\?#]*):([^\s'\"<>]{1,256}?)@(?=[\w\[\]{%.$-])")
_LONE_USERINFO = re.compile(r"(://)([A-Za-z0-9_~+-]{20,})@(?=\w)")
_BEARER_MIN, _OPAQUE_MIN = 20, 16
_HAS_DIGIT = re.compile(r"\d")


def hide_shapes(text: str) -> str:
    """Replace tokens and key blocks that are known by their shape."""
    return _PHRASES.sub(lambda match: match[1] + FILTERED, _SHAPES.sub(FILTERED, text))


def hide_schemes(text: str) -> str:
    """Replace what follows ``Bearer``, ``Basic`` … where it looks like a credential and not like prose."""

    def replace(match: re.Match[str]) -> str:
        if not _is_credential(match[1].lower(), match[3]):
            return match[0]
        return f"{match[1]}{match[2]}{FILTERED}"

    return _SCHEME.sub(replace, text)


def _is_credential(scheme: str, value: str) -> bool:
    if scheme == "basic":
        try:
            return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
        except (binascii.Error, ValueError):
            return False
    if scheme == "bearer":
        return bool(_HAS_DIGIT.search(value)) or len(value) >= _BEARER_MIN
    return len(value) >= _OPAQUE_MIN and bool(_HAS_DIGIT.search(value)) and not value.isdigit()


def hide_userinfo(text: str) -> str:
    """Replace the password of ``scheme://user:password@host``, and a token that stands as the user's name."""

    def replace(match: re.Match[str]) -> str:
        if match[3] in (FILTERED, "") or "://" in match[3] or _is_port_and_path(match[3]):
            return match[0]
        return f"{match[1]}{match[2]}:{FILTERED}@"

    text = _USERINFO.sub(replace, text)
    return _LONE_USERINFO.sub(rf"\1{FILTERED}@", text)


def _is_port_and_path(value: str) -> bool:
    head, slash, _ = value.partition("/")
    return bool(slash) and head.isdigit()
