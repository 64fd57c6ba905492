"""What a scratch copy can be refused for."""

from naosu.domain.errors import NaosuError


class SourceUnusableError(NaosuError):
    """The source tree is absent, too large, or holds no application that could be started. Not retryable as it is."""

    code = "scratch.source_unusable"
    status = 422


class CellFailedError(NaosuError):
    """The process that runs scratch copies itself failed, so nothing was measured. Retryable."""

    code = "scratch.cell_failed"
    status = 500
    retryable = True
