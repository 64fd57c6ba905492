import json

from hypothesis import given
from hypothesis import strategies as st

from naosu.normalize.views import FrameDetail
from naosu.web.issue.story import place_of, runs_of, story_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["exception", "threads", "stacktrace", "breadcrumbs", "request", "user", "contexts", "message"]
)


def frame(function: str, *, own: bool) -> FrameDetail:
    return FrameDetail(function=function, module="", filename="", abs_path="", lineno=0, colno=0, in_app=own)


def test_neighbouring_frames_of_one_kind_fold_together_in_their_order():
    frames = tuple(frame(name, own=name.isupper()) for name in "AbcDEf")
    runs = runs_of(frames)
    assert [(run.own, "".join(f.function for f in run.frames)) for run in runs] == [
        (True, "A"),
        (False, "bc"),
        (True, "DE"),
        (False, "f"),
    ]


@given(st.lists(st.booleans(), max_size=60))
def test_no_frame_is_lost_or_moved_by_folding(owns: list[bool]):
    frames = tuple(frame(str(place), own=own) for place, own in enumerate(owns))
    assert tuple(f for run in runs_of(frames) for f in run.frames) == frames


def test_the_crash_comes_first_and_the_outermost_exception_before_its_cause():
    def error(kind: str, *functions: str) -> dict:
        return {"type": kind, "stacktrace": {"frames": [{"function": name, "in_app": True} for name in functions]}}

    payload = {"exception": {"values": [error("Cause", "a", "b"), error("Outer", "c", "d")]}}
    story = story_of(json.dumps(payload).encode())
    assert [raised.exception.type for raised in story.raises] == ["Outer", "Cause"]
    assert [f.function for f in story.raises[0].runs[0].frames] == ["d", "c"]


def test_without_exceptions_the_crashed_threads_stack_is_shown():
    def thread(name: str, **flags: bool) -> dict:
        return {"id": name, "stacktrace": {"frames": [{"function": name, "in_app": True}]}, **flags}

    payload = {"threads": {"values": [thread("idle"), thread("now", current=True), thread("dead", crashed=True)]}}
    story = story_of(json.dumps(payload).encode())
    assert story.raises[0].runs[0].frames[0].function == "dead"


def test_the_newest_breadcrumb_comes_first_and_old_ones_beyond_a_hundred_are_left_out():
    payload = {"breadcrumbs": {"values": [{"message": str(n), "timestamp": n} for n in range(130)]}}
    story = story_of(json.dumps(payload).encode())
    assert [story.crumbs[0].detail.message, story.crumbs[-1].detail.message] == ["129", "30"]


def test_a_payload_that_is_not_json_is_an_empty_story():
    assert story_of(b"\xff{").raises == ()
    assert story_of(b"[]").crumbs == ()


@given(st.dictionaries(FIELDS, JSON, max_size=5))
def test_no_payload_makes_an_error(payload: dict):
    story_of(json.dumps(payload).encode())


def test_a_frame_is_placed_by_what_is_known_of_it():
    one = FrameDetail(function="f", module="m", filename="m.py", abs_path="/x/m.py", lineno=7, colno=0, in_app=True)
    assert place_of(one) == "m.py:7"
    assert place_of(frame("f", own=True)) == ""
