"""The short address of an event, as logs and answers name it: leads to its issue's page."""

from fastapi import Response

from naosu.api.lookups import event_id_of
from naosu.web.shell import Screen, Visit, redirect


def show(visit: Visit) -> Response:
    """Lead to the event on its issue's page."""
    store = visit.context.store
    stored = store.get_event(event_id_of(visit.path("event_id")))
    issue = store.get_issue(stored.issue_id)
    return redirect(f"/issues/{issue.short_id}/events/{stored.event.event_id}")


SCREENS = (Screen(path="/events/{event_id}", handler=show),)
