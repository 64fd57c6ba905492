import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from naosu.domain.evidence import WebRequest
from naosu.scratch.laboratory import Limits, ScratchLaboratory

FAULT_PYTHON = os.environ.get("NAOSU_FAULT_PYTHON", "")
Make = Callable[..., ScratchLaboratory]


def ask(*lines: str) -> list[WebRequest]:
    return [WebRequest(method=method, path=path) for method, _, path in (line.partition(" ") for line in lines)]


@pytest.fixture
def fault_python() -> Path:
    if not FAULT_PYTHON:
        pytest.skip("NAOSU_FAULT_PYTHON names no environment with Flask and Django")
    return Path(FAULT_PYTHON)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.fixture
def make(source: Path) -> Iterator[Make]:
    """Writes an application, and makes a laboratory for it; FastAPI comes from our own environment."""
    made: list[ScratchLaboratory] = []

    def write_and_make(files: dict[str, str], **options: object) -> ScratchLaboratory:
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        options = {"python": Path(sys.executable), "limits": Limits(program_s=10), **options}
        made.append(ScratchLaboratory(source, **options))  # type: ignore[arg-type]
        return made[-1]

    yield write_and_make
    for laboratory in made:
        laboratory.close()
