"""The index, its shapes and its memories decide as trying every rule on every text would."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from naosu_sdk.classify import ExceptionFact, Fault, Matcher, extract_facts
from naosu_sdk.classify.compiled import DEPTH_STEP, Variant, many
from naosu_sdk.classify.text import clean

MATCHER = Matcher.load()
VARIANTS: list[Variant] = []
for _pack in reversed(MATCHER.packs):
    for _rule in _pack.rules:
        for _condition in _rule.conditions:
            VARIANTS.append(Variant(_pack, _rule, _condition, len(VARIANTS) + 1))
TYPES = sorted({name.replace("*", "X") for variant in VARIANTS for name in variant.exc})
NEEDLES = sorted({needle for variant in VARIANTS for needle in variant.needles})
MESSAGES = st.lists(st.sampled_from([*NEEDLES, "x", "[Errno 28]", "SQLSTATE 23505", "401", "503"]), max_size=3)
CODES = sorted({code for variant in VARIANTS for code in many(variant.condition.sqlstate)})


def reference(fault: Fault) -> tuple[str, str]:
    """Try every variant at every depth, and give the best rule and the best other rule."""
    texts = [clean(exception.message) for exception in fault.exceptions]
    if fault.message:
        texts.append(clean(fault.message))
    hits = []
    for variant in VARIANTS:
        if variant.platforms is not None and fault.platform not in variant.platforms:
            continue
        condition = variant.condition
        of_exception = bool(
            variant.exc
            or condition.module
            or any(getattr(condition, name) for name in ("sqlstate", "code", "grpc"))
            or condition.errno != []
        )
        for depth in range(len(fault.exceptions) if of_exception else len(texts) or 1):
            exception = fault.exceptions[depth] if depth < len(fault.exceptions) else ExceptionFact(type="")
            if variant.typed is not None and not variant.typed(exception):
                continue
            if not all(test(fault, exception, depth) for test in (*variant.known_tests, *variant.late_tests)):
                continue
            text = texts[depth] if depth < len(texts) else ""
            if variant.has_message and variant.read(text, text.casefold()) is None:
                continue
            hits.append((variant.score - depth * DEPTH_STEP, variant.rule_id))
    hits.sort(reverse=True)
    first = hits[0][1] if hits else ""
    return first, next((rule_id for _, rule_id in hits if rule_id != first), "")


@st.composite
def exceptions(draw: st.DrawFn) -> ExceptionFact:
    module, _, name = draw(st.sampled_from(TYPES)).rpartition(".")
    message = " ".join(draw(MESSAGES))
    fact = ExceptionFact(
        type=name,
        module=module or draw(st.sampled_from(["", "redis.exceptions", "shop"])),
        message=message.title() if draw(st.booleans()) else message,
        sqlstate=draw(st.sampled_from(["", "", "", *CODES])),
        errno=draw(st.sampled_from([None, None, 2, 28, 99_999])),
        crash_line=draw(st.sampled_from(["", "jwt.encode(x)", "os.environ['A']"])),
    )
    return extract_facts(fact)


FAULTS = st.builds(
    Fault,
    exceptions=st.lists(exceptions(), max_size=3).map(tuple),
    message=MESSAGES.map(" ".join),
    status=st.sampled_from([0, 0, 401, 404, 429, 500, 503, 598]),
    level=st.sampled_from(["error", "warning"]),
    logger=st.sampled_from(["", "csp", "asyncio", "shop.web"]),
    platform=st.sampled_from(["python", "node", "java", "go", "php", "ruby", "csharp", "other", ""]),
    context=st.sampled_from([{}, {"query.duration_s": 1.0}, {"query.duration_s": 0.1}, {"naosu.report": "csp"}]),
)


@given(FAULTS)
@settings(deadline=None, max_examples=100)
def test_the_index_decides_as_trying_every_rule_would(fault: Fault) -> None:
    verdict = MATCHER.classify(fault)
    assert (verdict.rule_id, verdict.runner_up) == reference(fault)


@given(st.lists(FAULTS, min_size=2, max_size=6))
@settings(deadline=None, max_examples=12)
def test_what_was_classified_before_never_changes_a_verdict(faults: list[Fault]) -> None:
    fresh = [Matcher(MATCHER.packs[:6]).classify(fault) for fault in faults]
    shared = Matcher(MATCHER.packs[:6])
    assert [shared.classify(fault) for fault in faults] == fresh
    assert [shared.classify(fault) for fault in faults] == fresh


@given(st.text(alphabet="E_A1Z xAI[]", max_size=30))
def test_an_errno_name_is_found_as_a_whole_word(text: str) -> None:
    names = re.findall(r"\b(E(?:AI_)?[A-Z0-9]{3,15})\b", text)
    assert extract_facts(ExceptionFact(type="E", message=text)).errno_name == (names[0] if names else "")
