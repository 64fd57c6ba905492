"""E-mail and IP addresses become stable pseudonyms: distinct people stay countable, and nobody is named."""

import ipaddress
import re
from hashlib import blake2b

_EMAIL = re.compile(
    r"([A-Za-z0-9_][\w.+-]{0,63})(@|%40)((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24})(?![\w-])"
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9a-fA-F:.]{3,45}(?![\w:]))(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F.]{0,15}")
# `Chrome/128.0.0.0`, `v1.4.2.0`, `Version=6.0.0.0`, `foo==1.2.3.4`: four numbers that are no address.
_VERSION_BEFORE = re.compile(r"(?:[A-Z][A-Za-z]+/|(?i:version|release|build|ver|rev)\W{0,4}|[=~<>]=\s?)\Z")
_OCTET_MAX = 255
_KNOWN_MAX = 4096
_IPV4_DOTS, _IPV6_COLONS = 3, 2
_FILE_SUFFIX = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|css|js|mjs|py|rb|go|html?)\Z", re.IGNORECASE)


class Pseudonyms:
    """Turns addresses into ``[email:3f2a9c1b]`` and ``[ip:…]``, the same for the same address and key."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]
        self._known: dict[str, str] = {}

    def of(self, kind: str, address: str) -> str:
        """Return the pseudonym of an address; letters' case and escaping make no difference."""
        found = self._known.get(address)
        if found is None:
            plain = address.replace("%40", "@").lower()
            digest = blake2b(plain.encode("utf-8", "surrogatepass"), key=self._key, digest_size=4).hexdigest()
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            found = self._known[address] = f"[{kind}:{digest}]"
        return found


def hide_emails(text: str, pseudonyms: Pseudonyms) -> str:
    """Replace every e-mail address; ``shop@1.4.2``, decorators and image names such as ``a@2x.png`` stay."""

    def replace(match: re.Match[str]) -> str:
        if _FILE_SUFFIX.search(match[3]):
            return match[0]
        return pseudonyms.of("email", match[0])

    return _EMAIL.sub(replace, text)


def hide_ips(text: str, pseudonyms: Pseudonyms) -> str:
    """Replace every IPv4 and IPv6 address but loopback and unspecified ones; version numbers stay."""
    if text.count(".") >= _IPV4_DOTS:
        text = _IPV4.sub(lambda match: _hidden_ipv4(match, pseudonyms), text)
    if text.count(":") >= _IPV6_COLONS:
        text = _IPV6.sub(lambda match: _hidden_ipv6(match, pseudonyms), text)
    return text


def _hidden_ipv4(match: re.Match[str], pseudonyms: Pseudonyms) -> str:
    address = match[0]
    if address.startswith(("127.", "0.")):
        return address
    for number in address.split("."):
        if int(number) > _OCTET_MAX or (len(number) > 1 and number[0] == "0"):
            return address
    if _VERSION_BEFORE.search(match.string, max(0, match.start() - 24), match.start()):
        return address
    return pseudonyms.of("ip", address)


def _hidden_ipv6(match: re.Match[str], pseudonyms: Pseudonyms) -> str:
    written = match[0].removesuffix(".")
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return match[0]
    if address.is_loopback or address.is_unspecified:
        return match[0]
    return pseudonyms.of("ip", str(address)) + match[0][len(written) :]
