"""What keeps a server honest: ledger, dead letters, retention, releases, accounts, changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from naosu.domain.account import Account, ApiToken, Role, Session
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.outcome import LedgerEntry
from naosu.domain.project import Retention
from naosu.domain.release import Deploy, Release


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the beginning, over all projects or one.

    Attributes:
        event_count: Events stored or counted by sampling, duplicates not.
        dropped: By reason, what was sent and not stored: all outcomes but ACCEPTED, DEAD and LOST_BY_CLIENT.
        lost_by_client: By reason, what SDKs say they never sent.
        dead_count: Dead letters that wait.
        sampled: By reason, the part of `dropped` that is SAMPLED: counted on its issue, so in `event_count` too.
    """

    event_count: int
    accepted: dict[str, int]
    dropped: dict[str, int]
    lost_by_client: dict[str, int]
    dead_count: int
    issue_count: int
    stored_event_count: int
    sampled: dict[str, int] = {}


class LedgerStore(Protocol):
    """The outcome ledger and the dead letters."""

    def totals(self, project_id: int | None = None) -> Totals:
        """Return counts since the beginning."""
        ...

    def ledger(self, *, since: datetime, project_id: int | None = None) -> list[LedgerEntry]:
        """Return entries by minute, oldest first (older than two days: by hour)."""
        ...

    def list_dead_letters(self, *, limit: int = 100, before_id: int | None = None) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        ...

    def get_dead_letter(self, dead_letter_id: int) -> DeadLetter:
        """Return one. Raises NotFoundError."""
        ...

    def remove_dead_letters(self, ids: Sequence[int]) -> int:
        """Remove these (redriven or given up), and return how many there were."""
        ...

    def change_mark(self) -> str:
        """Return a text that differs after anything visible changed. Cheap: it is polled."""
        ...


class RetentionStore(Protocol):
    """Forgetting, in small steps that hold no lock for long."""

    def evict(self, project_id: int, retention: Retention, *, now: datetime, step_events_max: int = 500) -> int:
        """Remove at most one step of events beyond the retention, and return how many went.

        Too old ones go first; then, over the count, the least informative: of the issues with most kept events,
        neither the first, nor the last, nor the only one of its release or environment. Of transactions, check-ins
        and log records, the oldest go, to the same bounds.
        """
        ...

    def compact(self, *, now: datetime) -> None:
        """Roll up old ledger minutes to hours, drop old receipts and expired sessions, give free pages back."""
        ...


class ReleaseStore(Protocol):
    """Releases and deploys. A release exists from its first event, or from sentry-cli, whichever is first."""

    def upsert_release(
        self,
        project_id: int,
        version: str,
        *,
        now: datetime,
        released_at: datetime | None = None,
        url: str | None = None,
        refs: bytes | None = None,
    ) -> Release:
        """Make it, or change what is given."""
        ...

    def list_releases(
        self, project_id: int | None = None, *, limit: int = 100, version_contains: str = ""
    ) -> list[Release]:
        """Return releases, newest first."""
        ...

    def get_release(self, project_id: int, version: str) -> Release:
        """Return one. Raises NotFoundError."""
        ...

    def delete_release(self, project_id: int, version: str) -> None:
        """Forget one that has no events. Raises NotFoundError, ConflictError."""
        ...

    def add_deploy(
        self,
        release_id: int,
        *,
        environment: str,
        name: str = "",
        url: str = "",
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
    ) -> Deploy:
        """Say that a release went live."""
        ...

    def list_deploys(self, release_id: int) -> list[Deploy]:
        """Return its deploys, newest first."""
        ...


class AccountStore(Protocol):
    """People, tokens, sessions and installation-wide values."""

    def create_account(
        self, *, email: str, password_hash: str, role: Role, language: str = "", now: datetime
    ) -> Account:
        """Make an account. Raises ConflictError when the address (in any case) is taken."""
        ...

    def create_first_account(
        self, *, email: str, password_hash: str, language: str = "", link: tuple[str, str], now: datetime
    ) -> Account:
        """Make the first admin and spend the link that lets them in, both or neither, and only once.

        Args:
            email: Of the admin.
            password_hash: Of the admin.
            language: Of the admin.
            link: Name and content of the value that is removed.
            now: When the account was made.

        Raises:
            ConflictError: The value is another by now, or there is an account. Not retryable.
        """
        ...

    def list_accounts(self) -> list[Account]:
        """Return all accounts, by address."""
        ...

    def find_account(self, email: str) -> Account | None:
        """Return the account with this address, in any case."""
        ...

    def get_account(self, account_id: int) -> Account:
        """Return one. Raises NotFoundError."""
        ...

    def update_account(
        self,
        account_id: int,
        *,
        password_hash: str | None = None,
        role: Role | None = None,
        language: str | None = None,
        disabled: bool | None = None,
    ) -> Account:
        """Change what is given. Raises NotFoundError."""
        ...

    def create_token(self, *, name: str, role: Role, token_sha256: str, now: datetime) -> ApiToken:
        """Keep a token's hash. Raises ConflictError when the name is taken by one not revoked."""
        ...

    def list_tokens(self) -> list[ApiToken]:
        """Return all tokens, revoked ones included."""
        ...

    def find_token(self, token_sha256: str) -> ApiToken | None:
        """Return the token with this hash, unless revoked."""
        ...

    def touch_token(self, token_id: int, *, now: datetime) -> None:
        """Remember that it was used (to the minute)."""
        ...

    def revoke_token(self, token_id: int) -> None:
        """It opens nothing any more. Raises NotFoundError."""
        ...

    def create_session(self, session: Session) -> None:
        """Keep a session."""
        ...

    def find_session(self, session_sha256: str, *, now: datetime) -> Session | None:
        """Return it unless it has expired."""
        ...

    def delete_session(self, session_sha256: str) -> None:
        """Sign out."""
        ...

    def delete_sessions_of(self, account_id: int) -> None:
        """Sign out everywhere."""
        ...

    def get_value(self, name: str) -> str | None:
        """Return an installation-wide value (signing key, first-run link hash …)."""
        ...

    def set_value(self, name: str, value: str | None) -> None:
        """Set or remove it."""
        ...

    def set_value_if_absent(self, name: str, value: str) -> str:
        """Set it unless it is set, and return what is set now: two processes that start at once agree."""
        ...

    def reset_errors(self, project_id: int | None = None) -> None:
        """Forget issues, events, counts and the ledger; keep projects, keys, accounts and settings."""
        ...
