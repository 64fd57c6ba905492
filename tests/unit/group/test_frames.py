import pytest
from grouping_samples import frame

from naosu.domain.event import Frame
from naosu.group.frames import Place, app_frames, library_entry, place_of


@pytest.mark.parametrize(
    ("module", "function", "named"),
    [
        ("shop.cart", "total", ("shop.cart", "total")),
        ("shop.cart", "outer.<locals>.total", ("shop.cart", "outer.total")),
        ("com.shop.Cart$$EnhancerBySpringCGLIB$$1a2b3c4d", "total", ("com.shop.Cart", "total")),
        ("com.shop.Cart$1", "run", ("com.shop.Cart", "run")),
        ("com.shop.Cart", "lambda$total$12", ("com.shop.Cart", "total")),
        ("com.sun.proxy.$Proxy118", "total", ("com.sun.proxy.$Proxy", "total")),
        ("shop/pool", "(*Pool).Start.func2.1", ("shop/pool", "(*Pool).Start")),
        ("Shop.Cart", "<TotalAsync>d__12.MoveNext", ("Shop.Cart", "TotalAsync")),
        ("Shop.Cart", "<>c__DisplayClass5_0.<Run>b__0", ("Shop.Cart", "Run")),
        ("cart", "Object.total", ("cart", "total")),
        ("cart", "async Cart.total [as sum]", ("cart", "Cart.total")),
        ("app", "block (2 levels) in total", ("app", "total")),
    ],
)
def test_generated_parts_of_names_go(module: str, function: str, named: tuple[str, str]) -> None:
    place = place_of(frame(function, module))
    assert (place.module, place.function) == named


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/js/main.8f3a2b1c.js", "https://b.example/js/main.77ab01cd.js?v=3"),
        ("webpack:///./src/cart.ts?1a2b", "webpack:///src/cart.ts"),
        ("/srv/releases/20260101120000/app/Cart.php", "/srv/releases/20260203093000/app/Cart.php"),
        ("https://a.example/731.chunk.js", "https://a.example/12.chunk.js"),
        ("C:\\build\\src\\Cart.cs", "C:/build/src/Cart.cs"),
    ],
)
def test_a_file_keeps_its_name_over_builds(one: str, other: str) -> None:
    assert place_of(Frame(filename=one, function="total")) == place_of(Frame(filename=other, function="total"))


def test_two_files_stay_two() -> None:
    assert place_of(Frame(filename="src/a.js")) != place_of(Frame(filename="src/b.js"))


@pytest.mark.parametrize("name", ["<lambda>", "?", "<anonymous>", "Object.<anonymous>", "", "{closure}", "<genexpr>"])
def test_a_function_without_a_name_is_anonymous(name: str) -> None:
    assert place_of(frame(name)).anonymous


def test_a_minified_name_is_no_name() -> None:
    assert place_of(Frame(filename="https://a.example/main.js", function="t")).anonymous
    assert not place_of(Frame(filename="shop/f.py", module="shop.f", function="t")).anonymous


def test_wrappers_are_known() -> None:
    assert place_of(frame("wrapper")).wrapper
    assert not place_of(frame("wrap_gift")).wrapper


def test_recursion_is_one_frame() -> None:
    frames = [frame("start"), *[frame("walk", lineno=n) for n in range(30)]]
    assert [one.function for one in app_frames(frames)] == ["walk", "start"]


def test_what_the_sdk_says_is_believed() -> None:
    frames = [frame("mine", abs_path="/x/site-packages/mine.py"), frame("theirs", in_app=False)]
    assert [one.function for one in app_frames(frames)] == ["mine"]


def test_code_generated_at_run_time_is_not_the_applications() -> None:
    frames = [
        frame("commit_order"),
        frame("commit", "sqlalchemy.orm.session", filename="<sqlalchemy generated wrapper>"),
    ]
    assert app_frames(frames)[0].function == "commit_order"


@pytest.mark.parametrize(
    "path", ["/app/node_modules/x/a.js", "/usr/lib/python3.12/json/decoder.py", "node:net", "/srv/vendor/x.php"]
)
def test_where_the_sdk_is_silent_the_path_tells(path: str) -> None:
    frames = [Frame(function="mine", abs_path="/app/src/a"), Frame(function="theirs", abs_path=path)]
    assert [one.function for one in app_frames(frames)] == ["mine"]


def test_a_library_is_known_by_where_it_was_entered() -> None:
    frames = [
        frame("serve", "uvicorn.main"),
        frame("execute", "sqlalchemy.engine"),
        frame("inner", "sqlalchemy.pool.impl"),
    ]
    entry = library_entry(frames)
    assert entry is not None
    assert place_of(entry) == Place("sqlalchemy.engine", "execute")
    assert library_entry(()) is None
