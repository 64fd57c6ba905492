import pytest
from grouping_samples import error, frame

from naosu.group.blame import blames_caller, caller_of, helper_kind
from naosu.group.frames import Place


@pytest.mark.parametrize(
    ("function", "module", "kind"),
    [
        ("require", "shop.guards", "guard"),
        ("ensure_positive", "shop.x", "guard"),
        ("raise_for_status", "shop.x", "guard"),
        ("get_or_404", "shop.models", "guard"),
        ("get_object_or_404", "shop.models", "guard"),
        ("checkNotNull", "com.shop.Preconditions", "guard"),
        ("call", "shop.http", "transport"),
        ("send_request", "shop.x", "transport"),
        ("frobnicate", "shop.http", "shared"),
        ("validate_order", "shop.orders", ""),
        ("fetch_invoice", "shop.billing", ""),
        ("price", "shop.pricing", ""),
    ],
)
def test_a_name_tells_whom_a_function_serves(function: str, module: str, kind: str) -> None:
    assert helper_kind(function, module) == kind


@pytest.mark.parametrize(
    ("function", "caller", "constant", "blamed"),
    [
        ("call", "shop.pay", True, True),
        ("call", "shop.pay", False, True),
        ("call", "shop.http", True, True),
        ("call", "shop.http", False, False),
        ("require", "shop.http", False, True),
        ("price", "shop.pay", True, True),
        ("price", "shop.pay", False, False),
    ],
)
def test_blame_needs_two_signs_and_three_among_neighbours(
    function: str, caller: str, constant: bool, blamed: bool
) -> None:
    exception = error("UpstreamError", "x", module="shop.http")
    site = Place("shop.http", function)
    assert blames_caller(exception, site, Place(caller, "charge"), constant=constant) is blamed


def test_a_foreign_exception_of_a_shared_module_needs_more() -> None:
    exception = error("ValueError", "x")
    assert not blames_caller(exception, Place("shop.http", "price"), Place("shop.pay", "charge"), constant=True)


def test_the_caller_is_no_wrapper_lambda_private_function_or_neighbour() -> None:
    own = [
        frame("call", "shop.http"),
        frame("get", "shop.http"),
        frame("wrapper", "shop.retry"),
        frame("<lambda>", "shop.pay"),
        frame("_charge", "shop.pay"),
        frame("charge", "shop.pay"),
        frame("view", "shop.web"),
    ]
    assert caller_of(own, Place("shop.http", "call")) == Place("shop.pay", "charge")


def test_without_a_caller_there_is_none() -> None:
    assert caller_of([frame("call", "shop.http")], Place("shop.http", "call")) is None
