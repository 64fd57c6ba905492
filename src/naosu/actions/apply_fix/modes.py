"""How a plan is put in force."""

import msgspec


class Commit(msgspec.Struct, frozen=True, tag="commit"):
    """A commit on the current branch, and in the checkout."""


class Branch(msgspec.Struct, frozen=True, tag="branch"):
    """A commit on a new branch; checkout, settings and databases stay as they are."""

    name: str


class PatchFile(msgspec.Struct, frozen=True, tag="patch"):
    """A file that ``git apply`` takes; nothing else is touched."""

    path: str


class InPlace(msgspec.Struct, frozen=True, tag="in_place"):
    """In the source tree, without a commit."""


Mode = Commit | Branch | PatchFile | InPlace
