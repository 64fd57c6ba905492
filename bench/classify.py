"""How fast faults are classified: `python bench/classify.py [--json]`. CPU time of one core, realistic faults."""

import argparse
import json
import random
import tempfile
import time
import timeit
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from naosu.classify import classify
from naosu.domain.event import Event, ExceptionValue
from naosu_sdk.classify import ExceptionFact, Fault, Matcher, shipped_packs

ROUNDS = 5
FAULTS = 2_000
SHAPES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("python", (("", "KeyError", "'sku-{n}'"),)),
    ("python", (("", "AttributeError", "'NoneType' object has no attribute 'field_{n}'"),)),
    ("python", (("", "ValueError", "invalid literal for int() with base 10: 'x{n}'"),)),
    ("python", (("shop.errors", "PaymentGatewayTimeout{n}", "gateway did not answer in 3.{n}s (charge ch_{n})"),)),
    (
        "python",
        (
            (
                "sqlalchemy.exc",
                "IntegrityError",
                (
                    "(psycopg.errors.UniqueViolation) duplicate key value violates unique constraint"
                    ' "customer_email_key"\nDETAIL:  Key (email)=(u{n}@example.com) already exists.\n'
                    "[SQL: INSERT INTO customer (email, name) VALUES (%(email)s, %(name)s) RETURNING id]"
                ),
            ),
            (
                "psycopg.errors",
                "UniqueViolation",
                'duplicate key value violates unique constraint "customer_email_key"',
            ),
        ),
    ),
    (
        "python",
        (
            ("shop.orders", "CheckoutError", "checkout of order {n} failed"),
            ("httpx", "ConnectError", "[Errno 111] Connection refused"),
            ("httpcore", "ConnectError", "[Errno 111] Connection refused"),
        ),
    ),
    ("node", (("", "TypeError", "Cannot read properties of undefined (reading 'id{n}')"),)),
    ("java", (("org.hibernate", "LazyInitializationException", "could not initialize proxy [com.shop.Order#{n}]"),)),
    ("go", (("", "*errors.errorString", "Post http://pay/{n}: context deadline exceeded"),)),
    ("python", (("app", "OddError{n}", "nothing that any rule knows about, number {n}"),)),
)


def faults() -> list[Fault]:
    """Make distinct faults of ten kinds, shuffled."""
    rng = random.Random(7)
    made = []
    for n in range(FAULTS):
        platform, chain = SHAPES[n % len(SHAPES)]
        exceptions = tuple(
            ExceptionFact(module=m, type=t.replace("{n}", str(n % 37)), message=text.replace("{n}", str(n)))
            for m, t, text in chain
        )
        made.append(Fault(platform=platform, level="error", exceptions=exceptions))
    rng.shuffle(made)
    return made


def generated_pack(folder: Path, rules: int) -> Path:
    """Write a pack of rules of the kinds that people write: types, types with messages, codes, messages alone."""
    pack = folder / f"generated{rules}"
    pack.mkdir()
    (pack / "pack.toml").write_text('id = "generated"\nversion = "1.0.0"\nsource = "bench"\nlicence = "Apache-2.0"\n')
    kinds = (
        'exc = "Vendor{n}Error"',
        'exc = ["KeyError", "ValueError"], message = {{ icontains = "special field number {n}" }}',
        'code = "V-{n}"',
        'message = {{ icontains = "vendor phrase number {n} was seen" }}',
        'message = {{ regex = "order (?P<id>\\\\d{{1,9}}) refused by desk {n}" }}',
    )
    lines = [
        f'[[rule]]\nid = "r{n}"\nwhen = {{ {kinds[n % 5].format(n=n)} }}\ncategory = "CODE"\n'
        'severity = "LOW"\ntext = "t"\n'
        for n in range(rules)
    ]
    (pack / "rules.toml").write_text("".join(lines))
    (pack / "en.toml").write_text('[t]\ntitle = "t"\n')
    return pack


def microseconds(work: Callable[[Any], object], sample: Sequence[object]) -> float:
    """Give the best of several rounds, in µs of CPU time for each of the sample."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for one in sample:
            work(one)
        best = min(best, time.process_time() - start)
    return round(best / len(sample) * 1e6, 2)


def with_text(matcher: Matcher, language: str) -> Callable[[Fault], object]:
    """Make the work of classifying a fault and filling in its rule's texts."""

    def work(fault: Fault) -> object:
        verdict = matcher.classify(fault)
        return matcher.text(verdict.rule_id, language, verdict.captures)

    return work


def events(sample: list[Fault]) -> list[Event]:
    """Make events of faults, as the digester reads them."""
    now = datetime.now(UTC)
    return [
        Event(
            event_id=f"{n:032x}",
            project_id=1,
            occurred_at=now,
            received_at=now,
            platform=fault.platform,
            exceptions=tuple(
                ExceptionValue(type=one.type, module=one.module, value=one.message, handled=False)
                for one in reversed(fault.exceptions)
            ),
        )
        for n, fault in enumerate(sample)
    ]


def load_s(cache: Path | None) -> float:
    """Time one load, in seconds of CPU time."""
    started = time.process_time()
    Matcher.load(cache=cache)
    return round(time.process_time() - started, 3)


def reference_loop_us() -> float:
    """Time `sum(range(1000))`, by which figures of a busy or slow machine can be read: about 9 on a quiet one."""
    return min(timeit.repeat("sum(range(1000))", timer=time.process_time, number=2_000, repeat=5)) / 2_000 * 1e6


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    sample = faults()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as cache:
        figures["load_first_s"] = load_s(Path(cache))
        figures["load_again_s"] = load_s(Path(cache))
    shipped = Matcher.load()
    figures["reference_loop_us"] = round(reference_loop_us(), 2)
    figures["rules_shipped"] = len(shipped.rule_ids)
    figures["shipped_us"] = microseconds(shipped.classify, sample)
    for language in ("en", "ja", "fr"):
        figures[f"shipped_with_{language}_text_us"] = microseconds(with_text(shipped, language), sample)
    seen, unseen = events(sample[:200]), events(sample)
    figures["event_unseen_us"] = microseconds(lambda event: classify(event, shipped), unseen)
    figures["event_seen_us"] = microseconds(lambda event: classify(event, shipped), seen)
    with tempfile.TemporaryDirectory() as scratch:
        for rules in (1_000, 10_000):
            matcher = Matcher.load([*shipped_packs(), generated_pack(Path(scratch), rules)])
            figures[f"rules_{len(matcher.rule_ids)}_us"] = microseconds(with_text(matcher, "ja"), sample)
    figures["classifications_per_s"] = round(1e6 / figures["shipped_us"])
    if as_json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value:>12,}")


if __name__ == "__main__":
    main()
