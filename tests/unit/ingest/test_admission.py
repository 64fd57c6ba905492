"""Rate limits."""

from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.outcome import DataCategory
from naosu.domain.project import RateLimit
from naosu.ingest.admission import ADMITTED, Admission, Limit, Quota

ERROR = DataCategory.ERROR


def project(*limits: RateLimit) -> Quota:
    return Quota(scope="project", id=1, limits=limits)


def test_without_limits_everything_is_admitted() -> None:
    assert Admission().admit([], category=ERROR, quantity=10**9, now_s=0) is ADMITTED


def test_the_quantity_is_met_exactly() -> None:
    admission, quotas = Admission(), [project(RateLimit(quantity=2))]
    verdicts = [admission.admit(quotas, category=ERROR, now_s=100) for _ in range(3)]
    assert [isinstance(verdict, Limit) for verdict in verdicts] == [False, False, True]


def test_the_window_ends_exactly_on_time() -> None:
    admission, quotas = Admission(), [project(RateLimit(quantity=1, window_s=60))]
    admission.admit(quotas, category=ERROR, now_s=60)
    assert isinstance(admission.admit(quotas, category=ERROR, now_s=119.9), Limit)
    assert admission.admit(quotas, category=ERROR, now_s=120) is ADMITTED


def test_the_refusal_says_when_to_come_back_and_what_it_is_about() -> None:
    admission = Admission()
    quotas = [
        Quota(scope="key", id=4, limits=[RateLimit(quantity=0, window_s=60, categories=("error", "transaction"))])
    ]
    verdict = admission.admit(quotas, category=ERROR, now_s=130)
    assert verdict == Limit(
        retry_after_s=50, limits_header="50:error;transaction:key:rate_limit", is_absolute=True, reason="rate_limit"
    )


def test_a_limit_for_all_categories_names_them_but_lets_sdks_report_what_they_gave_up() -> None:
    verdict = Admission().admit([project(RateLimit(quantity=0))], category=ERROR, now_s=0)
    assert isinstance(verdict, Limit)
    retry_after, categories, *rest = verdict.limits_header.split(":")
    assert (retry_after, rest) == ("60", ["project", "rate_limit"])
    assert set(categories.split(";")) == set(DataCategory) - {DataCategory.INTERNAL}


def test_other_categories_are_not_limited() -> None:
    admission, quotas = Admission(), [project(RateLimit(quantity=0, categories=("transaction",)))]
    assert admission.admit(quotas, category=ERROR, now_s=0) is ADMITTED
    assert isinstance(admission.admit(quotas, category=DataCategory.TRANSACTION, now_s=0), Limit)


def test_the_longest_of_several_refusals_is_told() -> None:
    quotas = [project(RateLimit(quantity=0, window_s=60), RateLimit(quantity=0, window_s=3600))]
    verdict = Admission().admit(quotas, category=ERROR, now_s=0)
    assert isinstance(verdict, Limit)
    assert verdict.retry_after_s == 3600


def test_what_one_limit_refuses_is_not_counted_on_another() -> None:
    admission = Admission()
    key = Quota(scope="key", id=1, limits=[RateLimit(quantity=1)])
    for _ in range(5):
        admission.admit([key, project(RateLimit(quantity=2))], category=ERROR, now_s=0)
    assert admission.admit([project(RateLimit(quantity=2))], category=ERROR, now_s=0) is ADMITTED


def test_two_projects_do_not_share_a_window() -> None:
    admission = Admission()
    quotas = [Quota(scope="project", id=number, limits=[RateLimit(quantity=1)]) for number in (1, 2)]
    assert [admission.admit([quota], category=ERROR, now_s=0) for quota in quotas] == [ADMITTED, ADMITTED]


def test_each_process_hands_out_its_share() -> None:
    admission, quotas = Admission(share=0.5), [project(RateLimit(quantity=4))]
    admitted = [admission.admit(quotas, category=ERROR, now_s=0) is ADMITTED for _ in range(4)]
    assert admitted == [True, True, False, False]


def test_the_share_of_a_small_limit_is_at_least_one() -> None:
    admission, quotas = Admission(share=0.1), [project(RateLimit(quantity=1))]
    assert admission.admit(quotas, category=ERROR, now_s=0) is ADMITTED


@given(
    st.integers(1, 20),
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(1, 5), st.floats(0, 50, allow_nan=False)), max_size=60),
)
def test_nothing_passes_beyond_the_quantity_of_a_window(
    quantity: int, window_s: int, steps: list[tuple[int, float]]
) -> None:
    admission, quotas = Admission(), [project(RateLimit(quantity=quantity, window_s=window_s))]
    used: dict[int, int] = {}
    now_s = 0.0
    for count, pause_s in steps:
        now_s += pause_s
        if admission.admit(quotas, category=ERROR, quantity=count, now_s=now_s) is ADMITTED:
            window = int(now_s // window_s)
            used[window] = used.get(window, 0) + count
    assert all(count <= quantity for count in used.values())
