"""An event's detail, arranged for reading: neighbouring library frames fold together."""

from datetime import datetime
from itertools import groupby

import msgspec

from naosu.normalize.detail import to_detail
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.moments import read_moment
from naosu.normalize.views import Breadcrumb, EventDetail, ExceptionDetail, FrameDetail, ThreadDetail

CRUMBS_MAX = 100
PAIRS_MAX = 200


class Run(msgspec.Struct, frozen=True):
    """Neighbouring frames that are all the application's own, or all of libraries."""

    own: bool
    frames: tuple[FrameDetail, ...]


class Raise(msgspec.Struct, frozen=True):
    """One exception of a chain or group; `runs` begin with the crash. Without a type: a bare stack."""

    exception: ExceptionDetail
    runs: tuple[Run, ...]


class Crumb(msgspec.Struct, frozen=True):
    """Something that happened before, and when. None: the sender's time cannot be read."""

    at: datetime | None
    detail: Breadcrumb


class Story(msgspec.Struct, frozen=True):
    """An event, arranged for reading; the newest breadcrumb comes first."""

    detail: EventDetail
    raises: tuple[Raise, ...]
    crumbs: tuple[Crumb, ...]


def story_of(payload: bytes) -> Story:
    """Arrange a stored payload. What cannot be read at all is an empty story, not an error."""
    try:
        detail = to_detail(payload)
    except UnreadableReportError:
        detail = EventDetail()
    crumbs = detail.breadcrumbs[-CRUMBS_MAX:][::-1]
    return Story(detail, _raises(detail), tuple(Crumb(read_moment(crumb.timestamp), crumb) for crumb in crumbs))


def _raises(detail: EventDetail) -> tuple[Raise, ...]:
    if detail.exceptions:
        return tuple(Raise(exception, runs_of(exception.frames)) for exception in detail.exceptions)
    frames = detail.stack or _thread_frames(detail.threads)
    bare = ExceptionDetail(type="", value="", module="", frames=frames)
    return (Raise(bare, runs_of(frames)),) if frames else ()


def _thread_frames(threads: tuple[ThreadDetail, ...]) -> tuple[FrameDetail, ...]:
    """Return the frames of the thread that crashed, else of the current one, else of the first with any."""
    ranked = sorted(threads, key=lambda thread: (not thread.crashed, not thread.current))
    return next((thread.frames for thread in ranked if thread.frames), ())


def runs_of(frames: tuple[FrameDetail, ...]) -> tuple[Run, ...]:
    """Return the frames in their order, neighbours of one ownership together."""
    return tuple(Run(own, tuple(run)) for own, run in groupby(frames, key=lambda frame: frame.in_app))


def place_of(frame: FrameDetail) -> str:
    """Return file and line, as far as they are known."""
    name = frame.filename or frame.abs_path or frame.module or frame.package or frame.address
    return f"{name}:{frame.lineno}" if name and frame.lineno else name
