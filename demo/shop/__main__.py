"""Run the shop: `python -m demo.shop --dsn DSN --port 0`."""

import argparse
import os
import socket
import tempfile
from pathlib import Path

import uvicorn

from demo.shop.app import create_app
from demo.shop.watching import start_sentry


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.shop")
    parser.add_argument("--dsn", default=os.environ.get("SENTRY_DSN", ""))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--data", type=Path, default=None, help="where the SQLite file goes")
    parser.add_argument("--release", default="shop@1.4.2")
    arguments = parser.parse_args()
    data = arguments.data or Path(tempfile.mkdtemp(prefix="demo-shop-"))
    data.mkdir(parents=True, exist_ok=True)
    start_sentry(arguments.dsn, release=arguments.release)
    listener = socket.create_server((arguments.host, arguments.port))
    url = f"http://{arguments.host}:{listener.getsockname()[1]}"
    app = create_app(data / "shop.sqlite", url)
    print(f"demo shop: {url}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


main()
