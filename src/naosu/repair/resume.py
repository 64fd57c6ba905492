"""What becomes of an attempt whose process died: the world is asked, and nothing is ever done a second time."""

from enum import StrEnum

from naosu.domain.attempt import Attempt, AttemptState


class Resume(StrEnum):
    """What to do with an attempt that was found as its process left it."""

    NOTHING = "nothing"
    ASK_FOR_PERMIT = "ask_for_permit"  # it did nothing yet
    VERIFY = "verify"  # it is applied: measure it
    ROLL_BACK = "roll_back"  # it may be applied in part: bring back what was, and prove it
    TELL_A_PERSON = "tell_a_person"  # it may be applied in part, and cannot be undone


def resume(attempt: Attempt, *, is_applied: bool | None) -> Resume:
    """Say how to go on.

    Args:
        attempt: As stored; nobody holds its lease.
        is_applied: What the target says of the plan. None: it cannot say, or it is applied in part.
    """
    if attempt.state in {AttemptState.PROPOSED, AttemptState.APPROVED}:
        return Resume.ASK_FOR_PERMIT
    if attempt.state.is_under_way:
        if is_applied:
            return Resume.VERIFY
        return Resume.ROLL_BACK if attempt.reversible else Resume.TELL_A_PERSON
    if attempt.state in {AttemptState.NOT_FIXED, AttemptState.WORSE, AttemptState.CANNOT_TELL} and not attempt.left:
        return Resume.ROLL_BACK if attempt.reversible and is_applied is not False else Resume.NOTHING
    return Resume.NOTHING
