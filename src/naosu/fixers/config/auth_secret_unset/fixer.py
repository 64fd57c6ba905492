"""The key that an application signs with was never set."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence

import libcst as cst
import msgspec

from naosu.domain.classification import Category
from naosu.domain.evidence import Crash
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.config.auth_secret_unset.env_files import env_files, example_edits, value_in, with_value
from naosu.fixers.config.auth_secret_unset.variables import VARIABLE, variable_behind, variable_of_field
from naosu.fixers.editing import argument, nodes_of
from naosu.fixers.edits import Edits
from naosu.fixers.exercise import exercise
from naosu.fixers.jwt_calls import DECODE, ENCODE, jwt_calls
from naosu.fixers.places import place_of, places_with
from naosu.fixers.pydantic_models import pydantic_models
from naosu.fixers.signs import crashes_of, told
from naosu.ports.fixer import SourceTree, Workplace

NO_KEY = re.compile(
    r"[Ee]xpect(?:ed|ing) a string(?:- or bytes-formatted key|(?: or bytes)? value)|HMAC key must not be empty"
    r"|SECRET_KEY setting must not be empty|no secret key was set|must be set when using symmetric algorithm"
)
MISSING = re.compile(
    r"KeyError: ['\"](?P<key>[A-Z]\w+)['\"]|Config '(?P<config>\w+)' is missing"
    r"|(?P<declared>\w+) not found\. Declare it"
    r"|[Ss]et the (?P<set>\w+) environment variable|nvironment variable ['\"]?(?P<environs>\w+)['\"]? (?:is )?not set"
)
FIELD_REQUIRED = re.compile(r"^(?P<field>\w+)\n\s+Field required", re.MULTILINE)
SIGNING = re.compile(
    r"(?:^|_)(?:SECRET_?KEY|JWT_?(?:SECRET|KEY)|SIGNING_?KEY|SESSION_?SECRET|TOKEN_?SECRET|SECRET)(?:_|$)"
)
_KEY_BYTES = 32


class _Missing(msgspec.Struct, frozen=True):
    variables: tuple[str, ...]
    crashes: tuple[Crash, ...]


class AuthSecretUnset:
    """Makes a key, and keeps it where the application reads its variables."""

    name = "auth_secret_unset"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield the variables of signing keys that are unset."""
        missing = _missing(work)
        if missing is None:
            return
        own = [one for one in missing.variables if _is_own(work.source, one)]
        plans = tuple(_plans(work, own)) if own and len(own) == len(missing.variables) else ()
        names = ", ".join(missing.variables)
        lines = dict.fromkeys(line for crash in missing.crashes for line in told(crash))
        facts = [f"{path} does not set {one}" for path in env_files(work.source)[:2] for one in missing.variables]
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if plans else 0.75,
                evidence=(*lines, *facts),
                cause=f"{names or 'The signing key'} is not set, so there is no key to sign with.",
                risk=Risk.MEDIUM,
                options=() if plans else _options(missing.variables),
            ),
            plans=plans,
            crashes=missing.crashes,
        )


def _options(names: Sequence[str]) -> tuple[str, ...]:
    which = ", ".join(names) or "the key's variable"
    return (
        f"Set {which} in the environment of the process (unit, compose file, secret store): 32 random bytes or more.",
        "Where others issue the tokens, set the key that they sign with; a new one would refuse their tokens.",
    )


def _missing(work: Workplace) -> _Missing | None:
    found: dict[str, None] = {}
    crashes: list[Crash] = []
    for crash in crashes_of(work):
        names = list(_named(work, crash))
        if names or _is_keyless(crash):
            crashes.append(crash)
            found.update(dict.fromkeys(names or _signing_variables(work.source)))
    return _Missing(tuple(found), tuple(crashes)) if crashes else None


def _is_keyless(crash: Crash) -> bool:
    return bool(NO_KEY.search(crash.last.message)) and (
        bool(crash.own_frames) or crash.last.name in {"ImproperlyConfigured", "RuntimeError"}
    )


