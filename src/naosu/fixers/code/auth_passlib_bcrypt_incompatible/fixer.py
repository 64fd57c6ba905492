"""passlib, which nobody keeps, asks bcrypt for what newer releases of it refuse."""

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.code.auth_passlib_bcrypt_incompatible.hashing import in_place, stand_in
from naosu.fixers.database.symbols import definition, names_in
from naosu.fixers.editing import dotted_name, nodes_of, qualified_name
from naosu.fixers.edits import Edits
from naosu.fixers.exercise import exercise
from naosu.fixers.jwt_calls import string_key
from naosu.fixers.places import Place, places_with
from naosu.fixers.signs import crashes_of, told
from naosu.ports.fixer import Workplace

PHRASES = ("password cannot be longer than 72 bytes", "module 'bcrypt' has no attribute '__about__'")
BAD = "password cannot be longer than 72 bytes|has no attribute '__about__'"
CONTEXT = frozenset({"passlib.context.CryptContext"})
HANDLER = frozenset({"passlib.hash.bcrypt", "passlib.handlers.bcrypt.bcrypt"})


class Use(msgspec.Struct, frozen=True, eq=False):
    """One use of passlib's bcrypt.

    Attributes:
        call: ``context.hash(password)``.
        method: ``hash``, ``verify`` …
        rounds: The code of the number of rounds. Empty: the usual number.
    """

    place: Place
    call: cst.Call
    method: str
    rounds: str


class AuthPasslibBcryptIncompatible:
    """Hashes with bcrypt itself, so that old hashes still verify."""

    name = "auth_passlib_bcrypt_incompatible"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield passlib contexts of bcrypt alone, once passlib was seen to fail on bcrypt."""
        crashes = tuple(
            crash
            for crash in crashes_of(work)
            if any(phrase in raised.message for raised in crash.chain for phrase in PHRASES)
            and any("passlib" in frame.path for raised in crash.chain for frame in raised.frames)
        )
        if not crashes:
            return
        plans = tuple(_plans(work))
        lines = dict.fromkeys(line for crash in crashes for line in told(crash))
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.85,
                evidence=tuple(lines),
                cause="passlib 1.7 tries out bcrypt with a password of more than 72 bytes, which bcrypt 5 refuses.",
                risk=Risk.MEDIUM,
                options=(
                    "Pin bcrypt below 4.1, which passlib 1.7.4 still knows.",
                    "Move to pwdlib or argon2-cffi, and hash again when people sign in.",
                ),
            ),
            plans=plans,
            crashes=crashes,
        )


def _plans(work: Workplace) -> Iterator[Plan]:
    if work.version("bcrypt") is None:
        return
    contexts = list(_contexts(work))
    if any(schemes != ["bcrypt"] for *_, schemes, _ in contexts):
        return
    uses, is_whole = _uses(work, contexts)
    proof = Proof(
        text="A password is hashed and verified without passlib.",
        gone=(BAD,),
        may_change=("status", "body"),  # who could not sign in, can
        script=exercise(work.source, [(use.place, use.call) for use in uses], BAD),
    )
    for edits in (_in_place(work, contexts, uses) if is_whole and uses else (), _standing_in(contexts)):
        if edits:
            yield Plan(
                kind=PlanKind.CODE,
                summary="Hash passwords with bcrypt itself",
                explanation="passlib does not know this bcrypt. 72 bytes of a password count, as before.",
                risk=Risk.MEDIUM,
                proof=proof,
                undo="The edited files get their text from before back; hashes made in between stay valid.",
                edits=edits,
            )


def _contexts(work: Workplace) -> Iterator[tuple[Place, cst.Assign, str, list[str], str]]:
    """Yield ``name = CryptContext(schemes=[…])`` with its schemes and rounds."""
    for place in places_with(work.source, "CryptContext"):
        names = names_in(work.source, place.path)
        for assign in nodes_of(place.module, cst.Assign):
            call = assign.value
            if not isinstance(call, cst.Call) or qualified_name(call.func, names) not in CONTEXT:
                continue
            schemes = [string_key(text) for text in nodes_of(_schemes(call), cst.SimpleString)]
            yield place, assign, dotted_name(assign.targets[0].target), schemes, _rounds(place, call)


def _schemes(call: cst.Call) -> cst.CSTNode:
    for arg in call.args:
        if arg.keyword is None or arg.keyword.value == "schemes":
            return arg.value
    return cst.List([])


def _rounds(place: Place, call: cst.Call) -> str:
    wanted = {"bcrypt__rounds", "bcrypt__default_rounds", "rounds"}
    found = [arg.value for arg in call.args if arg.keyword and arg.keyword.value in wanted]
    return place.module.code_for_node(found[0]) if found else ""


def _uses(work: Workplace, contexts: Sequence[tuple[Place, cst.Assign, str, list[str], str]]) -> tuple[list[Use], bool]:
    """Return the calls on contexts and on the handler, and whether nothing else is done with them."""
    uses: list[Use] = []
    is_whole = True
    rounds = {(place.path, name): count for place, _, name, _, count in contexts}
    for place in places_with(work.source):
        names = names_in(work.source, place.path)
        for attribute in nodes_of(place.module, cst.Attribute):
            count = _rounds_of(work, place, attribute.value, names, rounds)
            if count is None:
                continue
            call = place.parents.get(attribute)
            is_call = isinstance(call, cst.Call) and call.func is attribute
            if is_call and isinstance(call, cst.Call) and attribute.attr.value in {"hash", "verify", "encrypt"}:
                uses.append(Use(place, call, attribute.attr.value, count))
            elif attribute.attr.value != "using":
                is_whole = False
    return uses, is_whole


def _rounds_of(
    work: Workplace,
    place: Place,
    node: cst.BaseExpression,
    names: dict[str, str],
    rounds: dict[tuple[str, str], str],
) -> str | None:
    """Return the rounds of the context or handler that an expression is. None: it is neither."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "using":
        inner = _rounds_of(work, place, node.func.value, names, rounds)
        return None if inner is None else _rounds(place, node) or inner
    if qualified_name(node, names) in HANDLER:
        return ""
    name = dotted_name(node)
    found = definition(work.source, place.path, name) if name else None
    if found is None and name.startswith("self."):
        found = None
        return next((count for (path, own), count in rounds.items() if path == place.path and own == name), None)
    return rounds.get((found.path, found.name)) if found else None


