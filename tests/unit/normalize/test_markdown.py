"""An event as Markdown: the crash first, bounded, and nothing sent by anybody is markup."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naosu.normalize.markdown import to_markdown
from naosu.normalize.views import Breadcrumb, EventDetail, ExceptionDetail, FrameDetail, RequestDetail, SourceLine


def frame(function: str = "f", **more: Any) -> FrameDetail:
    fields = {"module": "m", "filename": "m.py", "abs_path": "/m.py", "lineno": 3, "colno": 0, "in_app": True}
    return FrameDetail(function=function, **{**fields, **more})


def error(**more: Any) -> ExceptionDetail:
    return ExceptionDetail(**{"type": "E", "value": "boom", "module": "", "frames": (), **more})


@pytest.mark.parametrize(
    ("detail", "title"),
    [
        (EventDetail(), "# Event"),
        (EventDetail(message="hello"), "# hello"),
        (EventDetail(exceptions=(error(),), message="hello"), "# E: boom"),
        (EventDetail(exceptions=(error(value=""),)), "# E"),
        (EventDetail(exceptions=(error(type="", value=""),)), "# Error"),
    ],
)
def test_the_title_is_the_error_else_the_message(detail: EventDetail, title: str) -> None:
    assert to_markdown(detail).splitlines()[0] == title


def test_a_given_title_the_address_and_facts_come_first() -> None:
    text = to_markdown(EventDetail(release="1.2"), title="T", url="https://n.example/i/1", facts=[("Seen", "3 times")])
    assert text.splitlines()[:6] == [
        "# T",
        "",
        "<https://n.example/i/1>",
        "",
        "- **Seen:** `3 times`",
        "- **Level:** `error`",
    ]
    assert "- **Release:** `1.2`" in text


def test_a_message_that_repeats_the_error_is_left_out() -> None:
    assert "## Message" not in to_markdown(EventDetail(exceptions=(error(),), message="boom"))
    assert "## Message" in to_markdown(EventDetail(exceptions=(error(),), message="other"))


def test_own_code_is_shown_in_full_and_other_code_in_a_line() -> None:
    lines = (SourceLine(2, "a"), SourceLine(3, "b", current=True))
    own = frame("own", lines=lines, variables=(("x", "1"),))
    other = frame("other", lines=lines, variables=(("y", "2"),), in_app=False)
    text = to_markdown(EventDetail(platform="python", exceptions=(error(frames=(own, other)),)))
    assert "- `own` at `m.py:3`\n\n  ```python\n        2 a\n  >     3 b\n  ```\n\n  - `x` = `1`\n" in text
    assert "- `other` at `m.py:3` (not own code)\n" in text
    assert "`y`" not in text


def test_causes_say_how_they_belong_and_whether_anybody_caught_them() -> None:
    cause = error(relation="caused by", module="a.b", handled=False, mechanism="wsgi")
    text = to_markdown(EventDetail(exceptions=(error(handled=True), cause)))
    assert "## Caused by: a.b.E" in text
    assert "_unhandled, wsgi_" in text
    assert "_handled_" in text


@pytest.mark.parametrize(("frames", "more"), [(25, None), (26, "… 1 more"), (90, "… 65 more")])
def test_long_stacks_are_cut_far_from_the_crash(frames: int, more: str | None) -> None:
    text = to_markdown(EventDetail(stack=tuple(frame(f"f{i}") for i in range(frames))))
    assert "`f0`" in text
    assert (more in text) if more else ("more" not in text)


def test_request_tables_and_breadcrumbs_are_listed() -> None:
    crumb = Breadcrumb(timestamp="t", type="default", category="db", level="info", message="q", data=(("a", "1"),))
    detail = EventDetail(
        request=RequestDetail(method="GET", url="/x", query=(("a", "1"),), headers=(("Host", "h"),), data="{}"),
        tags=(("k", "v"), ("", "")),
        contexts=(("os", (("name", "Linux"),)),),
        breadcrumbs=(crumb,) * 20,
        filtered=("request.headers.0.1",),
    )
    text = to_markdown(detail)
    for part in (
        "## Request\n\n`GET /x`\n",
        "### Query\n\n- `a`: `1`\n",
        "### Headers\n",
        "### Body\n\n```\n{}\n```\n",
        "## Tags\n\n- `k`: `v`\n- -: -\n",
        "## Context: os\n",
        "## Filtered\n\n- `request.headers.0.1`\n",
    ):
        assert part in text
    assert text.count("- `t` db info: `q a=1`") == 15


def test_long_tables_say_how_much_is_left_out() -> None:
    text = to_markdown(EventDetail(extra=tuple((f"k{i}", "v") for i in range(31))))
    assert "- `k29`: `v`\n- … 1 more\n" in text


@pytest.mark.parametrize("hostile", ["](https://evil.example)", "<script>", "**bold**", "a|b", "# head", "`code`"])
def test_nothing_sent_is_markup(hostile: str) -> None:
    title = to_markdown(EventDetail(message=f"x {hostile}")).splitlines()[0]
    for char in "[]<>|*`":
        assert title.count(char) == title.count("\\" + char)


def test_backticks_and_fences_in_values_do_not_end_code() -> None:
    text = to_markdown(EventDetail(message="a\n```\n# head", tags=(("k", "a``b"),)))
    assert "````\na\n```\n# head\n````" in text
    assert "`k`: ``` a``b ```" in text


@pytest.mark.parametrize("length_max", [60, 200, 1000])
def test_a_long_text_is_cut_at_a_line_outside_of_code(length_max: int) -> None:
    text = to_markdown(EventDetail(message="line\n" * 500), length_max=length_max)
    assert len(text) <= length_max
    assert text.endswith("… (cut)\n")
    assert text.count("```") % 2 == 0


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.integers(50, 400))
def test_the_bound_holds_whatever_the_text(message: str, length_max: int) -> None:
    assert len(to_markdown(EventDetail(message=message), length_max=length_max)) <= length_max


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("1795339800.25", "2026-11-22T09:30:00.250Z"),
        ("1795339800250", "2026-11-22T09:30:00.250Z"),
        ("2026-11-22T18:30:00+09:00", "2026-11-22T09:30:00.000Z"),
        ("2026-11-22T09:30:00", "2026-11-22T09:30:00.000Z"),
        ("a moment ago", "a moment ago"),
    ],
)
def test_times_are_shown_in_utc_however_they_were_sent(sent: str, shown: str) -> None:
    crumb = Breadcrumb(timestamp=sent, type="default", category="db", level="info", message="q", data=())
    text = to_markdown(EventDetail(timestamp=sent, breadcrumbs=(crumb,)))
    assert f"- **Time:** `{shown}`\n" in text
    assert f"- `{shown}` db info: `q`\n" in text


def test_a_breadcrumb_without_a_time_is_listed_without_one() -> None:
    crumb = Breadcrumb(timestamp="", type="default", category="db", level="info", message="q", data=())
    assert "- db info: `q`" in to_markdown(EventDetail(breadcrumbs=(crumb,)))
