"""Leaving only part of an application working: a file that it reads says what is switched off."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.files import NEW_MODE, file_state, place_of, remove, write_whole
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Parameters
from naosu.domain.repair import Risk
from naosu.ports.action import Done, Scene

FILE = ".naosu-safe-mode.json"
_SHORT = 12


class SafeModeParameters(Parameters, frozen=True, kw_only=True):
    """What is switched off.

    Attributes:
        limited_functionality: By the names that the application knows.
        file: In the source tree; the application reads it.
    """

    limited_functionality: Annotated[tuple[str, ...], Meta(min_length=1)]
    file: str = FILE


class SafeMode:
    """Writes the file atomically; undone, it is what it was before."""

    name = "safe_mode"
    risk = Risk.MEDIUM
    reversible = True
    parameters = SafeModeParameters

    def why_not(self, parameters: SafeModeParameters, scene: Scene) -> str:
        """There must be a source tree, and the file must lie in it."""
        if not scene.ground.source:
            return f"naosu.yaml names no source of {scene.ground.name}"
        try:
            place_of(Path(scene.ground.source), parameters.file)
        except PlanRefusedError as error:
            return str(error)
        return ""

    def is_applied(self, parameters: SafeModeParameters, scene: Scene) -> bool | None:
        """Read the file."""
        place = _place(parameters, scene)
        return place.is_file() and place.read_bytes() == _content(parameters)

    def apply(self, parameters: SafeModeParameters, scene: Scene) -> Done:
        """Write the file, and keep the one that was there."""
        if why := self.why_not(parameters, scene):
            raise ActionFailedError(why)
        place = _place(parameters, scene)
        before = file_state(place)
        undo = {}
        if before.sha256:
            scene.backup_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            backup = scene.backup_dir / f"safe-mode-{hashlib.sha256(scene.key.encode()).hexdigest()[:_SHORT]}"
            owner = (scene.backup_dir.stat().st_uid, scene.backup_dir.stat().st_gid)
            write_whole(backup, place.read_bytes(), mode=0o600, owner=owner, mark="new")
            undo = {"backup": str(backup), "mode": str(before.mode)}
        _write(place, _content(parameters), before.mode or NEW_MODE)
        return Done(detail=f"switched off: {', '.join(parameters.limited_functionality)}", undo=undo)

    def roll_back(self, parameters: SafeModeParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Put back the file that was there, or remove ours."""
        place = _place(parameters, scene)
        if place.is_file() and place.read_bytes() != _content(parameters):
            return (f"{parameters.file} was changed since: left as it is",)
        if "backup" in done.undo:
            _write(place, Path(done.undo["backup"]).read_bytes(), int(done.undo["mode"]))
        else:
            remove(place)
        return ()


def _place(parameters: SafeModeParameters, scene: Scene) -> Path:
    return place_of(Path(scene.ground.source), parameters.file)


def _content(parameters: SafeModeParameters) -> bytes:
    return msgspec.json.encode({"safe_mode": True, "without": parameters.limited_functionality}) + b"\n"


def _write(place: Path, content: bytes, mode: int) -> None:
    status = place.stat() if place.exists() else place.parent.stat()
    write_whole(place, content, mode=mode, owner=(status.st_uid, status.st_gid), mark="naosu")
