"""Two migrations follow the same one, and Alembic does not know which comes last."""

from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.fixers.database.engines import text_of
from naosu.fixers.database.migrations import ask_alembic
from naosu.fixers.database.plans import gone_patterns
from naosu.fixers.database.scripts import bare
from naosu.fixers.database.signs import crash_lines, crashes_with, log_lines
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.ports.fixer import SourceTree, Workplace

_PHRASES = ("Multiple head revisions are present", "has multiple heads", "multiple heads")
_ON_A_TABLE = {
    "add_column", "drop_column", "alter_column", "create_table", "drop_table", "rename_table", "create_index",
    "drop_index", "create_unique_constraint", "create_foreign_key", "drop_constraint", "batch_alter_table",
    "bulk_insert", "create_check_constraint", "create_primary_key",
}  # fmt: skip
_SECOND = {
    "create_index",
    "create_unique_constraint",
    "drop_constraint",
    "create_foreign_key",
    "create_check_constraint",
}


class Migration:
    """One migration file, as its source says it."""

    def __init__(self, path: str, module: cst.Module) -> None:
        """Read what it is, what it follows, and which tables it touches."""
        self.path = path
        self.revision = ""
        self.follows: tuple[str, ...] = ()
        self.tables: set[str] = set()
        self.is_opaque = False
        for node in nodes_of(module, cst.Assign, cst.AnnAssign):
            self._note_name(node)
        upgrade = next((one for one in nodes_of(module, cst.FunctionDef) if one.name.value == "upgrade"), None)
        for call in nodes_of(upgrade, cst.Call) if upgrade else ():
            self._note(call)

    def _note_name(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Assign):
            name = dotted_name(node.targets[0].target)
        elif isinstance(node, cst.AnnAssign):
            name = dotted_name(node.target)
        else:
            return
        if name == "revision":
            self.revision = text_of(node.value)
        elif name == "down_revision" and node.value is not None:
            self.follows = tuple(text_of(one) for one in nodes_of(node.value, cst.SimpleString))

    def _note(self, call: cst.Call) -> None:
        name = dotted_name(call.func).rpartition(".")[2]
        if name == "execute":
            self.is_opaque = True
        if name not in _ON_A_TABLE or dotted_name(call.func).startswith("batch"):
            return
        texts = [text_of(arg.value) for arg in call.args if not arg.keyword]
        place = 1 if name in _SECOND else 0
        if name == "drop_index":
            keyword = next((arg for arg in call.args if arg.keyword and arg.keyword.value == "table_name"), None)
            self.tables.add(bare(text_of(keyword.value)) if keyword else "?")
        elif place < len(texts):
            self.tables.add(bare(texts[place]) or "?")


class AlembicMultipleHeads:
    """Merges heads whose branches do not touch the same tables."""

    name = "database_alembic_multiple_heads"
    category = Category.DATABASE

    def find(self, work: Workplace) -> Iterator[Finding]:
        """Yield the heads; without a plan where their branches meet on a table."""
        crashes = crashes_with(work.evidence, ("MultipleHeads", "CommandError"), _PHRASES)
        lines = log_lines(work.evidence, *_PHRASES)
        if not crashes and not lines:
            return
        migrations = _migrations(work.source)
        heads = _heads(migrations)
        if len(heads) < 2:  # noqa: PLR2004  # one is as it should be
            return
        branches = {head: _branch(migrations, head, heads) for head in heads}
        doubts = [*_doubts(migrations, branches)]
        touched = (f"{head}: {', '.join(sorted(_tables(migrations, one)))}" for head, one in branches.items())
        merged = {} if doubts else ask_alembic(work, "merge")
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95,
                evidence=(*crash_lines(crashes), *lines[:2], *touched, *doubts),
                cause=f"Migrations {' and '.join(heads)} were written side by side, and nothing says which comes last.",
                risk=Risk.HIGH if doubts else Risk.MEDIUM,
                options=_OPTIONS if doubts else (),
            ),
            plans=(_plan(work, heads, merged, crashes),) if "text" in merged else (),
            crashes=crashes,
        )


_OPTIONS = (
    "Decide in which order the branches have to run, and let the later one follow the earlier (`down_revision`).",
    "Merge them by hand (`alembic merge heads`), once it is clear that they do not undo each other.",
)


def _migrations(source: SourceTree) -> dict[str, Migration]:
    found = (Migration(path, module) for path, module in source.modules("down_revision"))
    return {one.revision: one for one in found if one.revision}


def _heads(migrations: Mapping[str, Migration]) -> tuple[str, ...]:
    followed = {name for one in migrations.values() for name in one.follows}
    return tuple(sorted(name for name in migrations if name not in followed))


def _above(migrations: Mapping[str, Migration], head: str) -> set[str]:
    seen: set[str] = set()
    waiting = [head]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in migrations:
            seen.add(name)
            waiting += migrations[name].follows
    return seen


def _branch(migrations: Mapping[str, Migration], head: str, heads: Sequence[str]) -> set[str]:
    """Return the migrations that lead to one head only."""
    others = set().union(*(_above(migrations, other) for other in heads if other != head))
    return _above(migrations, head) - others


def _tables(migrations: Mapping[str, Migration], branch: set[str]) -> set[str]:
    return set().union(*(migrations[name].tables for name in branch)) if branch else set()


def _doubts(migrations: Mapping[str, Migration], branches: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield why the order of the branches may matter."""
    names = sorted(branches)
    for at, first in enumerate(names):
        for second in names[at + 1 :]:
            both = _tables(migrations, branches[first]) & _tables(migrations, branches[second])
            if both:
                yield f"{first} and {second} both touch {', '.join(sorted(both))}"
    for branch in branches.values():
        for name in branch:
            if migrations[name].is_opaque or "?" in migrations[name].tables:
                yield f"{migrations[name].path} runs SQL whose tables cannot be read from it"


def _plan(work: Workplace, heads: Sequence[str], merged: Mapping[str, object], crashes: Sequence[Crash]) -> Plan:
    edit = FileEdit(path=str(merged["path"]), before=None, after=str(merged["text"]))
    return Plan(
        kind=PlanKind.CODE,
        summary=f"Merge the migrations {' and '.join(heads)}",
        explanation="The branches touch different tables, so their order does not matter. The merge itself changes"
        " nothing in the database; running the migrations then does what both say.",
        risk=Risk.MEDIUM,
        edits=(edit,),
        sql=tuple(_pending(work)),
        undo="Remove the merge, as long as the database is not yet at it.",
        proof=Proof(text="There is one head, and the application starts and answers.", gone=gone_patterns(crashes)),
    )


def _pending(work: Workplace) -> Iterator[SqlChange]:
    """Yield nothing where the application runs its migrations itself, or where the database is not known."""
    texts = [work.source.text(path) or "" for path in work.source.paths()]
    if len(work.databases) != 1 or any("command.upgrade" in text or '"upgrade"' in text for text in texts):
        return
    answer = ask_alembic(work, "merge_and_upgrade", work.databases[0])
    statements = tuple(str(one) for one in answer.get("statements", ()))
    if statements and not answer.get("refused"):
        yield SqlChange(database=work.databases[0], statements=statements)
