"""Organization, team, project and key as Sentry names their fields."""

from datetime import datetime

import msgspec

from naosu.api.context import ApiContext
from naosu.api.dsn import dsn_of
from naosu.domain.project import Key, Project


class OrganizationStatus(msgspec.Struct, frozen=True):
    """Always active."""

    id: str = "active"
    name: str = "active"


class SentryOrganization(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The one organization."""

    id: str
    slug: str
    name: str
    date_created: datetime
    status: OrganizationStatus = OrganizationStatus()
    is_early_adopter: bool = False
    require_2fa: bool = msgspec.field(default=False, name="require2FA")
    require_email_verification: bool = False
    features: tuple[str, ...] = ()


class SentryTeam(msgspec.Struct, frozen=True, kw_only=True):
    """The one team."""

    id: str
    slug: str
    name: str


class SentryProject(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project."""

    id: str
    slug: str
    name: str
    platform: str | None
    date_created: datetime
    organization: SentryOrganization
    team: SentryTeam
    teams: tuple[SentryTeam, ...]
    status: str = "active"
    is_bookmarked: bool = False
    is_member: bool = True
    has_access: bool = True
    features: tuple[str, ...] = ()


class DsnUrls(msgspec.Struct, frozen=True, kw_only=True):
    """Both are the same: keys have no secret part here."""

    public: str
    secret: str


class SentryKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A DSN key."""

    id: str
    name: str
    label: str
    public: str
    project_id: int
    is_active: bool
    dsn: DsnUrls
    date_created: datetime


def show_organization(context: ApiContext) -> SentryOrganization:
    """Return the one organization; it is as old as its oldest project."""
    projects = context.store.list_projects()
    created_at = min((project.created_at for project in projects), default=context.clock.now())
    settings = context.settings
    return SentryOrganization(
        id="1", slug=settings.organization_slug, name=settings.organization_name, date_created=created_at
    )


def show_team(organization: SentryOrganization) -> SentryTeam:
    """Return the one team."""
    return SentryTeam(id="1", slug=organization.slug, name=organization.name)


def show_project(project: Project, organization: SentryOrganization) -> SentryProject:
    """Show a project."""
    team = show_team(organization)
    return SentryProject(
        id=str(project.id),
        slug=project.slug,
        name=project.name,
        platform=project.platform or None,
        date_created=project.created_at,
        organization=organization,
        team=team,
        teams=(team,),
    )


def show_key(key: Key, public_url: str) -> SentryKey:
    """Show a key."""
    dsn = dsn_of(public_url, key)
    return SentryKey(
        id=key.public_key,
        name=key.label,
        label=key.label,
        public=key.public_key,
        project_id=key.project_id,
        is_active=key.active,
        dsn=DsnUrls(public=dsn, secret=dsn),
        date_created=key.created_at,
    )
