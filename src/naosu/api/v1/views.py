"""What the API answers with: the nouns as scripts see them."""

from datetime import datetime
from typing import Any

import msgspec

from naosu.api.dsn import dsn_of, first_active_key
from naosu.domain.account import Account, ApiToken, Role
from naosu.domain.classification import Category, Evidence, Severity
from naosu.domain.dead_letter import DeadLetter
from naosu.domain.event import Level
from naosu.domain.issue import Issue, IssueStatus
from naosu.domain.project import Key, Project, ProjectSettings, RateLimit


class ProjectView(msgspec.Struct, frozen=True, kw_only=True):
    """A project, with the DSN that its oldest active key makes (empty: no key is active)."""

    id: int
    slug: str
    name: str
    platform: str
    dsn: str
    created_at: datetime
    settings: ProjectSettings


def view_project(project: Project, keys: list[Key], public_url: str) -> ProjectView:
    """Show a project; `keys` are its own."""
    key = first_active_key(keys)
    return ProjectView(
        id=project.id,
        slug=project.slug,
        name=project.name,
        platform=project.platform,
        dsn=dsn_of(public_url, key) if key else "",
        created_at=project.created_at,
        settings=project.settings,
    )


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A DSN key."""

    id: int
    project_id: int
    label: str
    public_key: str
    dsn: str
    active: bool
    rate_limits: tuple[RateLimit, ...]
    created_at: datetime


def view_key(key: Key, public_url: str) -> KeyView:
    """Show a key with its DSN."""
    return KeyView(
        id=key.id,
        project_id=key.project_id,
        label=key.label,
        public_key=key.public_key,
        dsn=dsn_of(public_url, key),
        active=key.active,
        rate_limits=key.rate_limits,
        created_at=key.created_at,
    )


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """An API token; the secret itself is shown once, when it is made."""

    id: int
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    revoked: bool


class NewTokenView(TokenView, frozen=True, kw_only=True):
    """A token just made, with its secret."""

    token: str


def view_token(token: ApiToken) -> TokenView:
    """Show a token without its hash."""
    return TokenView(
        id=token.id,
        name=token.name,
        role=token.role,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        revoked=token.revoked,
    )


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A person's account."""

    id: int
    email: str
    role: Role
    language: str
    disabled: bool
    created_at: datetime


def view_account(account: Account) -> AccountView:
    """Show an account without its password's hash."""
    return AccountView(
        id=account.id,
        email=account.email,
        role=account.role,
        language=account.language,
        disabled=account.disabled,
        created_at=account.created_at,
    )


class IssueView(msgspec.Struct, frozen=True, kw_only=True):
    """An issue.

    Attributes:
        event_count: All events ever counted on it, sampled ones included; `stored_count` have their body kept.
        evidence: The facts from which category and severity were made, by rule `rule_id`.
        handled: False: an event ended its request or process. None: unknown.
        url: Its page.
    """

    id: int
    short_id: str
    project: str
    project_id: int
    title: str
    culprit: str
    level: Level
    platform: str
    status: IssueStatus
    category: Category
    severity: Severity
    retryable: bool | None
    rule_id: str
    evidence: tuple[Evidence, ...]
    first_seen_at: datetime
    last_seen_at: datetime
    event_count: int
    stored_count: int
    user_count: int
    first_release: str
    last_release: str
    resolved_at: datetime | None
    resolved_in_release: str
    resolved_in_next: bool
    muted_until: datetime | None
    mute_events_left: int | None
    regressed_at: datetime | None
    handled: bool | None
    url: str


_SAME_IN_ISSUE = tuple(name for name in IssueView.__struct_fields__ if name in Issue.__struct_fields__)


def view_issue(issue: Issue, public_url: str) -> IssueView:
    """Show an issue with its classification spread out."""
    same = {name: getattr(issue, name) for name in _SAME_IN_ISSUE}
    verdict = issue.classification
    return IssueView(
        **same,
        short_id=issue.short_id,
        project=issue.project_slug,
        category=verdict.category,
        severity=verdict.severity,
        retryable=verdict.retryable,
        rule_id=verdict.rule_id,
        evidence=verdict.evidence,
        url=f"{public_url}/issues/{issue.short_id}",
    )


class DeadLetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A report that could not be digested; its body is not shown, since it was never scrubbed."""

    id: int
    project_id: int
    reason: str
    detail: str
    died_at: datetime
    attempts: int
    kind: str
    received_at: datetime
    user_agent: str
    body_bytes: int


def view_dead_letter(letter: DeadLetter) -> DeadLetterView:
    """Show a dead letter without its unscrubbed body."""
    return DeadLetterView(
        id=letter.id,
        project_id=letter.project_id,
        reason=letter.reason,
        detail=letter.detail,
        died_at=letter.died_at,
        attempts=letter.attempts,
        kind=letter.report.kind,
        received_at=letter.report.received_at,
        user_agent=letter.report.user_agent,
        body_bytes=len(letter.report.body),
    )


ISSUE_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "short_id": "SHOP-12",
    "project": "shop",
    "project_id": 1,
    "title": "OperationalError: no such table: <*>",
    "culprit": "load_cart in shop.cart",
    "level": "error",
    "platform": "python",
    "status": "open",
    "category": "DATABASE",
    "severity": "HIGH",
    "retryable": False,
    "rule_id": "sqlite/no-such-table",
    "evidence": [{"fact": "message", "value": "no such table: carts"}],
    "first_seen_at": "2026-11-20T08:01:12Z",
    "last_seen_at": "2026-11-22T00:12:40Z",
    "event_count": 431,
    "stored_count": 120,
    "user_count": 88,
    "first_release": "shop@1.1",
    "last_release": "shop@1.2",
    "resolved_at": None,
    "resolved_in_release": "",
    "resolved_in_next": False,
    "muted_until": None,
    "mute_events_left": None,
    "regressed_at": None,
    "handled": False,
    "url": "http://127.0.0.1:8790/issues/SHOP-12",
}
PROJECT_EXAMPLE: dict[str, Any] = {
    "id": 1,
    "slug": "shop",
    "name": "Shop",
    "platform": "python",
    "dsn": "http://0123456789abcdef0123456789abcdef@127.0.0.1:8790/1",
    "created_at": "2026-11-20T08:00:00Z",
    "settings": {
        "scrub": {"emails": True, "ip_addresses": True, "fields": ["iban"], "patterns": [], "keep": []},
        "rate_limits": [{"quantity": 60000, "window_s": 60, "categories": []}],
        "retention": {"days": 90, "events_max": 1000000},
        "grouping_rules": [],
        "allowed_origins": ["*"],
    },
}
