"""Why a request is refused at the door. Each has a `reason`, which the outcome ledger counts it under."""

from naosu.domain.errors import NaosuError
from naosu.domain.outcome import DataCategory, Outcome


class IngestError(NaosuError):
    """A refusal.

    Attributes:
        reason: Stable snake_case name for the ledger and the answer.
        outcome: Under which the ledger counts it.
        lost: What was refused with it, as far as it could be read: category and quantity.
    """

    code = "ingest.refused"
    status = 400
    outcome = Outcome.INVALID

    def __init__(self, message: str, *, reason: str, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.reason = reason
        self.lost: tuple[tuple[DataCategory, int], ...] = ((DataCategory.DEFAULT, 1),)


class MalformedReportError(IngestError):
    """The bytes are not what they claim to be. Not retryable."""

    code = "ingest.malformed"


class BodyTooLargeError(IngestError):
    """The body, or a part of it, is over a limit. Not retryable."""

    code = "ingest.too_large"
    status = 413
    outcome = Outcome.LIMITED


class UnsupportedEncodingError(IngestError):
    """The content encoding is unknown here, or stacked deeper than anybody needs. Not retryable."""

    code = "ingest.encoding_unsupported"
    status = 415


class UnsupportedKindError(IngestError):
    """A kind of report that this version does not take (minidumps …). Not retryable."""

    code = "ingest.kind_unsupported"
    status = 415
    outcome = Outcome.FILTERED


class CredentialsMissingError(IngestError):
    """No key came with the request, or several that differ. Not retryable."""

    code = "ingest.credentials_missing"
    status = 401


class CredentialsMalformedError(IngestError):
    """What came as a key, project or protocol version cannot be one. Not retryable."""

    code = "ingest.credentials_malformed"


class KeyRejectedError(IngestError):
    """The key is unknown, switched off, or of another project. Not retryable."""

    code = "ingest.key_rejected"
    status = 403


class MethodRefusedError(IngestError):
    """The route is not for this HTTP method. Not retryable."""

    code = "ingest.method_not_allowed"
    status = 405


class RateLimitedError(IngestError):
    """The project or key is over its rate. Retryable after `retry_after_s`.

    Attributes:
        limits_header: Text for ``X-Sentry-Rate-Limits``.
    """

    code = "ingest.rate_limited"
    status = 429
    retryable = True
    outcome = Outcome.LIMITED

    def __init__(self, message: str, *, reason: str, retry_after_s: int, limits_header: str) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s
        self.limits_header = limits_header


class OverloadedError(IngestError):
    """Naosu cannot take more at this instant. Retryable."""

    code = "ingest.overloaded"
    status = 503
    retryable = True
    outcome = Outcome.LIMITED
