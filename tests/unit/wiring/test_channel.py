import os
import signal
import threading

import pytest

from naosu.wiring.channel import Channel, Message, open_pair
from naosu.wiring.stop import Stop


@pytest.fixture
def pair():
    ours, theirs = open_pair()
    other = Channel(theirs)
    yield ours, other
    ours.close()
    other.close()


def test_messages_arrive_in_order(pair):
    ours, theirs = pair
    ours.send("go", port=1)
    ours.send("go", port=2)
    assert [theirs.receive(), theirs.receive()] == [Message(kind="go", body={"port": n}) for n in (1, 2)]


def test_a_long_message_arrives_whole(pair):
    ours, theirs = pair
    text = "x" * 300_000
    threading.Thread(target=ours.send, args=("go",), kwargs={"text": text}, daemon=True).start()
    message = theirs.receive()
    assert message is not None
    assert message.body["text"] == text


def test_the_end_of_the_other_side_is_seen(pair):
    ours, theirs = pair
    ours.close()
    assert theirs.receive() is None


def test_sending_to_nobody_is_not_an_error(pair):
    ours, theirs = pair
    theirs.close()
    assert ours.send("go") in (True, False)
    assert ours.send("go") is False


@pytest.fixture
def stop(pair):
    before = signal.getsignal(signal.SIGTERM)
    _, theirs = pair
    yield Stop(theirs)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, before)


def test_a_process_goes_on_while_its_supervisor_lives(stop):
    assert not stop.wait(0.01)
    assert not stop.is_set()


def test_sigterm_ends_a_long_wait_at_once(stop):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    assert stop.wait(30)


def test_the_end_of_the_supervisor_ends_a_long_wait_at_once(pair, stop):
    threading.Timer(0.1, pair[0].close).start()
    assert stop.wait(30)
    assert stop.is_set()
