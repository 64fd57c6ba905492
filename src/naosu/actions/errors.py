"""What can go wrong with an action."""

from naosu.domain.errors import InvalidInputError, NaosuError


class ActionFailedError(NaosuError):
    """An action was not done, or not wholly; its message says which. It may work later."""

    code = "action.failed"
    retryable = True


class ActionRefusedError(InvalidInputError):
    """An action's arguments are not understood, or ask for what it never does. Not retryable as it is."""

    code = "action.refused"
