"""What is one issue, and what is two; and what the grouping says about itself."""

import msgspec
import pytest
from grouping_samples import error, event, frame, issues, online, raised

from naosu.domain.fingerprint import Grouping, Site
from naosu.group import group, locate


def _group(one: object) -> Grouping:
    return online([one])[0]  # type: ignore[list-item]


def test_a_fingerprint_names_its_algorithm_and_has_32_hex_digits() -> None:
    version, _, digits = _group(raised("x", "raise ValueError('x')")).fingerprint.partition(":")
    assert version == "v1"
    assert len(digits) == 32
    assert int(digits, 16) >= 0


def test_another_type_is_another_issue() -> None:
    assert issues(raised("x", "f()", "ValueError"), raised("x", "f()", "TypeError")) == 2


def test_another_function_is_another_issue() -> None:
    line = "raise ValueError('x')"
    assert issues(event(error("E", "x", frame("a", line=line))), event(error("E", "x", frame("b", line=line)))) == 2


def test_two_faults_of_one_function_are_two_issues() -> None:
    assert issues(raised("'n'", "x = a['n']", "KeyError"), raised("'n'", "return b['n']", "KeyError")) == 2


def test_a_helper_speaks_for_its_caller() -> None:
    line = "raise UpstreamError('upstream failed')"

    def called(caller: str) -> object:
        exception = error(
            "UpstreamError", "upstream failed", frame(caller, f"shop.{caller}"), frame("call", "shop.http", line)
        )
        return event(msgspec.structs.replace(exception, module="shop.http"))

    assert issues(called("charge"), called("refund"), called("charge")) == 2  # type: ignore[arg-type]
    assert "caller" in [part.name for part in _group(called("charge")).parts if part.counted]


def test_a_function_of_the_domain_does_not_speak_for_its_callers() -> None:
    line = "raise PriceError('no price list')"

    def called(caller: str) -> object:
        return event(
            error("PriceError", "no price list", frame(caller, f"shop.{caller}"), frame("price", "shop.pricing", line))
        )

    assert issues(called("checkout"), called("quote")) == 1  # type: ignore[arg-type]


def test_a_fault_is_one_issue_for_all_callers() -> None:
    def called(*callers: str) -> object:
        path = [frame(caller, f"shop.{caller}") for caller in callers]
        return event(error("KeyError", "'tax'", *path, frame("call", "shop.http", "return d['tax']")))

    assert issues(called("checkout"), called("quote"), called("a", "b", "c"), called()) == 1  # type: ignore[arg-type]


def test_the_cause_tells_equal_wrappers_apart() -> None:
    def wrapped(kind: str) -> object:
        cause = error(kind, "x", frame("work", line="f()"))
        return event(cause, error("JobError", "job failed", frame("run", line="raise JobError('job failed') from e")))

    assert issues(wrapped("KeyError"), wrapped("OSError"), wrapped("KeyError")) == 2  # type: ignore[arg-type]


def test_the_wrappers_own_words_count() -> None:
    cause = error("OSError", "gone", frame("read", line="open(p)"))

    def wrapped(text: str) -> object:
        return event(cause, error("JobError", text, frame("run", line=f"raise JobError('{text}') from e")))

    assert issues(wrapped("stock is down"), wrapped("mail is down")) == 2  # type: ignore[arg-type]


def test_a_handler_that_fails_is_the_problem() -> None:
    cause = error("KeyError", "'a'", frame("load", line="d['a']"))
    handler = error("AttributeError", "'dict' object has no attribute 'b'", frame("load", line="d.b()"))
    assert _group(event(cause, handler)).title.startswith("AttributeError: 'dict'")


def test_a_type_that_repeats_counts_once() -> None:
    fault = error("KeyError", "'a'", frame("load", line="d['a']"))
    assert issues(event(fault), event(fault, fault), event(fault, fault, fault)) == 1


def test_members_of_a_group_are_a_set() -> None:
    def gathered(*kinds: str) -> object:
        outer = error(
            "ExceptionGroup", "2 failed", frame("gather", line="async with g:"), exception_id=0, is_group=True
        )
        members = [
            error(kind, "x", frame(kind.lower(), line="f()"), exception_id=number + 1, parent_id=0)
            for number, kind in enumerate(kinds)
        ]
        return event(*reversed(members), outer)

    assert issues(gathered("A", "B"), gathered("B", "A"), gathered("A", "B", "A")) == 1  # type: ignore[arg-type]
    assert issues(gathered("A", "B"), gathered("A", "C")) == 2  # type: ignore[arg-type]


