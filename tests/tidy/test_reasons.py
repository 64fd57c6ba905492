import re
from itertools import pairwise

from source_tree import CODE, source_files

BROAD = re.compile(r"^\s*except\s*(\(?[^:]*\b(Base)?Exception\b[^:]*)?:", re.MULTILINE)


def test_every_broad_except_says_why():
    silent = [
        f"{file.name}:{number}"
        for file in source_files(*CODE)
        for number, (line, following) in enumerate(pairwise([*file.text.splitlines(), ""]), start=1)
        if BROAD.match(line) and "# why:" not in line + following
    ]
    assert not silent


def test_every_ignored_rule_has_a_reason_or_names_the_rule():
    blanket = [
        f"{file.name}:{number}"
        for file in source_files(*CODE)
        for number, line in enumerate(file.text.splitlines(), start=1)
        if re.search(r"# (noqa(?!:)|type: ignore(?!\[))", line)
    ]
    assert not blanket
