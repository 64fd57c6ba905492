"""Packs made of a few lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from naosu_sdk.classify import Matcher

HEADER = 'id = "{name}"\nversion = "1.0.0"\nsource = "test"\nlicence = "Apache-2.0"\n'


@pytest.fixture
def make_pack(tmp_path: Path) -> Callable[..., Path]:
    def make(rules: str, texts: str = '[t]\ntitle = "T"\n', name: str = "mine", header: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pack.toml").write_text(HEADER.format(name=name) + header)
        (folder / "rules.toml").write_text(rules)
        (folder / "en.toml").write_text(texts)
        return folder

    return make


@pytest.fixture(scope="session")
def shipped() -> Matcher:
    return Matcher.load()
