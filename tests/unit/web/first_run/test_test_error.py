import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from web_world import NOW, World, event_of

from naosu.domain.errors import InvalidInputError
from naosu.web.first_run.test_error import error_event, own_base_url, send_test_error
from naosu.web.first_run.walk import StepState, walk_of
from naosu.web.setup import setup_of


class Door(BaseHTTPRequestHandler):
    """Takes whatever comes and remembers it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, dict(self.headers), body))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Door)
    server.taken, server.answer = [], 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_test_error_goes_through_the_dsns_key_to_the_servers_own_address(door: HTTPServer):
    world = World()
    sent = send_test_error(setup_of(world.context, world.project), server=door.server_address, now=NOW)
    ((path, headers, body),) = door.taken
    assert sent.status == 200
    assert path == f"/api/{world.project.id}/envelope/"
    assert f"sentry_key={world.key.public_key}" in headers["X-Sentry-Auth"]
    header, item, event, _ = body.split(b"\n")
    assert json.loads(header)["event_id"] == json.loads(event)["event_id"] == sent.event_id
    assert json.loads(item)["length"] == len(event)


def test_a_refusal_is_told_as_it_is(door: HTTPServer):
    world = World()
    door.answer = 429
    assert send_test_error(setup_of(world.context, world.project), server=door.server_address, now=NOW).status == 429


def test_a_door_that_does_not_answer_is_no_error_page():
    world = World()
    assert send_test_error(setup_of(world.context, world.project), server=("127.0.0.1", 1), now=NOW).status == 0


def test_a_project_without_an_active_key_cannot_be_tested():
    world = World()
    world.store.update_key(world.key.id, active=False)
    with pytest.raises(InvalidInputError):
        send_test_error(setup_of(world.context, world.project), server=None, now=NOW)


@pytest.mark.parametrize(
    ("server", "url"),
    [(("127.0.0.1", 8790), "http://127.0.0.1:8790"), (("::1", 8790), "http://[::1]:8790"), (None, "http://testserver")],
)
def test_the_server_reaches_itself_by_the_address_that_took_the_request(server, url: str):
    world = World()
    assert own_base_url(setup_of(world.context, world.project), server) == url


def test_the_walk_waits_until_the_event_is_stored_and_then_names_its_issue():
    world = World()
    event = error_event("cd" * 16, now=NOW)
    before = walk_of(world.context, world.project, "cd" * 16, status=200)
    assert (before.accepted, before.digested) == (StepState.DONE, StepState.NOW)
    world.record(event_of(event, at=NOW))
    after = walk_of(world.context, world.project, "cd" * 16, status=200)
    assert after.digested is StepState.DONE
    assert after.issue.title.startswith("AttributeError")


def test_a_refused_test_error_never_seems_under_way():
    world = World()
    walk = walk_of(world.context, world.project, "cd" * 16, status=429)
    assert (walk.accepted, walk.digested) == (StepState.FAIL, StepState.LATER)


def test_the_test_error_holds_a_secret_that_must_not_be_stored():
    world = World()
    world.record(event_of(error_event("cd" * 16, now=NOW), at=NOW))
    stored = world.store.get_event("cd" * 16)
    assert b"scrubbed before" not in stored.event.payload
    assert stored.event.scrubbed
