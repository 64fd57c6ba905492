"""The record of everything that Naosu did or was told about repairs: entries in a chain, each sealing the one before.

Whoever changes, removes or reorders an entry breaks the chain from there on. Whoever can write to the store could
make the whole chain anew; against that, note the head (`naosu audit verify` prints it) where they cannot write.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

START = "0" * 64
"""What the first entry seals."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done.

    Attributes:
        number: From 1, without gaps.
        actor: A person's address, a token's name, or the process.
        what: Stable name: ``attempt.running``, ``approval.granted``, ``repair.stopped`` …
        subject: What it was done to: ``attempt:7``, ``target:shop/production/source`` …
        detail: Further facts by name. Never secrets.
        previous_hash: The hash of the entry before it.
        hash: SHA-256 over all of the above.
    """

    number: int
    at: datetime
    actor: str
    what: str
    subject: str
    detail: dict[str, str]
    previous_hash: str
    hash: str = ""

    def own_hash(self) -> str:
        """Return the hash that its content has."""
        content = msgspec.structs.replace(self, hash="")
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """The newest entry, by number and hash. 0: there is none."""

    number: int = 0
    hash: str = START

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class AuditFault(msgspec.Struct, frozen=True, kw_only=True):
    """Where a chain is broken, and how."""

    number: int
    text: str


def sealed(
    head: AuditHead, *, at: datetime, actor: str, what: str, subject: str = "", detail: dict[str, str] | None = None
) -> AuditEntry:
    """Return the entry that follows on the head."""
    entry = AuditEntry(
        number=head.number + 1,
        at=at,
        actor=actor,
        what=what,
        subject=subject,
        detail=detail or {},
        previous_hash=head.hash,
    )
    return msgspec.structs.replace(entry, hash=entry.own_hash())


def first_fault(entries: Iterable[AuditEntry], *, head: AuditHead, after: AuditHead | None = None) -> AuditFault | None:
    """Return where the chain breaks first. None: nowhere.

    Args:
        entries: In order, all that follow `after`.
        head: What the chain must end in.
        after: What it must begin at. None: the start.
    """
    last = after or AuditHead()
    for entry in entries:
        if entry.number != last.number + 1:
            return AuditFault(number=last.number + 1, text=f"It is missing: entry {entry.number} follows.")
        if entry.previous_hash != last.hash:
            return AuditFault(number=entry.number, text="It does not follow on the entry before it.")
        if entry.hash != entry.own_hash():
            return AuditFault(number=entry.number, text="Its content is not what was sealed.")
        last = AuditHead(number=entry.number, hash=entry.hash)
    if last != head:
        return AuditFault(number=last.number + 1, text=f"The chain ends at {last.number}; its head is {head.number}.")
    return None
