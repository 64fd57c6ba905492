"""The words of an explanation, in en, ja and fr; the English sentence is what is stored, its id is stable."""

import tomllib
from functools import lru_cache
from importlib.resources import files

from naosu.domain.fingerprint import Grouping, GroupingPart

EXCEPTION_TYPES = "exception types"
GROUP_MEMBERS = "group members"
CRASH_SITE = "crash site"
FAULT_EXPRESSION = "failed expression"
CALLER = "caller"
CALLER_PATH = "caller path"
MESSAGE_SHAPE = "message shape"
WRAPPER_SHAPE = "wrapper's message"
LOGGER = "logger"
TRANSACTION = "transaction"
CSP_DIRECTIVE = "directive"
CSP_BLOCKED = "blocked host"
CLIENT_FINGERPRINT = "client fingerprint"
PROJECT_RULE = "project rule"

TYPES_ONE = "types-one"
TYPES_CHAIN = "types-chain"
MEMBERS_SET = "members-set"
SITE_IN_APP = "site-in-app"
SITE_IN_LIBRARY = "site-in-library"
SITE_OF_MESSAGE = "site-of-message"
SITE_UNKNOWN = "site-unknown"
EXPRESSION_FAILED = "expression-failed"
EXPRESSION_SAYS = "expression-says"
RAISED_ELSEWHERE = "raised-elsewhere"
HELPER_SPEAKS_FOR_CALLER = "helper-speaks-for-caller"
PATH_IS_FACET = "path-is-facet"
SHAPE_FROM_LINE = "shape-from-line"
SHAPE_OF_RUNTIME = "shape-of-runtime"
SHAPE_FROM_MASK = "shape-from-mask"
SHAPE_OF_PARSER = "shape-of-parser"
SHAPE_LEARNT = "shape-learnt"
SHAPE_TOO_MANY = "shape-too-many"
SHAPE_EMPTY = "shape-empty"
WRAPPER_SAYS = "wrapper-says"
LOGGER_COUNTS = "logger-counts"
TRANSACTION_STANDS_IN = "transaction-stands-in"
CSP_COUNTS = "csp-counts"
CLIENT_DECIDES = "client-decides"
CLIENT_REFINES = "client-refines"
RULE_DECIDES = "rule-decides"
OVERRULED = "overruled"

LANGUAGES = ("en", "ja", "fr")


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = tomllib.loads(
        files(__package__).joinpath("texts.toml").read_text("utf-8")
    )
    return found


@lru_cache(maxsize=1)
def _note_ids() -> dict[str, str]:
    return {entry["en"]: note_id for note_id, entry in _catalogue()["note"].items()}


def note_ids() -> tuple[str, ...]:
    """Every note's stable id."""
    return tuple(_catalogue()["note"])


def note_id(note: str) -> str:
    """The stable id of an English note; empty for a sentence of another version."""
    return _note_ids().get(note, "")


@lru_cache(maxsize=1024)
def _part(name: str, value: str, note: str, counted: bool) -> GroupingPart:
    return GroupingPart(name, value, _catalogue()["note"][note]["en"], counted)


def part(name: str, value: str, note: str, *, counted: bool = True) -> GroupingPart:
    """A part of the explanation, its note given by id."""
    return _part(name, value, note, counted)


def name_in(name: str, language: str) -> str:
    """A part's name in `language`; the English one where there is none."""
    return _catalogue()["name"].get(name, {}).get(language, name)


def note_in(note: str, language: str) -> str:
    """An English note in `language`; the English one where there is none."""
    return _catalogue()["note"].get(note_id(note), {}).get(language, note)


def explain(grouping: Grouping, language: str = "en") -> list[str]:
    """Why these events are together, in sentences: first what counts, then what was left out on purpose."""
    colon = {"fr": " : ", "ja": ":"}.get(language, ": ")
    sentences = []
    for counted in (True, False):
        for one in grouping.parts:
            if one.counted is counted:
                value = f" {one.value} —" if one.value else ""
                sentences.append(f"{name_in(one.name, language)}{colon.rstrip()}{value} {note_in(one.note, language)}")
    return sentences