def test_where_a_full_stack_ends_is_chance() -> None:
    frames = [frame("ping"), frame("pong")] * 20
    texts = ["maximum recursion depth exceeded", "maximum recursion depth exceeded in comparison"]
    found = [event(error("RecursionError", text, *frames[: len(frames) - cut])) for cut, text in enumerate(texts)]
    assert issues(*found) == 1


def test_two_lambdas_of_one_file_are_two() -> None:
    def inside(outer: str) -> object:
        return event(error("KeyError", "'a'", frame(outer), frame("<lambda>", line="key=lambda r: r['a']")))

    assert issues(inside("by_price"), inside("by_name")) == 2  # type: ignore[arg-type]


def test_frames_without_a_function_are_told_by_their_line() -> None:
    def at(line: str) -> object:
        return event(error("TypeError", "x is null", frame("?", "", line, filename="https://a.example/app.js")))

    assert issues(at("  a.b.c;"), at("  d.e.f;")) == 2  # type: ignore[arg-type]
    assert issues(at("  a.b.c;"), at("      a.b.c;")) == 1  # type: ignore[arg-type]


def test_a_continued_raise_is_read_from_the_payload() -> None:
    line = "    raise ValueError("
    payload = msgspec.json.encode(
        {
            "exception": {
                "values": [
                    {
                        "type": "ValueError",
                        "stacktrace": {
                            "frames": [
                                {
                                    "lineno": 1,
                                    "context_line": line,
                                    "post_context": ["        f'no {x} left in the shop'", "    )"],
                                }
                            ]
                        },
                    }
                ]
            }
        }
    )

    def of(text: str) -> object:
        return event(error("ValueError", text, frame(line=line)), payload=payload)

    assert issues(of("no tea left in the shop"), of("no coffee beans left in the shop")) == 1  # type: ignore[arg-type]


def test_a_broken_payload_changes_nothing() -> None:
    one = event(error("ValueError", "x y", frame(line="raise ValueError(")), payload=b"{broken")
    assert issues(one) == 1


def test_without_own_frames_the_library_and_the_message_count() -> None:
    def of(text: str) -> object:
        return event(error("OperationalError", text, frame("execute", "driver.core", in_app=False)))

    assert issues(of("no such table: a_b"), of("no such table: c_d"), of("no such table: a_b")) == 2  # type: ignore[arg-type]


def test_without_any_frame_type_and_message_count() -> None:
    def of(text: str) -> object:
        return event(msgspec.structs.replace(error("TypeError", text), frames=()))

    assert issues(of("Failed to fetch"), of("Failed to fetch"), of("Load was cancelled")) == 2  # type: ignore[arg-type]


def test_messages_are_known_by_logger_and_template() -> None:
    def log(logger: str, template: str, text: str) -> object:
        return event(logger=logger, message_template=template, message=text)

    assert issues(log("a", "batch %d failed", "batch 1 failed"), log("a", "batch %d failed", "batch 2 failed")) == 1  # type: ignore[arg-type]
    assert issues(log("a", "batch %d failed", "batch 1 failed"), log("b", "batch %d failed", "batch 1 failed")) == 2  # type: ignore[arg-type]
    assert issues(log("a", "%s", "disk full"), log("a", "%s", "cache lost")) == 2  # type: ignore[arg-type]
    assert issues(log("a", "worker 7 died", "worker 7 died"), log("a", "worker 8 died", "worker 8 died")) == 1  # type: ignore[arg-type]


def test_an_event_of_nothing_is_grouped_by_transaction() -> None:
    assert issues(event(transaction="/a"), event(transaction="/b"), event(transaction="/a")) == 2
    assert _group(event()).title == "(no message)"


def test_csp_reports_are_known_by_directive_and_host() -> None:
    def report(directive: str, uri: str) -> object:
        return event(
            logger="csp", payload=msgspec.json.encode({"csp": {"effective_directive": directive, "blocked_uri": uri}})
        )

    assert issues(report("img-src", "https://a.example/1.png"), report("img-src", "https://a.example/2.png")) == 1  # type: ignore[arg-type]
    assert issues(report("img-src", "https://a.example/1"), report("img-src", "https://b.example/1")) == 2  # type: ignore[arg-type]
    assert _group(report("script-src", "inline")).title == "blocked script-src: inline"  # type: ignore[arg-type]


