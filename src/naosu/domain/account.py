"""Who may use the server, and how much of it."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """Each role may do all that the one before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Say whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person. `password_hash` is argon2id."""

    id: int
    email: str
    role: Role
    password_hash: str
    language: str = ""
    created_at: datetime
    disabled: bool = False


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token for scripts; only its SHA-256 is stored."""

    id: int
    name: str
    role: Role
    token_sha256: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked: bool = False


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser; only the SHA-256 of its id is stored."""

    session_sha256: str
    account_id: int
    csrf_token: str
    created_at: datetime
    expires_at: datetime
