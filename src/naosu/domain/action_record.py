"""What became of one means of repair in this installation, from which it is promoted and demoted."""

from datetime import datetime

import msgspec

from naosu.domain.attempt import AttemptState


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for one means of repair, in one environment of one project.

    Attributes:
        means: The action, and the fixer that planned: ``apply_fix/missing_index``.
        fixed_count, failed_count, rolled_back_count: Since the beginning. Failed: any other verdict than *fixed*.
        streak_count: Verified repairs since the last rollback or failure.
        demoted_at: The last rollback. None: there was none.
    """

    means: str
    project_id: int = 0
    environment: str = ""
    fixed_count: int = 0
    failed_count: int = 0
    rolled_back_count: int = 0
    streak_count: int = 0
    demoted_at: datetime | None = None

    def counted(self, state: AttemptState, *, now: datetime) -> "ActionRecord":
        """Return it with one attempt's new state counted; states that are no outcome change nothing."""
        if state is AttemptState.FIXED:
            return msgspec.structs.replace(self, fixed_count=self.fixed_count + 1, streak_count=self.streak_count + 1)
        if state is AttemptState.ROLLED_BACK:
            return msgspec.structs.replace(
                self, rolled_back_count=self.rolled_back_count + 1, streak_count=0, demoted_at=now
            )
        if state in {AttemptState.NOT_FIXED, AttemptState.WORSE, AttemptState.CANNOT_TELL}:
            return msgspec.structs.replace(self, failed_count=self.failed_count + 1, streak_count=0)
        return self
