"""Releases as sentry-cli makes, finalises and deploys them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import ApiContext, context_of
from naosu.api.moments import as_utc
from naosu.api.parameters import ProjectRef
from naosu.api.problems import SENTRY_MEDIA_TYPE, MalformedRequestError, problem_answers
from naosu.api.router import documented_router
from naosu.api.sentry.paging import page_of, sentry_links
from naosu.api.sentry.parameters import Organization, PerPage, SentryCursor
from naosu.api.sentry.project_lookup import project_ids_named
from naosu.api.sentry.release_shapes import (
    SentCommit,
    SentRef,
    SentryCommit,
    SentryDeploy,
    SentryRelease,
    commits_of,
    kept_commits,
    show_deploy,
    show_release,
)
from naosu.domain.errors import NotFoundError
from naosu.domain.project import Project
from naosu.domain.release import Deploy, Release

router = documented_router("/api/0", "sentry")

RELEASES = "/organizations/{organization}/releases/"
ONE = RELEASES + "{version:path}/"
LISTED_MAX = 1_000
CONFLICT = problem_answers(409, media_type=SENTRY_MEDIA_TYPE)
Version = Annotated[str, Path(min_length=1, max_length=250, examples=["shop@1.2"])]
Text = Annotated[str, Meta(max_length=500)]
RELEASE_EXAMPLE = {"version": "shop@1.2", "projects": ["shop"]}


class SentRelease(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What sentry-cli sends to make or change a release; other fields are ignored."""

    version: Annotated[str, Meta(min_length=1, max_length=250, pattern=r"^[^\n\r\t]+$")] | None = None
    projects: Annotated[tuple[str, ...], Meta(max_length=1_000)] | None = None
    url: Text | None = None
    date_released: datetime | None = None
    commits: Annotated[tuple[SentCommit, ...], Meta(max_length=10_000)] | None = None
    refs: Annotated[tuple[SentRef, ...], Meta(max_length=1_000)] | None = None
    status: Annotated[str, Meta(max_length=20)] | None = None


class SentDeploy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What sentry-cli sends for a deploy."""

    environment: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Text | None = None
    url: Text | None = None
    date_started: datetime | None = None
    date_finished: datetime | None = None
    projects: tuple[str, ...] | None = None


def releases_of(context: ApiContext, version: str) -> list[Release]:
    """Return a version in every project that knows it. Raises NotFoundError when none does."""
    found: list[Release] = []
    for project in context.store.list_projects():
        try:
            found.append(context.store.get_release(project.id, version))
        except NotFoundError:
            continue
    if not found:
        raise NotFoundError(f"No release {version}.")
    return found


def projects_by_id(context: ApiContext) -> dict[int, Project]:
    """Return all projects by id."""
    return {project.id: project for project in context.store.list_projects()}


def keep_release(context: ApiContext, version: str, project_ids: Sequence[int], sent: SentRelease) -> list[Release]:
    """Make a version in these projects, or change what is given."""
    return [
        context.store.upsert_release(
            project_id,
            version,
            now=context.clock.now(),
            released_at=as_utc(sent.date_released),
            url=sent.url,
            refs=kept_commits(sent.commits, sent.refs),
        )
        for project_id in project_ids
    ]


def joined(releases: Sequence[Release]) -> list[list[Release]]:
    """Return the releases of each version together, in the order of their first."""
    by_version: dict[str, list[Release]] = defaultdict(list)
    for release in releases:
        by_version[release.version].append(release)
    return list(by_version.values())


def answer_release(context: ApiContext, releases: Sequence[Release], *, status: int = 200) -> Response:
    """Answer with one version."""
    return json_answer(show_release(releases, projects_by_id(context)), status=status)


@router.get(RELEASES, summary="Releases", responses=documented_answer(list[SentryRelease], "Newest first."))
def list_releases(
    request: Request,
    _: Viewer,
    organization: Organization,
    *,
    query: Annotated[str, Query(max_length=250)] = "",
    project: Annotated[list[str], Query(max_length=100)] = [],  # noqa: B006 - FastAPI copies defaults
    cursor: SentryCursor = None,
    per_page: PerPage = 100,
) -> Response:
    """Return versions, joined over projects, newest first."""
    context = context_of(request)
    wanted = set(project_ids_named(context.store, project))
    found = context.store.list_releases(None, limit=LISTED_MAX, version_contains=query)
    groups = joined([release for release in found if not wanted or release.project_id in wanted])
    page, next_cursor = page_of(groups, cursor=cursor, limit=per_page)
    projects = projects_by_id(context)
    headers = sentry_links(request, next_cursor)
    return json_answer([show_release(group, projects) for group in page], headers=headers)


@router.get(
    "/projects/{organization}/{project}/releases/",
    summary="Releases of a project",
    responses=documented_answer(list[SentryRelease], "Newest first."),
)
def list_project_releases(
    request: Request,
    _: Viewer,
    organization: Organization,
    project: ProjectRef,
    *,
    query: Annotated[str, Query(max_length=250)] = "",
    cursor: SentryCursor = None,
    per_page: PerPage = 100,
) -> Response:
    """Return a project's releases, newest first."""
    return list_releases(request, _, organization, query=query, project=[project], cursor=cursor, per_page=per_page)


