"""Which DSN key came with a request: any one of five places, and the same key in several is no contradiction."""

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

import msgspec

from naosu.ingest.errors import CredentialsMalformedError, CredentialsMissingError

_KEY = re.compile(r"[0-9a-fA-F]{32}\Z")
_FIELD = re.compile(r"\s*(?:sentry\s+)?([a-z_]+)\s*=\s*([^,]*)", re.IGNORECASE)
_PROTOCOL_VERSION_MAX = 8
_QUERY_FIELDS_MAX = 100


class Credentials(msgspec.Struct, frozen=True):
    """What one place said. `client` is the SDK's name and version, as far as it was sent."""

    public_key: str
    client: str = ""


def choose_key(
    *, sentry_auth: str = "", authorization: str = "", query_key: str = "", path_key: str = "", dsn: str = ""
) -> Credentials | None:
    """Return the credentials that came with a request, or None when there are none anywhere.

    Args:
        sentry_auth: Value of ``X-Sentry-Auth``.
        authorization: Value of ``Authorization``; schemes other than Sentry and Basic are none of ours.
        query_key: Value of ``?sentry_key=``.
        path_key: Key in the path (check-ins by plain HTTP).
        dsn: From the envelope header.

    Raises:
        CredentialsMissingError: Several places name different keys.
        CredentialsMalformedError: A key is not 32 hex digits, or the protocol version is unknown.
    """
    found: list[Credentials] = []
    if sentry_auth:
        found.append(_from_sentry_header(sentry_auth))
    if authorization:
        found += _from_authorization(authorization)
    found += [Credentials(to_key(text)) for text in (query_key, path_key) if text]
    if dsn:
        found.append(Credentials(key_of_dsn(dsn)))
    if not found:
        return None
    if any(other.public_key != found[0].public_key for other in found):
        raise CredentialsMissingError("Several keys came with the request, and they differ.", reason="several_keys")
    return found[0]


def to_key(text: str) -> str:
    """Return a public key in lower case. Raises CredentialsMalformedError."""
    if not _KEY.match(text):
        raise CredentialsMalformedError("A DSN key is 32 hex digits.", reason="malformed_key")
    return text.lower()


def key_of_dsn(dsn: str) -> str:
    """Return the public key in a DSN. Raises CredentialsMalformedError."""
    try:
        return to_key(urlsplit(dsn).username or "")
    except ValueError as error:
        raise CredentialsMalformedError("The DSN is not a URL.", reason="malformed_dsn") from error


def query_fields(query_string: bytes) -> dict[str, str]:
    """Return the query's fields; the last of a name counts, bytes that are not UTF-8 are replaced."""
    if not query_string:
        return {}
    text = query_string.decode("latin-1")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_QUERY_FIELDS_MAX))
    except ValueError as error:
        raise CredentialsMalformedError("The query has too many fields.", reason="malformed_query") from error


@lru_cache(maxsize=1024)  # an SDK sends the same header with each event
def _from_sentry_header(value: str) -> Credentials:
    fields = {name.lower(): text.strip().strip('"') for name, text in _FIELD.findall(value)}
    if "sentry_key" not in fields:
        raise CredentialsMissingError("The Sentry credentials have no sentry_key.", reason="key_missing")
    version = fields.get("sentry_version", "7").partition(".")[0]
    if not (version.isascii() and version.isdigit()) or len(version) > 2 or int(version) > _PROTOCOL_VERSION_MAX:  # noqa: PLR2004 - digits
        raise CredentialsMalformedError("The protocol version is unknown.", reason="malformed_version")
    return Credentials(to_key(fields["sentry_key"]), fields.get("sentry_client", "")[:100])


def _from_authorization(value: str) -> list[Credentials]:
    scheme, _, rest = value.partition(" ")
    match scheme.lower():
        case "sentry":
            return [_from_sentry_header(rest)]
        case "basic":
            try:
                name = base64.b64decode(rest.strip(), validate=True).decode("ascii").partition(":")[0]
            except (binascii.Error, ValueError) as error:
                raise CredentialsMalformedError("The Basic credentials are damaged.", reason="malformed_key") from error
            return [Credentials(to_key(name))]
        case _:
            return []  # a token of a proxy in front, say
