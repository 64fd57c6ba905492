"""The process that accepts events, and serves the API and the screens."""

import asyncio
import signal
import socket
from collections.abc import Callable

import uvicorn
import uvloop

import naosu.queue.inbox  # noqa: F401 -- now, while another process brings the schema up to date
from naosu.api.app import create_app
from naosu.api.auth.sign_in import first_run_link
from naosu.api.ingest import GroupCommitter, IngestApp, KeyDirectory, bounded_protocol
from naosu.ingest.admission import Admission
from naosu.ingest.storm import StormPolicy
from naosu.web.live import ChangeFeed
from naosu.web.router import build_router
from naosu.wiring.api_app import api_context
from naosu.wiring.build import open_inbox_writer, open_store
from naosu.wiring.channel import Channel
from naosu.wiring.child import Orders
from naosu.wiring.dispatch import Dispatcher
from naosu.wiring.system import SystemClock

KEEP_ALIVE_S = 75
_LAST_REQUESTS_S = 0.1


def run_web(orders: Orders, channel: Channel, listener: socket.socket) -> None:
    """Serve until told to stop; then answer what was asked, and end."""
    settings = orders.settings
    with open_store(settings) as store:
        writer = open_inbox_writer(settings, f"web-{orders.index}")
        committer = GroupCommitter(writer)
        try:
            context = api_context(
                settings, store, base_url=orders.base_url, redrive=lambda report: writer.append([report])
            )
            feed = ChangeFeed()
            app = create_app(context)
            app.include_router(build_router(feed=feed))
            link = None
            if orders.is_first:
                link = first_run_link(store, now=context.clock.now(), public_url=orders.base_url)
            ingest = IngestApp(
                directory=KeyDirectory(store),
                committer=committer,
                backlog=writer,
                clock=SystemClock(),
                limits=settings.ingest,
                admission=Admission(share=1 / orders.peer_count),
                storm=StormPolicy(settings.storm),
            )
            server = StoppableServer(_config(orders, Dispatcher(ingest, app)), on_stop=feed.close)
            uvloop.run(server.work(listener, channel, first_run_link=link or ""))
        finally:
            committer.close()
            writer.close()


def _config(orders: Orders, app: Dispatcher) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=bounded_protocol(
            header_bytes_max=orders.settings.ingest.header_bytes_max,
            header_count_max=orders.settings.ingest.header_count_max,
        ),
        loop="none",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(orders.settings.processes.drain_s),
        backlog=2048,
    )


class StoppableServer(uvicorn.Server):
    """A server that stops on SIGTERM, or when its supervisor is gone, and then ends with code 0."""

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def work(self, listener: socket.socket, channel: Channel, *, first_run_link: str) -> None:
        """Serve on the socket, and say so once it accepts."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(signal.SIGINT, self._stop)
        loop.add_reader(channel.fileno(), self._heed, channel)
        announcing = loop.create_task(self._announce(channel, first_run_link))
        await self._serve([listener])
        announcing.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more; then let those that were accepted this instant send their request, and answer it."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(_LAST_REQUESTS_S)
        await super().shutdown(sockets)

    async def _announce(self, channel: Channel, first_run_link: str) -> None:
        while not self.started:
            await asyncio.sleep(0.005)
        channel.send("up", first_run_link=first_run_link)

    def _heed(self, channel: Channel) -> None:
        if channel.receive() is None:
            asyncio.get_running_loop().remove_reader(channel.fileno())
            self._stop()

    def _stop(self) -> None:
        self._on_stop()
        self.should_exit = True
