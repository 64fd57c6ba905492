"""What the memory store keeps."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from naosu.domain.account import Account, ApiToken, Session
from naosu.domain.action_record import ActionRecord
from naosu.domain.attempt import Approval, Attempt
from naosu.domain.audit import AuditEntry
from naosu.domain.classification import Classification
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.event import Event
from naosu.domain.fingerprint import Site
from naosu.domain.issue import Issue
from naosu.domain.lease import Lease
from naosu.domain.project import Key, Project
from naosu.domain.release import Deploy, Release
from naosu.domain.repair_stop import RepairStop
from naosu.domain.report import SampledCount
from naosu.domain.telemetry import Attachment, CheckIn, LogRecord, Transaction
from naosu.ports.store.digest import CompressionDictionary
from naosu.storage.ledger_keys import LedgerKey
from naosu.storage.sites import MergeSites, keep_newer


@dataclass
class FacetCount:
    """How often one value was seen."""

    count: int
    last_seen_at: datetime


@dataclass
class KeptFingerprint:
    """All counts hang on fingerprints, so that merging and splitting move none of them."""

    project_id: int
    fingerprint: str
    issue_id: int
    title: str
    parts_json: bytes
    first_seen_at: datetime
    last_seen_at: datetime
    pinned: int = 0
    event_count: int = 0
    hours: Counter[datetime] = field(default_factory=Counter)
    facets: dict[str, dict[str, FacetCount]] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    user_names: set[str] = field(default_factory=set)


@dataclass
class KeptEvent:
    """An event as stored."""

    id: int
    event: Event
    fingerprint: KeptFingerprint
    classification: Classification
    caller: str
    body: bytes
    dictionary_id: int


@dataclass
class Shelves:
    """Everything, behind one lock."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    changes: int = 0
    last_id: int = 0
    merge_sites: MergeSites = keep_newer
    projects: dict[int, Project] = field(default_factory=dict)
    issue_numbers: Counter[int] = field(default_factory=Counter)
    keys: dict[int, Key] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    aliases: dict[tuple[int, int], int] = field(default_factory=dict)
    merged_ids: dict[int, int] = field(default_factory=dict)  # to what they were merged into, which may be gone since
    fingerprints: dict[tuple[int, str], KeptFingerprint] = field(default_factory=dict)
    events: dict[int, KeptEvent] = field(default_factory=dict)
    event_ids: dict[tuple[int, str], int] = field(default_factory=dict)
    signatures: dict[tuple[int, str], KeptFingerprint] = field(default_factory=dict)
    pending: dict[tuple[int, str, datetime], SampledCount] = field(default_factory=dict)
    sites: dict[tuple[int, str], Site] = field(default_factory=dict)
    receipts: dict[str, datetime] = field(default_factory=dict)
    dictionaries: list[CompressionDictionary] = field(default_factory=list)
    ledger: Counter[LedgerKey] = field(default_factory=Counter)
    ledger_totals: Counter[LedgerKey] = field(default_factory=Counter)
    dead_letters: dict[int, DeadLetter] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    releases: dict[int, Release] = field(default_factory=dict)
    deploys: dict[int, Deploy] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    tokens: dict[int, ApiToken] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    attempts: dict[int, Attempt] = field(default_factory=dict)
    approvals: list[Approval] = field(default_factory=list)
    leases: dict[str, Lease] = field(default_factory=dict)
    repair_stop: RepairStop | None = None
    breakers: dict[str, datetime] = field(default_factory=dict)
    action_records: dict[tuple[str, int, str], ActionRecord] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)

    def new_id(self) -> int:
        """Return an id that nothing has."""
        self.last_id += 1
        return self.last_id

    def fingerprints_of(self, issue_id: int) -> list[KeptFingerprint]:
        """Return what is merged in an issue."""
        return [kept for kept in self.fingerprints.values() if kept.issue_id == issue_id]

    def events_of(self, issue_id: int) -> list[KeptEvent]:
        """Return an issue's kept events, oldest first."""
        return [kept for kept in self.events.values() if kept.fingerprint.issue_id == issue_id]

    def find_release(self, project_id: int, version: str) -> Release | None:
        """Return a release by name."""
        wanted = (project_id, version)
        return next((one for one in self.releases.values() if (one.project_id, one.version) == wanted), None)


class OnShelves:
    """What each part of the memory store works on."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
