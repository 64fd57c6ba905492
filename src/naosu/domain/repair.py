"""Repair: what is wrong, what would mend it, and what measuring it afterwards said."""

import difflib
import hashlib
from enum import StrEnum

import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash, WebRequest


class Risk(StrEnum):
    """What a plan puts at stake."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(StrEnum):
    """What measuring after an attempt said."""

    FIXED = "fixed"
    NOT_FIXED = "not_fixed"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


class PlanKind(StrEnum):
    """What a plan changes."""

    CODE = "code"
    SQL = "sql"
    SETTING = "setting"
    ACTION = "action"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, by one fixer.

    Attributes:
        fixer: The fixer's name.
        confidence: 0 to 1: how sure the fixer is of the cause.
        evidence: The facts, a line each, the strongest first.
        cause: One sentence.
        options: What a person may do, where nothing can be planned, or beside it.
    """

    fixer: str
    category: Category
    confidence: float
    evidence: tuple[str, ...]
    cause: str
    risk: Risk
    options: tuple[str, ...] = ()


class FileEdit(msgspec.Struct, frozen=True, kw_only=True):
    """One file before and after.

    Attributes:
        path: Relative to the source tree, with slashes.
        before: None: the file does not exist.
        after: None: it is removed.
        is_secret: It holds secrets: written with mode 0600, never shown, never committed.
    """

    path: str
    before: str | None
    after: str | None
    is_secret: bool = False

    def diff(self) -> str:
        """Return the change as a unified diff; what a secret file holds is left out."""
        if self.is_secret:
            return f"--- {self.path}\n+++ {self.path}\n(its values are not shown)\n"
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(
                (self.before or "").splitlines(keepends=True),
                (self.after or "").splitlines(keepends=True),
                f"a/{self.path}" if self.before is not None else "/dev/null",
                f"b/{self.path}" if self.after is not None else "/dev/null",
            )
        )


class SqlChange(msgspec.Struct, frozen=True, kw_only=True):
    """Statements for one database.

    Attributes:
        database: SQLAlchemy URL, as the application uses it; a SQLite path is relative to the source tree or absolute.
        statements: Run in order, in one transaction where the engine can.
        undo: Undoes all of them, in order. Empty: only the backup does.
        outside_transaction: The engine refuses them in one (``CREATE INDEX CONCURRENTLY``, ``CREATE DATABASE``).
    """

    database: str
    statements: tuple[str, ...]
    undo: tuple[str, ...] = ()
    outside_transaction: bool = False


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What one request must be answered once the plan is in force.

    Attributes:
        status: Lowest and highest status that is right. None: any below 500.
        headers: Pattern (searched for) by header name, lower case; an empty pattern: the header must be absent.
        body: Pattern that the body must contain. Empty: any body.
        seconds_max: Longest time to the last byte. None: any.
    """

    request: WebRequest
    status: tuple[int, int] | None = None
    headers: dict[str, str] = {}
    body: str = ""
    seconds_max: float | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """By what a plan is judged, fixed before it is tried.

    Attributes:
        text: What will verify it, in one sentence.
        gone: Patterns that the server's log must not show any more, beside the signature of the crash.
        expect: Answers that must come.
        script: Source of a program for the application's own interpreter, run in the scratch copy once the plan is in
            force; it prints one JSON object ``{"ok": bool, "detail": str}``. Empty: none.
        may_change: What healthy requests may answer otherwise than before, by intention: names out of ``status``,
            ``body``, ``headers``, ``log`` (lines that used to be written for them).
    """

    text: str
    gone: tuple[str, ...] = ()
    expect: tuple[Expectation, ...] = ()
    script: str = ""
    may_change: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One way to mend a fault. Immutable; an approval binds its `key`.

    Attributes:
        summary: What it does, in the imperative: the subject of its commit.
        explanation: Why this mends it: the body of its commit.
        edits: For kinds `code` and `setting`.
        sql: For kind `sql`; a plan of kind `code` may have some as well.
        action: For kind `action`: the name of an action; `arguments` are its own.
        undo: How it is undone, in one sentence.
        restart: The application must be started anew for it to work.
    """

    kind: PlanKind
    summary: str
    explanation: str
    risk: Risk
    proof: Proof
    undo: str
    edits: tuple[FileEdit, ...] = ()
    sql: tuple[SqlChange, ...] = ()
    action: str = ""
    arguments: dict[str, str] = {}
    restart: bool = True

    @property
    def key(self) -> str:
        """SHA-256 over all of it."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def diff(self) -> str:
        """Return its edits as one unified diff."""
        return "".join(edit.diff() for edit in self.edits)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis with the plans that would mend it.

    Attributes:
        plans: The best first. None: a person has to choose.
        crashes: The crashes that it explains, out of the evidence. None: a fault without a traceback.
    """

    diagnosis: Diagnosis
    plans: tuple[Plan, ...] = ()
    crashes: tuple[Crash, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured after an attempt.

    Attributes:
        name: Stable: ``parse``, ``silencing``, ``boot``, ``signature``, ``new_crashes``, ``replay``, ``proof``,
            ``healthy_requests``, ``headers``, ``streaming``, ``log_lines``, ``schema``, ``row_counts``, ``tests``,
            ``sandbox``.
        ok: None: it could not be measured.
    """

    name: str
    ok: bool | None
    detail: str = ""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, tried.

    Attributes:
        where: ``scratch`` or ``real``.
        rolled_back: It was applied to the real tree, and undone.
        left: What is not as it was before, where undoing it failed.
    """

    fixer: str
    plan: Plan
    verdict: Verdict
    checks: tuple[Check, ...]
    where: str
    rolled_back: bool = False
    left: tuple[str, ...] = ()
    seconds: float = 0.0
