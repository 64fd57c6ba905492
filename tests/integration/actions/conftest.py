from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from naosu.domain.repair_policy import Ground
from naosu.ports.action import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A scene whose arguments the operator wrote."""
    source = tmp_path / "source"
    source.mkdir()
    return Scene(
        key="attempt-7",
        ground=Ground(project="shop", source=str(source)),
        backup_dir=tmp_path / "backups",
        timeout_s=10.0,
        is_operators=True,
    )


@pytest.fixture
def with_ground(scene: Scene) -> Callable[..., Scene]:
    def change(**fields: Any) -> Scene:
        return msgspec.structs.replace(scene, ground=msgspec.structs.replace(scene.ground, **fields))

    return change


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Put a program of this name first in PATH; it writes its arguments down, and then runs this line."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def make(name: str, line: str = "exit 0") -> Path:
        program, said = folder / name, folder / f"{name}.said"
        program.write_text(f'#!/bin/sh\necho "$@" >> {said}\n{line}\n')
        program.chmod(0o755)
        return said

    return make
