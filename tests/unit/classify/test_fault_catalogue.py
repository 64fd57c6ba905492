"""Applications with faults that people really hit are told apart by what they log: the folder's name is the truth."""

import re
from pathlib import Path

import pytest

from naosu.classify import classify
from naosu.domain.classification import Category
from naosu.domain.event import ExceptionValue, Frame

FAULTS = Path(__file__).parents[4] / "shared" / "data" / "faults"
CASES = sorted(folder.name for folder in FAULTS.glob("*_*/") if (folder / "traceback.txt").exists())
RAISED = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Shutdown|Heads|Greenlet))(?:: (.*))?")
FRAME = re.compile(r'  File "([^"]+)", line (\d+), in (\S+)')


def chains_of(log: str) -> list[list[ExceptionValue]]:
    """Read a log's tracebacks: each a chain, the cause first, as SDKs send it."""
    chains: list[list[ExceptionValue]] = []
    frames: list[Frame] = []
    continues = False
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if found := FRAME.match(line):
            path, lineno, function = found.groups()
            source = lines[number + 1].strip() if number + 1 < len(lines) else ""
            frames.append(
                Frame(
                    filename=path,
                    lineno=int(lineno),
                    function=function,
                    in_app=path.startswith("<app>"),
                    context_line=source,
                )
            )
        elif line.startswith(("The above exception was", "During handling of the above")):
            continues = True
        elif frames and (raised := RAISED.fullmatch(line)):
            module, _, name = raised[1].rpartition(".")
            value = ExceptionValue(type=name, module=module, value=raised[2] or "", frames=tuple(frames), handled=False)
            if continues and chains:
                chains[-1].append(value)
            else:
                chains.append([value])
            frames, continues = [], False
    return chains


def verdicts_of(folder: Path, matcher, make_event) -> list[Category]:
    """Classify each traceback of a case; where it has none, each line that it logged."""
    log = (folder / "traceback.txt").read_text()
    events = [make_event(exceptions=tuple(chain)) for chain in chains_of(log)]
    if not events:
        lines = [line.removeprefix("[oracle] FAULT ") for line in log.splitlines() if not line.startswith("INFO:")]
        events = [make_event(message=line) for line in lines if line.strip()]
    return [classify(event, matcher).category for event in events]


@pytest.mark.skipif(not CASES, reason="../shared/data/faults is absent")
@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("control_")])
def test_a_fault_is_of_the_category_that_its_name_tells(case: str, matcher, make_event) -> None:
    wanted = Category(case.split("_", 1)[0].upper())
    found = [category for category in verdicts_of(FAULTS / case, matcher, make_event) if category != Category.UNKNOWN]
    assert found
    assert set(found) == {wanted}


@pytest.mark.skipif(not CASES, reason="../shared/data/faults is absent")
def test_an_outage_upstream_is_the_networks_and_may_be_retried(matcher, make_event) -> None:
    (chain,) = chains_of((FAULTS / "control_upstream_outage" / "traceback.txt").read_text())
    verdict = classify(make_event(exceptions=tuple(chain)), matcher)
    assert (verdict.category, verdict.retryable, verdict.retry) == (Category.NETWORK, True, "safe")
