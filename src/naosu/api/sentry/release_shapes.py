"""Releases, commits and deploys as Sentry names their fields; one release spans all projects that know its version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from naosu.domain.project import Project
from naosu.domain.release import Deploy, Release

COMMITS_MAX = 1_000


class SentryReleaseProject(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project that has the release."""

    id: int
    slug: str
    name: str
    platform: str | None = None
    new_groups: int = 0


class SentryRelease(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A release."""

    id: int
    version: str
    short_version: str
    status: str = "open"
    ref: str | None = None
    url: str | None = None
    date_created: datetime
    date_released: datetime | None
    first_event: datetime | None
    last_event: datetime | None
    new_groups: int
    commit_count: int
    deploy_count: int = 0
    last_deploy: Any = None
    last_commit: Any = None
    authors: tuple[Any, ...] = ()
    owner: None = None
    data: dict[str, Any] = {}
    projects: tuple[SentryReleaseProject, ...]
    version_info: dict[str, Any]


class SentryCommit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A commit as sentry-cli sent it; patch sets are not kept."""

    id: str
    message: str = ""
    date_created: str | None = None
    author: dict[str, str] | None = None
    repository: dict[str, str] | None = None


class SentryDeploy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A deploy."""

    id: str
    environment: str
    name: str | None
    url: str | None
    date_started: datetime | None
    date_finished: datetime | None


class SentCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit in a request, and as it is kept."""

    id: str
    repository: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    timestamp: str | None = None


class SentRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The head commit of a repository in a request."""

    repository: str
    commit: str
    previous_commit: str | None = None


def kept_commits(commits: Sequence[SentCommit] | None, refs: Sequence[SentRef] | None) -> bytes | None:
    """Return what is kept of a request's commits, as JSON. None: it brought none. Commits say more than refs."""
    if commits:
        return msgspec.json.encode(commits[:COMMITS_MAX])
    if refs:
        return msgspec.json.encode([SentCommit(id=ref.commit, repository=ref.repository) for ref in refs[:COMMITS_MAX]])
    return None


def commits_of(release: Release) -> list[SentryCommit]:
    """Return a release's commits, in the order in which they were sent (newest first)."""
    try:
        sent = msgspec.json.decode(release.refs or b"[]", type=list[SentCommit])
    except msgspec.DecodeError:
        return []
    return [show_commit(commit) for commit in sent]


def show_commit(commit: SentCommit) -> SentryCommit:
    """Show a commit."""
    author = {"name": commit.author_name or "", "email": commit.author_email or ""}
    return SentryCommit(
        id=commit.id,
        message=commit.message or "",
        date_created=commit.timestamp,
        author=author if any(author.values()) else None,
        repository={"name": commit.repository} if commit.repository else None,
    )


def show_release(releases: Sequence[Release], projects: dict[int, Project]) -> SentryRelease:
    """Show one version, joined over the projects that know it. `releases` is not empty."""
    first = min(releases, key=lambda release: release.created_at)
    commits = next((found for release in releases if (found := commits_of(release))), [])
    return SentryRelease(
        id=first.id,
        version=first.version,
        short_version=short_version(first.version),
        url=next((release.url for release in releases if release.url), None),
        date_created=first.created_at,
        date_released=min((at for release in releases if (at := release.released_at)), default=None),
        first_event=min((at for release in releases if (at := release.first_event_at)), default=None),
        last_event=max((at for release in releases if (at := release.last_event_at)), default=None),
        new_groups=sum(release.new_issue_count for release in releases),
        commit_count=len(commits),
        last_commit=commits[0] if commits else None,
        projects=tuple(_project(release, projects[release.project_id]) for release in releases),
        version_info={"description": short_version(first.version), "version": {"raw": first.version}},
    )


def _project(release: Release, project: Project) -> SentryReleaseProject:
    return SentryReleaseProject(
        id=project.id,
        slug=project.slug,
        name=project.name,
        platform=project.platform or None,
        new_groups=release.new_issue_count,
    )


def short_version(version: str) -> str:
    """Return a version as people say it: without its package, a commit's first twelve digits."""
    _, _, bare = version.rpartition("@")
    is_commit = len(bare) == 40 and all(digit in "0123456789abcdef" for digit in bare.lower())  # noqa: PLR2004 - SHA-1
    return bare[:12] if is_commit else bare or version


def show_deploy(deploy: Deploy) -> SentryDeploy:
    """Show a deploy."""
    return SentryDeploy(
        id=str(deploy.id),
        environment=deploy.environment,
        name=deploy.name or None,
        url=deploy.url or None,
        date_started=deploy.started_at,
        date_finished=deploy.finished_at,
    )
