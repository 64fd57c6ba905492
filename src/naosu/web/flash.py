"""What is said once, after a form was sent: the cookie names a message, so that nobody can put words in our mouth."""

import msgspec
from starlette.requests import Request

from naosu.web.i18n import mark

FLASH_COOKIE = "naosu_flash"

MESSAGES: dict[str, str] = {
    "resolved": mark("Resolved. If it comes back, it opens again as a regression."),
    "resolved_next": mark("Resolved in the next release. Events from releases that exist now do not reopen it."),
    "muted": mark("Muted. Its events are still counted."),
    "opened": mark("Opened again."),
    "merged": mark("Merged. Future events follow. It can be split again on the issue page."),
    "split": mark("Split off into this issue. Future events follow."),
    "nothing_picked": mark("Nothing was picked."),
    "merge_needs_two": mark("Pick at least two issues of one project to merge."),
    "project_created": mark("The project is ready. Send it a test error."),
    "project_saved": mark("Saved. It holds for events from now on."),
    "key_created": mark("A new key was made."),
    "key_changed": mark("The key was changed."),
    "redriven": mark("Put back into the inbox."),
    "dead_removed": mark("Removed for good."),
    "token_revoked": mark("Revoked. It opens nothing any more."),
    "account_created": mark("The account was made."),
    "account_saved": mark("The account was changed."),
    "password_changed": mark("Your password was changed, and other browsers were signed out."),
    "approved": mark("Approved. It runs as soon as its permit is granted."),
    "rejected": mark("Rejected. It will not run."),
    "repair_stopped": mark("All repairing is stopped."),
    "repair_goes_on": mark("Repairing goes on."),
    "signed_out": mark("You are signed out."),
}
_WARNINGS = frozenset({"nothing_picked", "merge_needs_two"})


class Flash(msgspec.Struct, frozen=True):
    """A message, in English: the page translates it. `kind` is ``good`` or ``warn``."""

    message: str
    kind: str


def flash_of(request: Request) -> Flash | None:
    """Return what the last form left to be said. None: nothing, or a name that is not ours."""
    name = request.cookies.get(FLASH_COOKIE, "")
    if name not in MESSAGES:
        return None
    return Flash(MESSAGES[name], "warn" if name in _WARNINGS else "good")
