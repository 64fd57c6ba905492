"""Why someone is not let in."""

from naosu.domain.errors import NaosuError


class UnauthenticatedError(NaosuError):
    """No valid token or session came with the request. Not retryable as it is."""

    code = "auth.required"
    status = 401


class SignInFailedError(NaosuError):
    """Address and password do not fit, or the account is disabled; which of them is not said. Not retryable."""

    code = "auth.failed"
    status = 401


class ForbiddenError(NaosuError):
    """The caller's role does not cover the operation. Not retryable."""

    code = "auth.forbidden"
    status = 403


class CsrfError(NaosuError):
    """A browser's unsafe request without the token of its session, or from another site. Not retryable as it is."""

    code = "auth.csrf"
    status = 403


class TooManyAttemptsError(NaosuError):
    """Too many failed sign-ins for this address or from this peer. Retryable after `retry_after_s`."""

    code = "auth.too_many_attempts"
    status = 429
    retryable = True

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(f"Too many failed sign-ins. Try again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class LinkInvalidError(NaosuError):
    """The first-run link was used, has expired, or was never given. Not retryable."""

    code = "auth.link_invalid"
    status = 403
