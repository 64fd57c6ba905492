"""The root of every error that Naosu raises, and those that more than one stage raises."""

from typing import ClassVar


class NaosuError(Exception):
    """Something that a caller can act on.

    Attributes:
        code: Stable name, ``area.reason``: it stands in API answers, logs and docs/reference/errors.md.
        status: HTTP status with which the API answers it.
        retryable: Whether the same call may work later, unchanged.
        mend: What the reader can do about it, in a sentence. Empty: the message says it all.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class NotFoundError(NaosuError):
    """The named thing does not exist, or is not visible to the caller. Not retryable."""

    code = "not_found"
    status = 404


class ConflictError(NaosuError):
    """The request contradicts what is stored (a taken name, a stale revision). Not retryable as it is."""

    code = "conflict"
    status = 409


class InvalidInputError(NaosuError):
    """A value that a person or client gave cannot be used. Not retryable as it is."""

    code = "input.invalid"
    status = 422


class StoreUnavailableError(NaosuError):
    """The store cannot be reached, is locked, or its disk is full. Retryable."""

    code = "store.unavailable"
    status = 503
    retryable = True
