"""Why a plan was not put in force."""

from naosu.domain.errors import ConflictError, InvalidInputError, NaosuError


class PlanVoidError(ConflictError):
    """The target changed since the plan was made, or already is what the plan would make it. Not retryable."""

    code = "plan.void"


class PlanRefusedError(InvalidInputError):
    """The plan asks for what is never done: to leave the source tree, follow a link, run other than additive SQL."""

    code = "plan.refused"


class PlanFailedError(NaosuError):
    """Putting the plan in force failed half-way, and what was done was undone. Not retryable as it is.

    Attributes:
        left: What is not as it was before. Empty: everything is.
    """

    code = "plan.failed"

    def __init__(self, message: str, *, left: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.left = left
