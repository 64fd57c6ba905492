"""What people see of an event: everything that was sent, in the order in which it is read."""

import json
from typing import Any

import pytest

from naosu.normalize.detail import pairs, shown, to_detail
from naosu.normalize.errors import UnreadableReportError
from naosu.normalize.views import EventDetail, SourceLine


def detail(payload: Any) -> EventDetail:
    return to_detail(json.dumps(payload).encode())


def raised(*values: dict[str, Any]) -> dict[str, Any]:
    return {"exception": {"values": list(values)}}


def test_what_is_no_object_is_refused() -> None:
    for body in (b"[]", b"7", b"{", b""):
        with pytest.raises(UnreadableReportError):
            to_detail(body)


def test_an_empty_event_is_an_error_of_an_unknown_platform() -> None:
    assert detail({}) == EventDetail()


def test_the_exception_that_was_raised_last_and_the_frame_that_crashed_come_first() -> None:
    frames = [{"function": "main", "lineno": 1}, {"function": "deep", "lineno": 2}]
    seen = detail(raised({"type": "Cause"}, {"type": "Effect", "stacktrace": {"frames": frames}}))
    assert [one.type for one in seen.exceptions] == ["Effect", "Cause"]
    assert [frame.function for frame in seen.exceptions[0].frames] == ["deep", "main"]
    assert [one.relation for one in seen.exceptions] == ["", "caused by"]


def test_a_chain_tells_causes_from_what_was_being_handled_and_from_members_of_a_group() -> None:
    seen = detail(
        raised(
            {"type": "M", "mechanism": {"exception_id": 2, "parent_id": 0, "source": "exceptions[0]"}},
            {"type": "C", "mechanism": {"exception_id": 1, "parent_id": 2, "source": "__context__"}},
            {"type": "G", "mechanism": {"exception_id": 0, "is_exception_group": True, "handled": False}},
        )
    )
    assert [(one.type, one.relation, one.depth) for one in seen.exceptions] == [
        ("G", "", 0),
        ("C", "while handling", 2),
        ("M", "member of group", 1),
    ]
    assert [one.handled for one in seen.exceptions] == [False, None, None]


def test_exceptions_that_are_each_other_s_parents_do_not_hang() -> None:
    one = {"type": "A", "mechanism": {"exception_id": 1, "parent_id": 2}}
    other = {"type": "B", "mechanism": {"exception_id": 2, "parent_id": 1}}
    assert len(detail(raised(one, other)).exceptions) == 2


@pytest.mark.parametrize(("sent", "kept"), [(500, 500), (501, 500), (2000, 500)])
def test_of_a_very_deep_stack_both_ends_are_kept(sent: int, kept: int) -> None:
    frames = [{"function": f"f{i}"} for i in range(sent)]
    shown_frames = detail({"stacktrace": {"frames": frames}}).stack
    assert len(shown_frames) == kept
    assert (shown_frames[0].function, shown_frames[-1].function) == (f"f{sent - 1}", "f0")


def test_source_lines_are_numbered_around_the_current_one() -> None:
    frame = {"lineno": 7, "pre_context": ["a", None], "context_line": "b", "post_context": ["c"], "vars": {"x": [1]}}
    seen = detail({"stacktrace": {"frames": [frame]}}).stack[0]
    assert seen.lines == (SourceLine(5, "a"), SourceLine(6, ""), SourceLine(7, "b", current=True), SourceLine(8, "c"))
    assert seen.variables == (("x", "[\n  1\n]"),)


def test_without_a_current_line_there_is_no_source() -> None:
    assert detail({"stacktrace": {"frames": [{"lineno": 7, "pre_context": ["a"]}]}}).stack[0].lines == ()


def test_numbers_of_lines_and_columns_are_never_negative() -> None:
    seen = detail({"stacktrace": {"frames": [{"lineno": -3, "colno": "12"}]}}).stack[0]
    assert (seen.lineno, seen.colno) == (0, 12)


