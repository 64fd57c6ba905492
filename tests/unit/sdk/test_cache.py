"""A cache of parsed packs is never stale, never torn and never needed."""

import os
from pathlib import Path

import pytest

from naosu_sdk.classify import Matcher, PackError, load_pack, shipped_packs
from naosu_sdk.classify import cache as cache_module
from naosu_sdk.classify.pack import load_texts

RULE = '[[rule]]\nid = "a"\nwhen = { exc = "A", message = { regex = "no (?P<what>\\\\w{1,9}) here" } }\n'
REST = 'category = "CODE"\nseverity = "LOW"\ntext = "t"\n'


def test_a_pack_from_the_cache_equals_the_parsed_one(tmp_path) -> None:
    for folder in shipped_packs():
        parsed = load_pack(folder, cache=tmp_path)
        assert load_pack(folder, cache=tmp_path) == parsed
    assert len(list(tmp_path.iterdir())) == len(shipped_packs())


def test_texts_from_the_cache_equal_the_parsed_ones(tmp_path) -> None:
    texts = next(folder for folder in shipped_packs() if folder.name == "texts")
    assert load_texts(texts, "ja", cache=tmp_path) == load_texts(texts, "ja", cache=tmp_path) != {}


def test_a_second_load_reads_no_toml(make_pack, tmp_path, monkeypatch) -> None:
    folder, cache = make_pack(RULE + REST), tmp_path / "cache"
    first = load_pack(folder, cache=cache)
    monkeypatch.setattr("tomllib.loads", lambda _: pytest.fail("parsed again"))
    assert load_pack(folder, cache=cache) == first


def test_a_changed_pack_is_parsed_again_and_its_old_file_removed(make_pack, tmp_path) -> None:
    folder, cache = make_pack(RULE + REST), tmp_path / "cache"
    load_pack(folder, cache=cache)
    (folder / "rules.toml").write_text((RULE + REST).replace("LOW", "HIGH"))
    assert load_pack(folder, cache=cache).rules[0].severity == "HIGH"
    assert len(list(cache.iterdir())) == 1


def test_packs_of_one_folder_name_do_not_mix(make_pack, tmp_path) -> None:
    folder = make_pack(RULE + REST)
    longer = folder.parent / "mine.rules"
    longer.mkdir()
    for file in folder.iterdir():
        (longer / file.name).write_text(file.read_text().replace("LOW", "HIGH").replace('"mine"', '"other"'))
    severities = [load_pack(one, cache=tmp_path / "c").rules[0].severity for one in (folder, longer, folder, longer)]
    assert severities == ["LOW", "HIGH", "LOW", "HIGH"]


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1\xff", b"\x93\x01\x02\x03"])
def test_a_damaged_file_is_made_again(make_pack, tmp_path, damage: bytes) -> None:
    folder, cache = make_pack(RULE + REST), tmp_path / "cache"
    first = load_pack(folder, cache=cache)
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert load_pack(folder, cache=cache) == first
    assert file.read_bytes() != damage


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(make_pack, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert load_pack(make_pack(RULE + REST), cache=tmp_path / "file" / "below").rules


def test_a_bad_pack_is_refused_and_not_cached(make_pack, tmp_path) -> None:
    folder, cache = make_pack(RULE + REST.replace("LOW", "low")), tmp_path / "cache"
    for _ in range(2):
        with pytest.raises(PackError):
            load_pack(folder, cache=cache)
    assert not cache.exists()


def test_no_draft_is_left_behind(make_pack, tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert load_pack(make_pack(RULE + REST), cache=tmp_path / "cache").rules
    assert os.listdir(tmp_path / "cache") == []


def test_another_pack_than_a_shipped_one_is_not_cached_unasked(make_pack) -> None:
    folder = make_pack(RULE + REST)
    before = sorted(folder.iterdir())
    Matcher.load([folder]).text("mine/a")
    assert sorted(folder.iterdir()) == before


def test_where_python_may_write_nothing_the_library_writes_nothing(tmp_path, monkeypatch) -> None:
    own = cache_module.own_cache(tmp_path)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert cache_module.cached("x", [], own, int, lambda: 7) == 7
    assert not own.exists()
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert cache_module.cached("x", [], own, int, lambda: 7) == 7
    assert len(list(own.iterdir())) == 1
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert cache_module.cached("x", [], own, int, lambda: 8) == 7  # read all the same