def test_title_and_culprit_name_the_problem() -> None:
    grouping = _group(raised("cannot process 17 now", "raise ValueError(f'cannot process {v} now')"))
    assert grouping.title == "ValueError: cannot process 17 now"
    assert grouping.culprit == "run in shop.jobs"


def test_a_title_pairs_the_outermost_type_with_its_own_message() -> None:
    cause = error("KeyError", "'k'", frame("work", line="d[k]"))
    outer = error("JobError", "could not price order 101", frame("run", line="raise JobError(text) from e"))
    assert _group(event(cause, outer)).title == "JobError: could not price order 101"
    parser = error("JSONDecodeError", "Expecting value: line 1 column 1", frame("load", line="json.loads(text)"))
    cart = error("RuntimeError", "cannot load cart 991", frame("load", line='raise RuntimeError(f"cannot load {n}")'))
    assert _group(event(parser, cart)).title == "RuntimeError: cannot load cart 991"
    library = error("JSONDecodeError", "Expecting value", frame("loads", in_app=False))
    assert _group(event(library, error("RuntimeError", "cannot load"))).title == "RuntimeError: cannot load"


@pytest.mark.parametrize(
    ("kind", "message", "title"),
    [
        ("KeyError", "'sku'", "KeyError: 'sku'"),
        ("gaierror", "[Errno -2] Name or service not known", "gaierror: [Errno -2] Name or service not known"),
        ("", "cache  miss\tfor 17", "cache miss for 17"),
        ("ValueError", "", "ValueError"),
        ("ValueError", "bad\nSQL: SELECT 1", "ValueError: bad"),
        ("Error", "got <script>alert(1)</script>", "Error: got <script>alert(1)</script>"),
        ("TypeError", "TypeError: x is not a function", "TypeError: x is not a function"),
        ("", "", "run in shop.jobs"),
    ],
)
def test_a_title_is_what_was_said_and_nothing_is_made_up(kind: str, message: str, title: str) -> None:
    assert _group(event(error(kind, message))).title == title


def test_a_synthetic_stack_without_a_type_shows_no_type() -> None:
    grouping = _group(event(error("", "cache miss for cart 4", frame("load", line="captureMessage(text)"))))
    assert grouping.title == "cache miss for cart 4"
    assert [part.value for part in grouping.parts if part.name == "exception types"] == [""]


def test_a_logged_template_shows_filled_in_and_stays_in_the_explanation() -> None:
    grouping = _group(
        event(
            logger="pay",
            message="payment for order 9 declined: no funds",
            message_template="payment for order %s declined: %s",
        )
    )
    assert grouping.title == "payment for order 9 declined: no funds"
    assert "payment for order %s declined: %s" in [part.value for part in grouping.parts]


def test_a_long_title_ends_with_a_whole_word() -> None:
    assert len(_group(event(error("E", "x" * 197))).title) == 200
    cut = _group(event(error("E", "word " * 60))).title
    assert cut.endswith(" word…")
    assert len(cut) <= 200
    solid = _group(event(error("E", "x" * 198))).title
    assert (len(solid), solid[-1]) == (200, "…")


def test_the_way_to_the_crash_is_a_facet() -> None:
    grouping = _group(event(error("KeyError", "'a'", frame("view"), frame("load"), frame("read", line="d['a']"))))
    assert grouping.caller == "view → load → read"
    assert ("caller path", False) in [(part.name, part.counted) for part in grouping.parts]


def test_a_settled_event_needs_no_site_and_leaves_what_is_there() -> None:
    one = raised("'a'", "d['a']", "KeyError")
    crash = locate(one)
    assert crash.site_key == ""
    site = Site(site_key="other")
    assert group(one, crash, site)[1] is site


def test_an_unsettled_event_names_its_site_whatever_its_message() -> None:
    one, other = locate(raised("card declined", "raise E(m)")), locate(raised("no stock", "raise E(m)"))
    assert one.site_key == other.site_key != ""
    assert one.site_key.startswith("v1:")


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "'" * 5000, "(" * 5000, "a@" * 5000, "1:" * 5000, "/" * 9000, "<" * 9000, "%" * 9000, "\0\ud800"],
)
def test_no_message_is_too_odd(text: str) -> None:
    assert issues(raised(text, "raise E(m)"), raised(text, f"raise E('{text[:3000]}')"), event(message=text)) >= 2
