"""``python -m naosu.wiring.process KIND CHANNEL_FD [LISTENER_FD]``: one process of a server."""

import gc
import signal
import socket
import sys
from collections.abc import Callable

import msgspec

from naosu.domain.errors import NaosuError
from naosu.wiring.channel import Channel
from naosu.wiring.child import Kind, Orders

# structlog imports it when it is there, for coloured tracebacks that a server never prints: 0.1 s and 8 MB a process.
sys.modules["rich"] = None  # type: ignore[assignment]

# Objects made before a look for garbage: batches live as long as thousands of them, and hold no cycles.
_GARBAGE_THRESHOLD = 10_000

Work = Callable[[Orders, Channel], None]


def main(arguments: list[str]) -> int:
    """Import what this kind needs, wait for orders, and work until told to stop."""
    # Until the work installs its own handler, a stop must not look like a death.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    kind = Kind(arguments[0])
    channel = Channel(socket.socket(fileno=int(arguments[1])))
    # What is imported stays for ever: looking for garbage in it, now and later, costs a tenth of the start.
    gc.disable()
    work = _load(kind, arguments[2:])
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    gc.enable()
    message = channel.receive()
    if message is None:
        return 0
    orders = msgspec.convert(message.body, Orders)
    from naosu.wiring.log import configure_log

    configure_log(orders.settings.log)
    return _worked(kind, work, orders, channel)


def _worked(kind: Kind, work: Work, orders: Orders, channel: Channel) -> int:
    """Work, and put what ends it into the log; the supervisor starts the process again."""
    import structlog

    log = structlog.get_logger(f"naosu.{kind}")
    try:
        work(orders, channel)
    except NaosuError as error:
        log.error("process.failed", code=error.code, detail=str(error), mend=error.mend)  # noqa: TRY400 - no traceback
    except Exception:  # why: the end of a process; the log, in its form, is the only witness
        log.exception("process.failed")
    else:
        return 0
    return 1


def _load(kind: Kind, rest: list[str]) -> Work:
    if kind is Kind.WEB:
        from naosu.wiring.web_process import run_web

        listener = socket.socket(fileno=int(rest[0]))
        return lambda orders, channel: run_web(orders, channel, listener)
    if kind is Kind.DIGEST:
        from naosu.wiring.digest_process import run_digest

        return run_digest
    if kind is Kind.MEND:
        from naosu.wiring.mend_process import run_mend

        return run_mend
    from naosu.wiring.watch_process import run_watch

    return run_watch


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
