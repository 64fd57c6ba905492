"""What must never happen, whatever is sent or written."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from naosu_sdk.classify import ExceptionFact, Fault, Matcher, extract_facts
from naosu_sdk.classify.pattern import UnsafePatternError, compile_safe, required_literal, wildcard
from naosu_sdk.classify.prefilter import TrieRegex, make_prefilter
from naosu_sdk.classify.text import TEXT_CHARS_MAX, clean, folded

MATCHER = Matcher.load()
WORDS = st.text("abc ", min_size=1, max_size=5)
EXCEPTIONS = st.builds(
    ExceptionFact, type=st.text(max_size=30), module=st.text(max_size=30), message=st.text(max_size=300)
)


@given(st.lists(EXCEPTIONS, max_size=20), st.text(max_size=300), st.integers(0, 999))
@settings(deadline=None, max_examples=150)
def test_classifying_never_raises_and_is_the_same_twice(chain: list[ExceptionFact], message: str, status: int) -> None:
    fault = Fault(exceptions=tuple(map(extract_facts, chain)), message=message, status=status)
    assert MATCHER.classify(fault) == MATCHER.classify(fault)


@given(st.lists(WORDS, min_size=1, max_size=12, unique=True), st.text("abc ", max_size=40))
@settings(deadline=None)
def test_both_prefilters_find_exactly_the_literals_that_occur(literals: list[str], text: str) -> None:
    wanted = {number for number, literal in enumerate(literals) if literal in text}
    assert TrieRegex(literals).find(text) == wanted
    assert make_prefilter(literals).find(text) == wanted


@given(st.from_regex(r"[ab.?]{1,6}(a|b)?", fullmatch=True), st.text("abAB", max_size=12))
@settings(deadline=None)
def test_a_required_literal_occurs_in_every_match(pattern: str, text: str) -> None:
    try:
        compiled = compile_safe(pattern)
    except UnsafePatternError:
        return
    if found := compiled.search(text):
        assert required_literal(pattern) in found[0].lower()


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_wildcard_means_what_a_regular_expression_with_any_text_means(pattern: str, text: str) -> None:
    assert wildcard(pattern)(text) == bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text))


@given(st.text())
def test_cleaning_twice_changes_nothing_and_the_text_stays_bounded(text: str) -> None:
    once = clean(text)
    assert len(once) <= TEXT_CHARS_MAX * 18  # the widest NFKC expansion
    assert clean(once) == once or len(once) > TEXT_CHARS_MAX
    assert folded(text) == once.casefold()
