import re

import pytest
from source_tree import EVERYTHING, ROOT

README = ROOT / "README.md"
ADR_LINES_MAX = 40
README_LINES_MAX = 120


def test_the_readme_is_at_most_120_lines():
    assert len(README.read_text().splitlines()) <= README_LINES_MAX


def test_every_decision_record_is_at_most_40_lines():
    long = {path.name: lines for path in (ROOT / "docs/adr").glob("*.md")
            if (lines := len(path.read_text().splitlines())) > ADR_LINES_MAX}  # fmt: skip
    assert not long


@pytest.mark.parametrize("page", sorted([README, *(ROOT / "docs").rglob("*.md")]), ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in local if not (page.parent / link).exists()]


def test_the_repository_names_no_path_of_the_machine_it_was_made_on():
    suffixes = {".py", ".md", ".toml", ".yaml", ".html", ".js", ".css"}
    roots = [*EVERYTHING, "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml"]
    paths = [
        path for root in roots for path in ([ROOT / root] if (ROOT / root).is_file() else (ROOT / root).rglob("*"))
    ]
    guilty = [str(path) for path in paths if path.suffix in suffixes and "/wor" + "k/" in path.read_text()]
    assert not guilty
