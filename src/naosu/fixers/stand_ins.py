"""Values for functions of the application that are called alone: part of the programs that verify a repair."""

import itertools
from collections.abc import Iterable

import libcst as cst

from naosu.fixers.editing import nodes_of
from naosu.fixers.jwt_calls import string_key

_TEXTS_MAX = 60
_TEXT_CHARS_MAX = 40

STAND_INS = r'''
import asyncio, importlib, inspect, itertools, json, re, time, types

END = time.monotonic() + 12


class Anything:
    """Has every attribute and every item; names and passwords are as the application itself writes them."""

    def __init__(self, text="naosu", password="naosu"):
        self.__dict__.update(_text=text, _password=password, id=1, user_id=1, pk=1, age=1)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._password if re.search("pass|pwd|secret", name) else self._text

    def __getitem__(self, name):
        return getattr(self, str(name))

    def get(self, name, default=None):
        return getattr(self, str(name))


def is_secret(parameter):
    return bool(re.search("pass|pwd|secret", parameter.name))


def pairs():
    yield "naosu", "naosu"
    for step in (1, 2):
        yield from zip(LITERALS, LITERALS[step:])


def choices(parameter, text, password, number):
    kind = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    plain = {"str": password if is_secret(parameter) else text, "int": number, "bytes": b"naosu", "float": 1.0}
    if kind in plain:
        return [plain[kind]]
    depends = type(parameter.default).__name__ in ("Depends", "Form", "Body", "Query", "Security")
    if parameter.default is not parameter.empty and not depends:
        return [parameter.default]
    some = Anything(text, password)
    claims = {"sub": number, "id": number, "user_id": number, "username": text, "email": text, "exp": 4102444800}
    if kind == "dict":
        return [claims]
    if parameter.annotation is not parameter.empty:
        return [some]
    if re.search(r"(^|_)id$", parameter.name):
        return [number, text, some]
    return [password if is_secret(parameter) else text, some, claims, number]


def combinations(parameters, number=1):
    for text, password in pairs():
        yield from itertools.islice(itertools.product(*(choices(p, text, password, number) for p in parameters)), 12)


def owner_of(site):
    module = importlib.import_module(site["module"])
    if not site["owner"]:
        return module, module
    owner = getattr(module, site["owner"])
    made = [one for one in vars(module).values() if isinstance(one, owner)]
    return module, made[0] if made else owner()


def run(module, function, values, query=None, headers=None):
    """Call a function, within a request where Flask wants one."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = [value for one, value in zip(parameters, values) if one.kind in (0, 1)]
    named = {one.name: value for one, value in zip(parameters, values) if one.kind == 3}
    apps = [one for one in vars(module).values() if "Flask" in [base.__name__ for base in type(one).__mro__]]
    if apps:
        with apps[0].test_request_context(query_string=query, headers=headers):
            answer = function(*positional, **named)
            return answer.get_data(as_text=True) if hasattr(answer, "get_data") else answer
    answer = function(*positional, **named)
    return asyncio.run(answer) if inspect.isawaitable(answer) else answer
'''


def literals_of(modules: Iterable[cst.Module]) -> list[str]:
    """Return the short texts that files write out, in their order: names and passwords of examples among them."""
    texts = (string_key(node) for module in modules for node in nodes_of(module, cst.SimpleString))
    short = (text for text in texts if 0 < len(text) <= _TEXT_CHARS_MAX and not any(char in text for char in " \n/{"))
    return list(itertools.islice(short, _TEXTS_MAX))
