"""What can be wrong with a payload."""

from naosu.domain.errors import NaosuError


class UnreadableReportError(NaosuError):
    """The payload is nothing that can be read: no JSON, or not of the kind that it claims. Not retryable as it is."""

    code = "report.unreadable"
    status = 400
