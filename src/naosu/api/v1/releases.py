"""Releases and deploys."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Request, Response
from msgspec import Meta

from naosu.api.answers import documented_answer, empty_answer, json_answer
from naosu.api.auth import Operator, Viewer
from naosu.api.body import documented_body, json_body
from naosu.api.context import context_of
from naosu.api.lookups import find_project, project_id_of
from naosu.api.moments import as_utc
from naosu.api.parameters import Limit, ProjectFilter, ProjectRef
from naosu.api.problems import problem_answers
from naosu.api.router import documented_router
from naosu.domain.release import Deploy, Release

router = documented_router("/api/v1", "releases")

Version = Annotated[str, Meta(min_length=1, max_length=250, pattern=r"^\S(.*\S)?$")]
VersionPath = Annotated[str, Path(min_length=1, max_length=250, description="Version.", examples=["shop@1.2"])]
Text = Annotated[str, Meta(max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]

RELEASE_EXAMPLE = {
    "project_id": 1,
    "version": "shop@1.2",
    "created_at": "2026-11-21T10:00:00Z",
    "released_at": "2026-11-21T10:05:00Z",
    "url": "",
    "commits": [{"id": "9f2c…", "message": "Mend the cart"}],
    "first_event_at": "2026-11-21T10:06:40Z",
    "last_event_at": "2026-11-22T00:12:40Z",
    "event_count": 431,
    "new_issue_count": 2,
}


class ReleaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A release; `released_at` is when it was finalised, `commits` as sentry-cli sent them."""

    project_id: int
    version: str
    created_at: datetime
    released_at: datetime | None
    url: str
    commits: msgspec.Raw
    first_event_at: datetime | None
    last_event_at: datetime | None
    event_count: int
    new_issue_count: int


class NewRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release to make or to change; absent fields stay."""

    version: Version
    released_at: Moment | None = None
    url: Text | None = None


class NewDeploy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a release went live."""

    version: Version
    environment: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Text = ""
    url: Text = ""
    started_at: Moment | None = None
    finished_at: Moment | None = None


def view_release(release: Release) -> ReleaseView:
    """Show a release with its commits as JSON."""
    same = {name: getattr(release, name) for name in ReleaseView.__struct_fields__ if name != "commits"}
    return ReleaseView(**same, commits=msgspec.Raw(release.refs or b"[]"))


@router.get(
    "/releases",
    summary="List releases",
    responses=documented_answer(list[ReleaseView], "Newest first.", [RELEASE_EXAMPLE]),
)
def list_releases(
    request: Request,
    _: Viewer,
    project: ProjectFilter = None,
    contains: Annotated[str, Query(max_length=250)] = "",
    limit: Limit = 100,
) -> Response:
    """Return releases, newest first."""
    store = context_of(request).store
    found = store.list_releases(project_id_of(store, project), limit=limit, version_contains=contains)
    return json_answer([view_release(release) for release in found])


@router.post(
    "/projects/{project}/releases",
    summary="Create or finalise a release",
    responses=documented_answer(ReleaseView, "As it is now.", RELEASE_EXAMPLE),
    openapi_extra=documented_body(NewRelease, {"version": "shop@1.2", "released_at": "2026-11-21T10:05:00Z"}),
)
def post_release(
    request: Request,
    _: Operator,
    project: ProjectRef,
    wanted: Annotated[NewRelease, Depends(json_body(NewRelease))],
) -> Response:
    """Make a release, or change one: `released_at` finalises it."""
    context = context_of(request)
    release = context.store.upsert_release(
        find_project(context.store, project).id,
        wanted.version,
        now=context.clock.now(),
        released_at=as_utc(wanted.released_at),
        url=wanted.url,
    )
    return json_answer(view_release(release))


@router.post(
    "/projects/{project}/deploys",
    summary="Say that a release went live",
    status_code=201,
    responses=documented_answer(Deploy, "Kept.", status=201),
    openapi_extra=documented_body(NewDeploy, {"version": "shop@1.2", "environment": "production"}),
)
def post_deploy(
    request: Request, _: Operator, project: ProjectRef, wanted: Annotated[NewDeploy, Depends(json_body(NewDeploy))]
) -> Response:
    """Keep a deploy of a release that exists."""
    context = context_of(request)
    release = context.store.get_release(find_project(context.store, project).id, wanted.version)
    deploy = context.store.add_deploy(
        release.id,
        environment=wanted.environment,
        name=wanted.name,
        url=wanted.url,
        started_at=as_utc(wanted.started_at),
        finished_at=as_utc(wanted.finished_at) or context.clock.now(),
    )
    return json_answer(deploy, status=201)


@router.get(
    "/projects/{project}/deploys",
    summary="Deploys of a release",
    responses=documented_answer(list[Deploy], "Newest first."),
)
def list_deploys(
    request: Request, _: Viewer, project: ProjectRef, version: Annotated[str, Query(min_length=1, max_length=250)]
) -> Response:
    """Return where and when a release went live."""
    store = context_of(request).store
    release = store.get_release(find_project(store, project).id, version)
    return json_answer(store.list_deploys(release.id))


@router.get(
    "/projects/{project}/releases/{version:path}",
    summary="Get a release",
    responses=documented_answer(ReleaseView, "The release.", RELEASE_EXAMPLE),
)
def get_release(request: Request, _: Viewer, project: ProjectRef, version: VersionPath) -> Response:
    """Return one release."""
    store = context_of(request).store
    return json_answer(view_release(store.get_release(find_project(store, project).id, version)))


@router.delete(
    "/projects/{project}/releases/{version:path}",
    summary="Forget a release",
    status_code=204,
    response_class=Response,
    responses=problem_answers(409),
)
def delete_release(request: Request, _: Operator, project: ProjectRef, version: VersionPath) -> Response:
    """Forget a release that has no events."""
    store = context_of(request).store
    store.delete_release(find_project(store, project).id, version)
    return empty_answer()
