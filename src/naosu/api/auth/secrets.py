"""Random secrets, shown once and stored as SHA-256: they have 256 bits, so a slow hash would add nothing."""

import hashlib
import secrets

TOKEN_PREFIX = "naosu_"  # noqa: S105 - what all tokens begin with


def new_token() -> str:
    """Return a new API token, ``naosu_`` and 43 characters; secret scanners can find it by its prefix."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_secret() -> str:
    """Return a new session id, CSRF token or link token."""
    return secrets.token_urlsafe(32)


def sha256_of(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
