"""Keeps every slot filled with a running process, until told to stop. Small: it imports neither web nor store."""

import contextlib
import os
import random
import selectors
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from naosu.wiring.channel import Message
from naosu.wiring.child import Child, Kind, Slot
from naosu.wiring.log import say
from naosu.wiring.restart import RestartPolicy
from naosu.wiring.settings import Settings

_TICK_S = 0.5
_KILL_GRACE_S = 1.5
_DEATHS_BEFORE_READY_MAX = 3


class Supervisor:
    """Starts, watches, restarts, reloads and stops the processes of one server."""

    def __init__(self, settings: Settings, *, listener: socket.socket, base_url: str) -> None:
        self.settings = settings
        self.base_url = base_url
        self.failure: dict[str, str] | None = None
        self.first_run_link = ""
        self._listener = listener
        self._children: dict[Slot, Child] = {}
        self._retiring: list[Child] = []
        self._policies: dict[Slot, RestartPolicy] = {}
        self._due_s: dict[Slot, float] = {}
        self._signals: list[int] = []
        self._prepared = False
        self._was_ready = False
        self._selector = selectors.DefaultSelector()

    def run(
        self,
        *,
        on_prepared: Callable[[dict[str, Any]], None],
        on_ready: Callable[[], None],
        is_ready: Callable[[], bool],
        reload: Callable[[], Settings | None],
    ) -> None:
        """Serve until SIGTERM or SIGINT, or until `failure` is set, and leave no process behind.

        Args:
            on_prepared: Called once with what the first `watch` process found: the store can be used.
            on_ready: Called once when the server answers.
            is_ready: Asks it.
            reload: Called on SIGHUP; returns the new settings, or None to keep the old.
        """
        with self._catching_signals():
            # Web processes take the longest to import, so they start first, and wait for `watch` to prepare the store.
            for slot in self._slots(Kind.WEB) + self._slots(Kind.WATCH):
                self._start(slot)
            self._order(Slot(Kind.WATCH, 0))
            while not self._stopping():
                self._wait(0.02 if self._all_up() and not self._was_ready else _TICK_S, on_prepared)
                self._bury()
                self._restart_due()
                if not self._was_ready and self._all_up() and is_ready():
                    self._was_ready = True
                    on_ready()
                if signal.SIGHUP in self._signals:
                    self._signals.remove(signal.SIGHUP)
                    self._reload(reload())
            self._stop()

    def pids(self) -> list[int]:
        """Return the ids of the running processes, for tests that end them."""
        return [child.pid for child in self._children.values()]

    def _slots(self, *kinds: Kind) -> list[Slot]:
        counts = {Kind.WEB: self._web_count(), Kind.WATCH: 1}
        counts[Kind.DIGEST] = self.settings.processes.digest or counts[Kind.WEB]
        counts[Kind.MEND] = int(bool(self.settings.repair.projects))
        return [Slot(kind, index) for kind in kinds for index in range(counts[kind])]

    def _web_count(self) -> int:
        return self.settings.processes.web or max(1, (os.cpu_count() or 1) // 2)

    def _stopping(self) -> bool:
        return self.failure is not None or signal.SIGTERM in self._signals or signal.SIGINT in self._signals

    def _all_up(self) -> bool:
        wanted = self._slots(*Kind)
        return all(slot in self._children and self._children[slot].is_up for slot in wanted)

    def _start(self, slot: Slot) -> Child:
        child = Child(slot, listener_fd=self._listener.fileno())
        self._children[slot] = child
        self._selector.register(child.channel, selectors.EVENT_READ, child)
        say("debug", "process.started", kind=slot.kind, index=slot.index, pid=child.pid)
        return child

    def _order(self, slot: Slot) -> None:
        is_first = slot == Slot(Kind.WEB, 0) and not self._was_ready
        self._children[slot].order(
            settings=self.settings,
            base_url=self.base_url,
            peer_count=len(self._slots(slot.kind)),
            is_first=is_first,
        )

    def _wait(self, timeout_s: float, on_prepared: Callable[[dict[str, Any]], None]) -> None:
        next_due_s = min(self._due_s.values(), default=None)
        if next_due_s is not None:
            timeout_s = max(0.0, min(timeout_s, next_due_s - time.monotonic()))
        for key, _ in self._selector.select(timeout_s):
            if not isinstance(key.data, Child):
                key.fileobj.recv(4096)  # type: ignore[union-attr]  # the wake-up of a signal
                continue
            message = key.data.channel.receive()
            if message is None:
                self._selector.unregister(key.data.channel)
            else:
                self._heed(key.data, message, on_prepared)

    def _heed(self, child: Child, message: Message, on_prepared: Callable[[dict[str, Any]], None]) -> None:
        if message.kind == "failed" and not self._prepared:
            self.failure = message.body
        elif message.kind == "prepared" and not self._prepared:
            self._prepared = True
            on_prepared(message.body)
            for slot in self._slots(Kind.WEB):
                if slot in self._children:
                    self._order(slot)
            for slot in self._slots(Kind.DIGEST, Kind.MEND):
                self._start(slot)
                self._order(slot)
        elif message.kind == "up":
            child.is_up = True
            self.first_run_link = message.body.get("first_run_link", self.first_run_link)
            for old in [old for old in self._retiring if old.slot == child.slot]:
                old.terminate()

    def _bury(self) -> None:
        self._retiring = [child for child in self._retiring if child.exit_code() is None]
        for slot, child in list(self._children.items()):
            code = child.exit_code()
            if code is None:
                continue
            self._forget(slot)
            policy = self._policies.setdefault(slot, RestartPolicy())
            lived_s = time.monotonic() - child.started_at_s
            delay_s = policy.delay_s(lived_s=lived_s, jitter=random.random())
            say("error", "process.died", kind=slot.kind, index=slot.index, exit_code=code, restart_in_s=delay_s)
            self._due_s[slot] = time.monotonic() + delay_s
            if not self._was_ready and policy.quick_deaths >= _DEATHS_BEFORE_READY_MAX and self.failure is None:
                self.failure = {
                    "message": f"the {slot.kind} process ended {policy.quick_deaths} times before the server was ready",
                    "mend": "Its own words are above; `naosu doctor` checks the installation.",
                }

    def _forget(self, slot: Slot) -> None:
        child = self._children.pop(slot)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(child.channel)
        child.channel.close()

    def _restart_due(self) -> None:
        for slot in [slot for slot, due_s in self._due_s.items() if due_s <= time.monotonic()]:
            del self._due_s[slot]
            self._start(slot)
            if self._prepared or slot.kind is Kind.WATCH:
                self._order(slot)

    def _reload(self, settings: Settings | None) -> None:
        """Put new processes in the place of the old: a web process is only stopped once its successor accepts."""
        if settings is None or not self._prepared:
            return
        self.settings = settings
        old = dict(self._children)
        wanted = self._slots(*Kind)
        for slot, child in old.items():
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(child.channel)
            del self._children[slot]
            self._retiring.append(child)
            if slot.kind is not Kind.WEB or slot not in wanted:
                child.terminate()
        for slot in wanted:
            self._due_s.pop(slot, None)
            self._start(slot)
            self._order(slot)
        say("warning", "server.reloaded")

    def _stop(self) -> None:
        self._listener.close()
        everyone = [*self._children.values(), *self._retiring]
        for child in everyone:
            child.terminate()
        asked = len(self._signals)
        kill_at_s = time.monotonic() + self.settings.processes.drain_s + _KILL_GRACE_S
        while any(child.exit_code() is None for child in everyone):
            if time.monotonic() >= kill_at_s or len(self._signals) > asked:
                for child in everyone:
                    child.kill()
            time.sleep(0.02)

    @contextlib.contextmanager
    def _catching_signals(self) -> Any:
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        self._selector.register(reading, selectors.EVENT_READ)
        caught = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, self._note) for number in caught}
        woken = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            reading.close()
            writing.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._signals.append(number)
