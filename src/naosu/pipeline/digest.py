"""The pipeline `digest`: accepted reports in, stored events and issue changes out."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import structlog

from naosu.classify import classify
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.errors import NaosuError, StoreUnavailableError
from naosu.domain.fingerprint import Site
from naosu.domain.issue import IssueChange
from naosu.domain.outcome import DataCategory, LedgerEntry, Outcome
from naosu.domain.report import Delivery, SampledCount, Tally
from naosu.group import group
from naosu.ingest.limits import IngestLimits
from naosu.pipeline.body_codec import BodyCodec
from naosu.pipeline.project_desk import ProjectDesk
from naosu.pipeline.sheet import Sheet, add_up
from naosu.pipeline.site_shelf import SiteShelf
from naosu.pipeline.unpack import Unpacker
from naosu.ports.clock import Clock
from naosu.ports.inbox import InboxReader
from naosu.ports.store import Store
from naosu.ports.store.digest import DigestBatch, DigestedEvent
from naosu_sdk.classify import Matcher

_LOG = structlog.get_logger(__name__)

BATCH_COUNT_MAX = 500
BATCH_BYTES_MAX = 4 * 1024 * 1024
"""Compressed, as in the inbox. Payloads are let go as soon as they are read, so a batch is little more than this."""


ATTACHMENT_BYTES_MAX = 32 * 1024 * 1024
"""Decompressed attachments in memory before they are stored, give or take one report."""


class Digester:
    """Turns what waits in the inbox into stored events, a batch at a time. One per process."""

    def __init__(
        self,
        *,
        inbox: InboxReader,
        store: Store,
        clock: Clock,
        matcher: Matcher,
        pseudonym_key: bytes,
        limits: IngestLimits | None = None,
        guard: AbstractContextManager[object] | None = None,
    ) -> None:
        """Join the stages. `guard` is entered for each piece of work, and may end a slow one with an exception."""
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._matcher = matcher
        self._guard = guard or nullcontext()
        self._codec = BodyCodec(store)
        self._sites = SiteShelf(store)
        self._projects = ProjectDesk(store, pseudonym_key=pseudonym_key)
        self._unpacker = Unpacker(
            scrubber_of=self._projects.scrubber,
            compress=self._codec.compress,
            limits=limits or IngestLimits(),
            guard=self._guard,
        )

    def step(self) -> int:
        """Digest one batch, and return how many deliveries were in it. 0: nothing waited.

        Raises:
            StoreUnavailableError: All of it waits in the inbox as before. Retryable.
        """
        deliveries = self._inbox.take(count_max=BATCH_COUNT_MAX, body_bytes_max=BATCH_BYTES_MAX)
        if not deliveries:
            return 0
        try:
            self._projects.refresh(self._clock.now())
            self._codec.refresh()
            self.digest(self._unknown(deliveries))
        except StoreUnavailableError:
            self._sites.clear()
            self._inbox.give_back(deliveries)
            raise
        self._inbox.acknowledge(deliveries)
        return len(deliveries)

    def digest(self, deliveries: Sequence[Delivery]) -> list[IssueChange]:
        """Turn deliveries into stored events, and return what changed; poison ends in the dead letters."""
        changes: list[IssueChange] = []
        while deliveries:
            sheets, poison, read_count = self._unpacker.unpack(deliveries, attachment_bytes_max=ATTACHMENT_BYTES_MAX)
            dead = [self._dead_letter(sheet, error) for sheet, error in poison]
            changes += self._digest_sheets(deliveries[:read_count], sheets, dead)
            deliveries = deliveries[read_count:]
        return changes

    def _digest_sheets(
        self, deliveries: Sequence[Delivery], sheets: list[Sheet], dead: list[DeadLetter]
    ) -> list[IssueChange]:
        self._sites.fetch((sheet.report.project_id, one.crash.site_key) for sheet in sheets for one in sheet.located)
        changed_sites: dict[tuple[int, str], Site] = {}
        good: list[Sheet] = []
        for sheet in sheets:
            try:
                with self._guard:
                    self._judge(sheet, changed_sites)
            except Exception as error:  # noqa: BLE001 # why: the worker loop: one poison report must not stop the rest
                dead.append(self._dead_letter(sheet, error))
            else:
                good.append(sheet)
        self._sites.trim()
        return self._record(deliveries, good, dead, changed_sites)

    def _unknown(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Leave out what an earlier batch has stored before its acknowledgement was lost."""
        suspects = [delivery.delivery_id for delivery in deliveries if delivery.redelivered]
        known = self._store.already_recorded(suspects) if suspects else set()
        return [delivery for delivery in deliveries if delivery.delivery_id not in known]

    def _judge(self, sheet: Sheet, changed_sites: dict[tuple[int, str], Site]) -> None:
        """Group and classify the events of one report."""
        rules = self._projects.grouping_rules(sheet.report.project_id)
        for event, crash, body in sheet.located:
            site = self._sites.get(event.project_id, crash.site_key)
            grouping, learnt = group(event, crash, site, rules=rules)
            if learnt is not None and learnt is not site:
                self._sites.put(event.project_id, learnt)
                changed_sites[event.project_id, learnt.site_key] = learnt
            sheet.events.append(
                DigestedEvent(
                    event=event,
                    grouping=grouping,
                    classification=classify(event, self._matcher),
                    body=body,
                    dictionary_id=self._codec.dictionary_id,
                    signature=sheet.report.signature,
                )
            )

    def _record(
        self,
        deliveries: Sequence[Delivery],
        sheets: list[Sheet],
        dead: list[DeadLetter],
        changed_sites: dict[tuple[int, str], Site],
    ) -> list[IssueChange]:
        tallies = [delivery.content for delivery in deliveries if isinstance(delivery.content, Tally)]
        batch = _to_batch([delivery.delivery_id for delivery in deliveries], sheets, dead, tallies, changed_sites)
        try:
            changes = self._store.record(batch, now=self._clock.now())
        except StoreUnavailableError:
            raise
        except Exception as error:  # why: the worker loop: what the store cannot take is narrowed down to one report
            self._sites.clear()
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                return self.digest(deliveries[:middle]) + self.digest(deliveries[middle:])
            if not sheets:
                raise
            _LOG.exception("digest.unstorable", delivery_id=deliveries[0].delivery_id)
            letter = self._dead_letter(sheets[0], error)
            batch = _to_batch([deliveries[0].delivery_id], [], [letter], [], {})
            return self._store.record(batch, now=self._clock.now())
        self._sites.forget(changed_sites)
        return changes

    def _dead_letter(self, sheet: Sheet, error: Exception) -> DeadLetter:
        code = error.code if isinstance(error, NaosuError) else f"digest.{type(error).__name__}"
        reason = getattr(error, "reason", "") or code.replace(".", "_").lower()
        if not isinstance(error, NaosuError):
            _LOG.error("digest.poison", delivery_id=sheet.delivery_id, exc_info=error)
        return DeadLetter(
            project_id=sheet.report.project_id,
            reason=reason,
            detail=self._projects.scrubber(sheet.report.project_id).scrub_text(str(error)[:500]),
            died_at=self._clock.now(),
            report=sheet.report,
        )