@router.post(
    RELEASES,
    summary="Create a release",
    status_code=201,
    responses={
        **documented_answer(SentryRelease, "Made.", status=201),
        **documented_answer(SentryRelease, "It was there already; changed as asked.", status=208),
    },
    openapi_extra=documented_body(SentRelease, RELEASE_EXAMPLE),
)
def post_release(
    request: Request,
    _: Operator,
    organization: Organization,
    sent: Annotated[SentRelease, Depends(json_body(SentRelease))],
) -> Response:
    """Make a release in one or more projects."""
    context = context_of(request)
    if sent.status not in (None, "open"):
        raise MalformedRequestError(f"Releases are not {sent.status} here: they stay listed until they are deleted.")
    if not sent.version:
        raise MalformedRequestError("version is required.")
    if sent.projects:
        project_ids = project_ids_named(context.store, sent.projects)
    else:
        project_ids = [release.project_id for release in known_releases(context, sent.version)]
    if not project_ids:
        raise MalformedRequestError("projects are required: the slugs of those that have this release.")
    known = {release.project_id for release in known_releases(context, sent.version)}
    kept = keep_release(context, sent.version, project_ids, sent)
    return answer_release(context, kept, status=208 if known.issuperset(project_ids) else 201)


def known_releases(context: ApiContext, version: str) -> list[Release]:
    """Return a version in every project that knows it; none is no error."""
    try:
        return releases_of(context, version)
    except NotFoundError:
        return []


@router.get(
    ONE + "previous-with-commits/",
    summary="The release before with commits",
    responses=documented_answer({"type": "object"}, "A release, or an empty object when there is none."),
)
def get_previous_with_commits(request: Request, _: Viewer, organization: Organization, version: Version) -> Response:
    """Return the newest earlier release that has commits, from which sentry-cli counts new ones."""
    context = context_of(request)
    here = releases_of(context, version)
    before_at = min(release.created_at for release in here)
    project_ids = {release.project_id for release in here}
    earlier = [
        release
        for release in context.store.list_releases(None, limit=LISTED_MAX)
        if release.project_id in project_ids and release.created_at < before_at and commits_of(release)
    ]
    if not earlier:
        return json_answer({})
    newest = max(earlier, key=lambda release: release.created_at)
    return answer_release(context, [newest])


@router.get(ONE + "commits/", summary="Commits", responses=documented_answer(list[SentryCommit], "As sent."))
def list_commits(request: Request, _: Viewer, organization: Organization, version: Version) -> Response:
    """Return the commits of a release, as sentry-cli sent them."""
    found = [commits for release in releases_of(context_of(request), version) if (commits := commits_of(release))]
    return json_answer(found[0] if found else [], headers=sentry_links(request, None))


@router.get(ONE + "deploys/", summary="Deploys", responses=documented_answer(list[SentryDeploy], "Newest first."))
def list_deploys(request: Request, _: Viewer, organization: Organization, version: Version) -> Response:
    """Return where a release went live."""
    context = context_of(request)
    deploys = [deploy for one in releases_of(context, version) for deploy in context.store.list_deploys(one.id)]
    return json_answer([show_deploy(deploy) for deploy in deploys], headers=sentry_links(request, None))


@router.post(
    ONE + "deploys/",
    summary="Create a deploy",
    status_code=201,
    responses=documented_answer(SentryDeploy, "Kept.", status=201),
    openapi_extra=documented_body(SentDeploy, {"environment": "production"}),
)
def post_deploy(
    request: Request,
    _: Operator,
    organization: Organization,
    version: Version,
    sent: Annotated[SentDeploy, Depends(json_body(SentDeploy))],
) -> Response:
    """Say that a release went live, in all projects that know it or in those named."""
    context = context_of(request)
    releases = releases_of(context, version)
    if sent.projects:
        wanted = set(project_ids_named(context.store, sent.projects))
        releases = [release for release in releases if release.project_id in wanted]
        if not releases:
            raise NotFoundError(f"None of these projects has the release {version}.")
    deploys = [keep_deploy(context, release, sent) for release in releases]
    return json_answer(show_deploy(deploys[0]), status=201)


def keep_deploy(context: ApiContext, release: Release, sent: SentDeploy) -> Deploy:
    """Keep a deploy; without times, it finished now."""
    return context.store.add_deploy(
        release.id,
        environment=sent.environment,
        name=sent.name or "",
        url=sent.url or "",
        started_at=as_utc(sent.date_started),
        finished_at=as_utc(sent.date_finished) or context.clock.now(),
    )


@router.get(ONE, summary="A release", responses=documented_answer(SentryRelease, "The release."))
def get_release(request: Request, _: Viewer, organization: Organization, version: Version) -> Response:
    """Return one version, joined over the projects that know it."""
    context = context_of(request)
    return answer_release(context, releases_of(context, version))


@router.put(
    ONE,
    summary="Change or finalise a release",
    responses=documented_answer(SentryRelease, "As it is now."),
    openapi_extra=documented_body(SentRelease, {"dateReleased": "2026-11-21T10:05:00Z", "projects": ["shop"]}),
)
def put_release(
    request: Request,
    _: Operator,
    organization: Organization,
    version: Version,
    sent: Annotated[SentRelease, Depends(json_body(SentRelease))],
) -> Response:
    """Change a release: `dateReleased` finalises it, `commits` or `refs` say what is in it."""
    context = context_of(request)
    known_ids = [release.project_id for release in releases_of(context, version)]
    wanted_ids = project_ids_named(context.store, sent.projects) if sent.projects else known_ids
    keep_release(context, version, wanted_ids, sent)
    return answer_release(context, releases_of(context, version))


@router.delete(ONE, summary="Forget a release", status_code=204, response_class=Response, responses=CONFLICT)
def delete_release(request: Request, _: Operator, organization: Organization, version: Version) -> Response:
    """Forget a version that has no events, in all projects."""
    context = context_of(request)
    for release in releases_of(context, version):
        context.store.delete_release(release.project_id, version)
    return empty_answer()
