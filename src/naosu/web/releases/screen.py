"""Releases: what is out, since when, and what it brought."""

from fastapi import Response

from naosu.web.shell import Screen, Visit

RELEASES_MAX = 200


def show(visit: Visit) -> Response:
    """Show releases, newest first."""
    store = visit.context.store
    projects = store.list_projects()
    chosen = next((p for p in projects if p.slug == visit.parameter("project")), None)
    releases = store.list_releases(
        chosen.id if chosen else None, limit=RELEASES_MAX, version_contains=visit.parameter("version")
    )
    return visit.page(
        "releases/releases.html",
        section="releases",
        releases=releases,
        projects=projects,
        chosen=chosen,
        version=visit.parameter("version"),
        names={project.id: project for project in projects},
    )


SCREENS = (Screen(path="/releases", handler=show),)