def _in_place(
    work: Workplace, contexts: Sequence[tuple[Place, cst.Assign, str, list[str], str]], uses: Sequence[Use]
) -> tuple[FileEdit, ...]:
    files: dict[str, Edits] = {}
    for use in uses:
        edits = files.setdefault(use.place.path, Edits(use.place.path, use.place.module))
        edits.change(use.call, in_place(use.method, use.rounds))
        edits.need("bcrypt")
        for source, name in (("passlib.hash", "bcrypt"), ("passlib.handlers.bcrypt", "bcrypt")):
            edits.drop(source, name)
    for place, assign, name, _, _ in contexts:
        edits = files.setdefault(place.path, Edits(place.path, place.module))
        line = place.within(assign, cst.SimpleStatementLine)
        if line is not None:
            edits.change(line, lambda _: cst.RemoveFromParent())
        edits.drop_if_unused("passlib.context", "CryptContext")
        for use in uses:
            if use.place.path != place.path:
                files[use.place.path].drop_if_unused(work.source.dotted(place.path), name)
    return tuple(edits.file_edit() for edits in files.values() if edits)


def _standing_in(contexts: Sequence[tuple[Place, cst.Assign, str, list[str], str]]) -> tuple[FileEdit, ...]:
    """Put an object of the same methods where the context was: for what is done with it that cannot be followed."""
    found: list[FileEdit] = []
    for place, assign, _, _, rounds in contexts:
        line = place.within(assign, cst.SimpleStatementLine)
        top = next((one for one in place.module.body if line is one), None)
        if top is None:
            continue
        edits = Edits(place.path, place.module)
        edits.need("bcrypt")
        edits.change(assign.value, lambda _: cst.parse_expression("_Bcrypt()"))
        edits.change(top, stand_in(rounds, place.module))
        edits.drop_if_unused("passlib.context", "CryptContext")
        found.append(edits.file_edit())
    return tuple(found)
