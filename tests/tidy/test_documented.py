import re
import sys
from collections import defaultdict

import pytest
from source_tree import ROOT

sys.path.insert(0, str(ROOT))

from docs.generate import REFERENCE, error_classes, openapi_document, pages

from naosu.wiring.settings_source import setting_names

CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", ["settings.md", "cli.md", "errors.md", "rest.md"])
def test_the_reference_is_what_the_code_says_now(fresh, name):
    assert (REFERENCE / name).read_text() == fresh[name], "stale: run `make docs`"


def test_every_setting_says_what_it_does(fresh):
    undocumented = [
        line for line in fresh["settings.md"].splitlines() if line.startswith("| `") and line.endswith("|  |")
    ]
    assert not undocumented
    assert all(f"`{name}`" in fresh["settings.md"] for name in setting_names())


def test_every_error_code_is_stable_in_form_and_means_one_thing():
    by_code = defaultdict(set)
    for kind in error_classes():
        assert CODE.fullmatch(kind.code), kind
        by_code[kind.code].add(kind.__name__)
    shared = {code: names for code, names in by_code.items() if len(names) > 1}
    assert not shared


def test_every_error_class_says_when_it_comes():
    assert not [kind.__name__ for kind in error_classes() if not (kind.__doc__ or "").strip()]


def test_every_route_has_a_summary_and_a_tag():
    document = openapi_document()
    described = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert set(operation.get("tags", [])) & described, f"{method} {path}"
