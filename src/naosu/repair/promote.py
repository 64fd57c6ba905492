"""How far a means of repair may go by itself, by what whoever runs the server wrote, and by its own record."""

from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import Mode


def mode_in_force(written: Mode, record: ActionRecord | None, *, promote_after: int) -> Mode:
    """Return the mode after promotion and demotion.

    One rollback demotes: what was *auto*, written so or promoted, asks again, until as many verified repairs in a row
    as promote it have been seen since. Where nothing is promoted, a demoted one asks until a person forgives it.
    *off* and *observe* are never promoted: only a person goes from watching to acting.

    Args:
        written: In naosu.yaml.
        record: In this installation, for this means, project and environment. None: it never ran.
        promote_after: Verified repairs in a row that promote. 0: nothing is promoted.
    """
    if written.reach < Mode.APPROVE.reach:
        return written
    streak_count = record.streak_count if record is not None else 0
    is_proven = promote_after > 0 and streak_count >= promote_after
    is_demoted = record is not None and record.demoted_at is not None
    if is_proven or (written is Mode.AUTO and not is_demoted):
        return Mode.AUTO
    return Mode.APPROVE