@pytest.mark.parametrize(
    ("sent", "message", "template"),
    [
        ({"message": "plain"}, "plain", ""),
        ({"logentry": {"formatted": "a 1", "message": "a %s", "params": [1]}}, "a 1", "a %s  [\n  1\n]"),
        ({"logentry": {"formatted": "same", "message": "same"}}, "same", ""),
        ({"logentry": {"message": "only template"}}, "only template", "only template"),
        ({"message": {"formatted": "old form"}}, "old form", ""),
        ({"sentry.interfaces.Message": {"message": "older", "formatted": "older"}}, "older", ""),
    ],
)
def test_messages_are_read_in_every_form(sent: dict[str, Any], message: str, template: str) -> None:
    seen = detail(sent)
    assert (seen.message, seen.template) == (message, template)


def test_requests_are_read_in_every_form() -> None:
    request = detail({"request": {"query_string": "?a=1&b", "cookies": "x=1; y", "data": {"k": 1}}}).request
    assert request is not None
    assert request.query == (("a", "1"), ("b", ""))
    assert request.cookies == (("x", "1"), ("y", ""))
    assert request.data == '{\n  "k": 1\n}'
    other = detail({"request": {"query_string": [["a", "1"]], "cookies": "[Filtered]", "data": ""}}).request
    assert other is not None
    assert (other.query, other.cookies, other.data) == ((("a", "1"),), (("", "[Filtered]"),), "")
    assert detail({"request": {}}).request is None


def test_pairs_are_read_from_objects_lists_and_texts() -> None:
    assert pairs({"a": 1, "b": None}) == (("a", "1"), ("b", "null"))
    assert pairs([["a", "1"], {"key": "b", "value": 2}, {"name": "c"}, "d"]) == (
        ("a", "1"),
        ("b", "2"),
        ("c", "null"),
        ("3", "d"),
    )
    assert pairs("x") == (("", "x"),)
    assert pairs(None) == pairs("") == pairs(7) == ()


@pytest.mark.parametrize(("length", "cut"), [(2000, False), (2001, True)])
def test_long_values_are_cut_and_say_so(length: int, cut: bool) -> None:
    assert shown("x" * length).endswith("…") is cut
    assert len(shown(["x" * 4000])) == 2001


def test_unknown_members_are_shown_and_known_ones_are_not_shown_twice() -> None:
    seen = detail({"platform": "python", "odd": {"a": 1}, "none": None, "modules": {"a": "1"}, "_meta": {}})
    assert seen.unknown == (("odd", '{\n  "a": 1\n}'),)
    assert seen.modules == (("a", "1"),)


def test_filtered_places_are_listed_in_the_order_sent() -> None:
    payload = {
        "request": {"headers": [["Cookie", "[Filtered]"]], "data": "a=[Filtered]&b"},
        "extra": {"password": "[Filtered]"},
        "_meta": {"x": "[Filtered]"},
    }
    assert detail(payload).filtered == ("request.headers.0.1", "request.data", "extra.password")
    assert len(detail({"extra": ["[Filtered]"] * 200}).filtered) == 100


def test_threads_breadcrumbs_and_contexts_are_shown_whole() -> None:
    seen = detail(
        {
            "threads": {"values": [{"id": 7, "name": "worker", "crashed": True}, "odd"]},
            "breadcrumbs": {"values": [{"message": "m", "data": {"a": 1}}, None]},
            "contexts": {"os": {"name": "Linux"}, "empty": {}},
            "sdk": {"name": "s", "version": "1"},
            "user": {"id": 7},
            "tags": [["a", "b"]],
        }
    )
    assert [(one.id, one.name, one.crashed) for one in seen.threads] == [("7", "worker", True)]
    assert [(one.message, one.type, one.level, one.data) for one in seen.breadcrumbs] == [
        ("m", "default", "info", (("a", "1"),))
    ]
    assert seen.contexts == (("os", (("name", "Linux"),)),)
    assert (seen.sdk, seen.user, seen.tags) == ("s 1", (("id", "7"),), (("a", "b"),))
