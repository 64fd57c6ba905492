"""Writes the labelled corpus: real Python exceptions caught by sentry-sdk, other platforms as their SDKs send them.

Run it from the repository's root with `sentry-sdk` installed. `python tests/corpus/grouping/make.py` rewrites
python.jsonl and platforms.jsonl. Each line: ``{"label": the true issue, "why": what makes it hard, "event": payload}``.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import python_faults
import python_more
import sentry_sdk
from capture import Corpus, keep
from platforms import platform_cases

HERE = Path(__file__).parent
PARTS = (
    python_faults.volatile,
    python_faults.same_line,
    python_faults.places,
    python_faults.helpers,
    python_faults.chains,
    python_faults.language,
    python_faults.databases,
    python_more.further_messages,
    python_more.further_names,
    python_more.further_faults,
    python_more.more_helpers,
    python_more.more_messages,
    python_more.more_language,
    python_more.more_system,
)


def main() -> None:
    sentry_sdk.init("http://k@127.0.0.1:1/1", before_send=keep, default_integrations=False, max_breadcrumbs=0)
    corpus = Corpus()
    for part in PARTS:
        part(corpus)
    write(HERE / "python.jsonl", corpus.cases)
    write(HERE / "platforms.jsonl", platform_cases())


def write(path: Path, cases: Iterable[dict[str, Any]]) -> None:
    rows = list(cases)
    path.write_text("".join(json.dumps(case, ensure_ascii=False, sort_keys=True) + "\n" for case in rows), "utf-8")
    sys.stdout.write(f"{path.name}: {len(rows)} events in {len({case['label'] for case in rows})} issues\n")


if __name__ == "__main__":
    main()
