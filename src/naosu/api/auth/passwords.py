"""Passwords: argon2id, sized so that a sign-in costs a small server 19 MiB for some 30 ms."""

from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from naosu.domain.errors import InvalidInputError

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 1_000

# OWASP's second choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# One at a time: a flood of sign-ins then costs time, which the limiter bounds, and not memory.
_one_at_a_time = Lock()


class WeakPasswordError(InvalidInputError):
    """The password is too short or too long. Not retryable as it is."""

    code = "auth.weak_password"


def check_password_rules(password: str) -> None:
    """Refuse passwords that are too short or too long. Raises WeakPasswordError."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPasswordError(f"A password has at least {PASSWORD_LENGTH_MIN} characters.")
    if len(password) > PASSWORD_LENGTH_MAX:
        raise WeakPasswordError(f"A password has at most {PASSWORD_LENGTH_MAX} characters.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password that follows the rules. Raises WeakPasswordError."""
    check_password_rules(password)
    with _one_at_a_time:
        return _hasher.hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Say whether the password is the right one; takes as long when there is no account (None)."""
    if len(password) > PASSWORD_LENGTH_MAX:
        return False
    with _one_at_a_time:
        try:
            _hasher.verify(password_hash or _hash_of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(password_hash)


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("nobody has this password")
