import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.domain.errors import InvalidInputError
from naosu.web.assets import load_assets
from naosu.web.shell import local_path, whole_number


@pytest.mark.parametrize("target", ["/", "/issues", "/issues?query=is:open&sort=events", "/projects/shop#keys-title"])
def test_a_path_on_this_server_is_where_one_is_sent(target: str):
    assert local_path(target) == target


@given(st.text(max_size=100))
def test_no_target_leads_to_another_host(target: str):
    path = local_path(target)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
    assert path.isprintable()


@pytest.mark.parametrize("text", ["", "-1", "1.5", "１２", "²", "1e3", "9" * 30, str(2**63), "0x10", " 1"])
def test_what_no_store_can_hold_as_a_number_is_refused(text: str):
    with pytest.raises(InvalidInputError):
        whole_number(text)


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
def test_numbers_up_to_the_largest_that_a_store_holds_are_read(number: int):
    assert whole_number(str(number)) == number


def test_a_files_name_changes_with_its_content(tmp_path):
    file = tmp_path / "app.js"
    file.write_text("one")
    first = load_assets(tmp_path)["app.js"].hashed_name
    file.write_text("two")
    assert load_assets(tmp_path)["app.js"].hashed_name != first
    file.write_text("one")
    assert load_assets(tmp_path)["app.js"].hashed_name == first


def test_licences_are_kept_with_the_files_but_not_served():
    assert not [name for name in load_assets() if "LICENSE" in name]
