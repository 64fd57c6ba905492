from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naosu.wiring.settings import Settings
from naosu.wiring.settings_source import ConfigError, load_settings, setting_names


@pytest.fixture
def load(tmp_path: Path):
    def load(text: str, *, environ=None, flags=None) -> Settings:
        file = tmp_path / "naosu.yaml"
        file.write_text(text)
        return load_settings(config=file, environ=environ or {}, flags=flags)

    return load


def complaint(load, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.mend
    return str(caught.value).partition("naosu.yaml:")[2]


def test_without_any_source_the_defaults_hold():
    assert load_settings(environ={}) == Settings()


def test_an_empty_file_changes_nothing(load):
    assert load("") == Settings()


def test_a_file_sets_nested_names(load):
    assert load("port: 9000\ningest:\n  items_max: 7\n").ingest.items_max == 7


def test_a_flag_beats_the_environment_which_beats_the_file(load):
    text, environ, flags = "port: 1\nhost: a\norg: a\n", {"NAOSU_PORT": "2", "NAOSU_HOST": "b"}, {"port": 3}
    settings = load(text, environ=environ, flags=flags)
    assert (settings.port, settings.host, settings.org) == (3, "b", "a")


def test_a_flag_that_was_not_given_changes_nothing(load):
    assert load("port: 1\n", flags={"port": None}).port == 1


def test_the_environment_can_name_the_file(tmp_path):
    (tmp_path / "x.yaml").write_text("port: 5\n")
    assert load_settings(environ={"NAOSU_CONFIG": str(tmp_path / "x.yaml")}).port == 5


def test_two_underscores_lead_into_a_section():
    assert load_settings(environ={"NAOSU_INGEST__ITEMS_MAX": "9"}).ingest.items_max == 9


def test_a_table_can_be_set_by_the_environment_as_json():
    environ = {"NAOSU_INGEST__ITEM_BYTES_MAX_BY_TYPE": '{"event": 5}'}
    assert load_settings(environ=environ).ingest.item_bytes_max_by_type == {"event": 5}


@pytest.mark.parametrize(
    ("text", "place_and_reason"),
    [
        ("port: 80000\n", "1:7: `port`: expected `int` <= 65535, found '80000'"),
        ("host: a\nport: x\n", "2:7: `port`: expected `int`, got `str`, found 'x'"),
        ("ingest:\n  items_max: -1\n", "2:14: `ingest.items_max`: expected `int` >= 0, found '-1'"),
        ("log: {level: loud}\n", "1:14: `log.level`: expected one of debug, info, warning, error, found 'loud'"),
    ],
)
def test_a_wrong_value_is_named_with_line_column_what_was_expected_and_what_was_found(load, text, place_and_reason):
    assert complaint(load, text) == place_and_reason


def test_an_unknown_setting_is_named_where_it_stands_with_the_nearest_known_one(load):
    said = complaint(load, "ingest:\n  itemsmax: 1\n")
    assert said == "2:3: there is no setting `ingest.itemsmax`; did you mean `ingest.items_max`?"


def test_broken_yaml_is_named_with_its_place(load):
    assert complaint(load, "a: [\n").startswith("2:1: not valid YAML")


def test_a_file_that_is_no_mapping_is_refused(load):
    assert "expected `object`" in complaint(load, "- 1\n")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(config=tmp_path / "absent.yaml", environ={})


def test_a_slip_in_the_environment_is_refused():
    with pytest.raises(ConfigError, match="did you mean `port`"):
        load_settings(environ={"NAOSU_PROT": "1"})


def test_variables_that_belong_to_others_are_left_alone():
    assert load_settings(environ={"NAOSU_TOKEN": "x", "NAOSU_URL": "y", "NAOSU_SOAK_ROUNDS": "1"}) == Settings()


def test_a_wrong_value_in_the_environment_names_its_variable():
    with pytest.raises(ConfigError, match=r"NAOSU_LOG__LEVEL: `log\.level`: expected one of"):
        load_settings(environ={"NAOSU_LOG__LEVEL": "loud"})


def test_a_wrong_flag_is_named_as_it_was_written():
    with pytest.raises(ConfigError, match=r"--public-url: `public_url`"):
        load_settings(environ={}, flags={"public_url": "ftp://x"})


@pytest.mark.parametrize("port", [0, 65535])
def test_ports_on_the_boundary_are_accepted(port):
    assert load_settings(environ={}, flags={"port": port}).port == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_ports_beyond_the_boundary_are_refused(port):
    with pytest.raises(ConfigError):
        load_settings(environ={}, flags={"port": port})


def complaint_of(**sources) -> str:
    try:
        load_settings(**sources)
    except ConfigError as error:
        return str(error)
    return ""


@given(st.text(max_size=40), st.sampled_from(list(setting_names())))
def test_whatever_the_environment_holds_the_complaint_names_the_variable(text, name):
    variable = "NAOSU_" + name.upper().replace(".", "__")
    said = complaint_of(environ={variable: text})
    assert not said or variable in said


NAMES = st.sampled_from(["port", "ingest", "log", "level", "x"])
TREES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(TREES)
def test_whatever_a_file_holds_the_complaint_names_the_file(tmp_path_factory, value):
    file = tmp_path_factory.mktemp("config") / "naosu.yaml"
    file.write_text(yaml.safe_dump(value))
    said = complaint_of(config=file, environ={})
    assert not said or str(file) in said
