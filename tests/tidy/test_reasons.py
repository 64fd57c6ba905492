import ast
import re

from source_tree import CODE, source_files

BROAD = {"Exception", "BaseException"}


def is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in BROAD) for kind in kinds)


def test_every_broad_except_says_why():
    silent = []
    for file in source_files(*CODE):
        lines = [*file.text.splitlines(), ""]
        handlers = (node for node in ast.walk(ast.parse(file.text)) if isinstance(node, ast.ExceptHandler))
        for handler in handlers:
            number = handler.lineno
            if is_broad(handler) and "# why:" not in lines[number - 1] + lines[number]:
                silent.append(f"{file.name}:{number}")
    assert not silent


def test_every_ignored_rule_has_a_reason_or_names_the_rule():
    blanket = [
        f"{file.name}:{number}"
        for file in source_files(*CODE)
        for number, line in enumerate(file.text.splitlines(), start=1)
        if re.search(r"# (noqa(?!:)|type: ignore(?!\[))", line)
    ]
    assert not blanket