def _to_batch(
    delivery_ids: list[str],
    sheets: list[Sheet],
    dead: list[DeadLetter],
    tallies: list[Tally],
    changed_sites: dict[tuple[int, str], Site],
) -> DigestBatch:
    ledger: list[LedgerEntry] = [entry for sheet in sheets for entry in sheet.ledger]
    ledger += [entry for tally in tallies for entry in tally.ledger]
    ledger += [_died(letter) for letter in dead]
    sampled: list[SampledCount] = [count for tally in tallies for count in tally.sampled]
    return DigestBatch(
        delivery_ids=tuple(delivery_ids),
        events=tuple(event for sheet in sheets for event in sheet.events),
        attachments=tuple(attachment for sheet in sheets for attachment in sheet.attachments),
        transactions=tuple(transaction for sheet in sheets for transaction in sheet.transactions),
        check_ins=tuple(check_in for sheet in sheets for check_in in sheet.check_ins),
        logs=tuple(record for sheet in sheets for record in sheet.logs),
        ledger=add_up(ledger),
        sampled=tuple(sampled),
        dead_letters=tuple(dead),
        sites=tuple((project_id, site) for (project_id, _), site in changed_sites.items()),
    )


def _died(letter: DeadLetter) -> LedgerEntry:
    return LedgerEntry(
        project_id=letter.project_id,
        minute=letter.report.received_at.replace(second=0, microsecond=0),
        category=DataCategory.ERROR,
        outcome=Outcome.DEAD,
        reason=letter.reason,
        quantity=1,
    )