def _named(work: Workplace, crash: Crash) -> Iterator[str]:
    """Yield the signing keys that a crash names as missing; nothing when it misses other things as well."""
    said = f"{crash.last.name}: {crash.last.message}"
    match = MISSING.search(said)
    names = [next(value for value in match.groupdict().values() if value)] if match else []
    if crash.last.name == "ValidationError":
        fields = FIELD_REQUIRED.findall(crash.last.message)
        models = [model for model in pydantic_models(work.source) if model.is_settings]
        names = [name for field in fields for model in models if (name := variable_of_field(model, field))]
    if names and all(VARIABLE.fullmatch(name) and SIGNING.search(name) for name in names):
        yield from names


def _signing_variables(source: SourceTree) -> Iterator[str]:
    """Yield the variables of the keys that the application signs with, as far as they are read without a default."""
    for one in jwt_calls(source, ENCODE | DECODE):
        if name := variable_behind(source, one.place.path, one.key):
            yield name
    for place in places_with(source, "SECRET_KEY", "secret_key"):
        for assign in nodes_of(place.module, cst.Assign):
            target = cst.Module([]).code_for_node(assign.targets[0].target)
            is_key = re.search(r"(?:^|[.\"'])(?:JWT_)?SECRET_KEY[\"'\]]*$|\.secret_key$", target)
            if is_key and (name := variable_behind(source, place.path, assign.value)):
                yield name
        for call in nodes_of(place.module, cst.Call):
            arg = argument(call, "secret_key") or argument(call, "SECRET_KEY")
            if arg is not None and (name := variable_behind(source, place.path, arg.value)):
                yield name


def _is_own(source: SourceTree, variable: str) -> bool:
    """Tell whether the application itself signs with it: what others sign with cannot be made up."""
    if not jwt_calls(source, DECODE) or jwt_calls(source, ENCODE):
        return True
    reads = {variable_behind(source, one.place.path, one.key) for one in jwt_calls(source, DECODE)}
    return variable not in reads


def _plans(work: Workplace, variables: list[str]) -> Iterator[Plan]:
    values = {variable: secrets.token_hex(_KEY_BYTES) for variable in variables}
    files = [path for path in env_files(work.source) if not path.endswith(".ini")]
    for path in files:
        before = work.source.text(path)
        unset = {name: value for name, value in values.items() if not value_in(before or "", name)}
        if unset:
            yield _plan(work, path, before, unset, ())
    if not files and work.version("python-dotenv") is not None:
        loader = _loading(work, variables[0])
        if loader is not None:
            yield _plan(work, ".env", work.source.text(".env"), values, (loader,))


def _loading(work: Workplace, variable: str) -> FileEdit | None:
    """Return the change that lets the file which reads a variable load ``.env`` first."""
    for path, module in work.source.modules(variable):
        place = place_of(work.source, path)
        if place is None or ("environ" not in module.code and "getenv" not in module.code):
            continue
        edits = Edits(path, module)
        first = next((line for line in module.body if not _is_import(line)), None)
        if first is None:
            continue
        edits.need("dotenv", "load_dotenv")
        edits.change(first, _after_loading)
        return edits.file_edit()
    return None


def _is_import(line: cst.BaseStatement) -> bool:
    kinds = (cst.Import, cst.ImportFrom, cst.Expr)
    return isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], kinds)


def _after_loading(node: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.CSTNode]:
    call = cst.parse_statement("load_dotenv()\n")
    return cst.FlattenSentinel(
        [call.with_changes(leading_lines=node.leading_lines), node.with_changes(leading_lines=())]
    )


def _plan(work: Workplace, path: str, before: str | None, values: dict[str, str], code: tuple[FileEdit, ...]) -> Plan:
    after = before or ""
    for name, value in values.items():
        after = with_value(after, name, value)
    names = ", ".join(values)
    signing = [(one.place, one.call) for one in jwt_calls(work.source, ENCODE)]
    return Plan(
        kind=PlanKind.SETTING,
        summary=f"Set {names} in {path}",
        explanation=f"{_KEY_BYTES} random bytes, made now and kept in {path}, so that tokens outlive a restart.",
        risk=Risk.MEDIUM,
        proof=Proof(
            text="What needed the key is answered, and the key is read from the file.",
            gone=(NO_KEY.pattern,),
            script=exercise(work.source, signing, NO_KEY.pattern),
        ),
        undo=f"{path} gets its text from before back; tokens signed in between are void.",
        edits=(
            FileEdit(path=path, before=before, after=after, is_secret=True),
            *code,
            *example_edits(work.source, list(values)),
        ),
    )
