"""Drive the shop: `python -m demo.traffic --url URL --seconds N --rate R`. Healthy and failing requests, seeded."""

import argparse
import random
import time
from typing import Any

import httpx

Step = tuple[str, str, dict[str, Any]]

HEALTHY: tuple[Step, ...] = (
    ("GET", "/health", {}),
    ("GET", "/products", {}),
    ("GET", "/products/1/price", {}),
    ("GET", "/products/1/rating", {}),
    ("GET", "/products/2/availability", {}),
    ("GET", "/users/1", {}),
    ("GET", "/users/1/orders/latest", {}),
    ("POST", "/carts/1/coupon", {"json": {"code": "SAVE10"}}),
    ("GET", "/reports/sales", {}),
)
FAILING: tuple[Step, ...] = (
    ("GET", "/products/4/price", {}),
    ("GET", "/products/2/rating", {}),
    ("GET", "/products/1/availability", {}),
    ("GET", "/users/99", {}),
    ("POST", "/users", {"json": {"email": "customer1@example.com", "password": "long enough"}}),
    ("POST", "/users", {"json": {"email": "new@example.com", "password": "short"}}),
    ("GET", "/users/me", {"expired": True}),
    ("GET", "/users/3/orders/latest", {}),
    ("GET", "/carts/1", {}),
    ("POST", "/carts/1/coupon", {"json": {"code": "10%"}}),
    ("POST", "/checkout/1", {}),
    ("POST", "/checkout/2", {}),
    ("GET", "/reports/inventory", {}),
    ("GET", "/reports/invoices", {}),
    ("GET", "/reports/revenue", {}),
    ("GET", "/reports/sales/export", {}),
    ("GET", "/reports/sales?days=3000000", {}),
    ("POST", "/jobs/reconciliation", {}),
)
FAILING_SHARE = 0.4
TIMEOUT_S = 10.0


def open_client(url: str) -> httpx.Client:
    """Open a connection for each request: a server closes its own after an unhandled exception."""
    return httpx.Client(base_url=url, timeout=TIMEOUT_S, limits=httpx.Limits(max_keepalive_connections=0))


def send(client: httpx.Client, step: Step) -> int:
    """Make one request; 0 stands for no answer."""
    method, path, options = step
    options = dict(options)
    try:
        if options.pop("expired", False):
            token = client.post("/users/token", json={"customer_id": 1, "lifetime_s": -60}).json()["token"]
            options["headers"] = {"Authorization": f"Bearer {token}"}
        return client.request(method, path, **options).status_code
    except httpx.HTTPError:
        return 0


def drive(url: str, *, seconds: float, rate: float, seed: int) -> dict[int, int]:
    """Send requests at a rate for a time: each fault once first, then a mix. Counts the answers by status."""
    rng = random.Random(seed)
    counts: dict[int, int] = {}
    first = list(FAILING)
    started = time.monotonic()
    with open_client(url) as client:
        for number in range(int(seconds * rate)):
            pause_s = started + number / rate - time.monotonic()
            if pause_s > 0:
                time.sleep(pause_s)
            if time.monotonic() - started > seconds:
                break
            failing = rng.random() < FAILING_SHARE
            step = first.pop(0) if first and failing else rng.choice(FAILING if failing else HEALTHY)
            status = send(client, step)
            counts[status] = counts.get(status, 0) + 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.traffic")
    parser.add_argument("--url", required=True)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=5, help="requests a second")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counts = drive(arguments.url, seconds=arguments.seconds, rate=arguments.rate, seed=arguments.seed)
    print("answers by status: " + ", ".join(f"{status}: {count}" for status, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
