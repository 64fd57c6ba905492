"""The same hashing with bcrypt alone. It counts 72 bytes of a password, as passlib did; newer bcrypt wants them cut."""

from collections.abc import Callable

import libcst as cst

_STAND_IN = '''class _Bcrypt:
    """Hashes with bcrypt alone; 72 bytes of a password count."""

    def hash(self, secret):
        return bcrypt.hashpw(self._cut(secret), bcrypt.gensalt({rounds})).decode("ascii")

    def verify(self, secret, hash):
        hash = hash.encode("ascii") if isinstance(hash, str) else hash
        return bool(hash) and bcrypt.checkpw(self._cut(secret), hash)

    def verify_and_update(self, secret, hash):
        return self.verify(secret, hash), None

    def needs_update(self, hash, secret=None):
        return False

    def identify(self, hash):
        return "bcrypt" if str(hash).startswith("$2") else None

    @staticmethod
    def _cut(secret):
        return (secret.encode("utf-8") if isinstance(secret, str) else secret)[:72]
'''


def in_place(method: str, rounds: str) -> Callable[[cst.Call], cst.BaseExpression]:
    """Return what turns ``context.hash(password)`` into a call of bcrypt."""

    def changed(call: cst.Call) -> cst.BaseExpression:
        code = cst.Module([]).code_for_node
        values = [code(arg.value) for arg in call.args]
        secret = f'{_grouped(call.args[0].value, values[0])}.encode("utf-8")[:72]'
        if method == "verify":
            hashed = _grouped(call.args[1].value, values[1])
            return cst.parse_expression(f'bcrypt.checkpw({secret}, {hashed}.encode("utf-8"))')
        return cst.parse_expression(f'bcrypt.hashpw({secret}, bcrypt.gensalt({rounds})).decode("utf-8")')

    return lambda call: changed(call) if _is_plain(call, method) else call


def _is_plain(call: cst.Call, method: str) -> bool:
    return len(call.args) == (2 if method == "verify" else 1) and not any(arg.star for arg in call.args)


def _grouped(node: cst.BaseExpression, code: str) -> str:
    simple = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.SimpleString)
    return code if isinstance(node, simple) else f"({code})"


def stand_in(rounds: str, module: cst.Module) -> Callable[[cst.CSTNode], cst.FlattenSentinel[cst.CSTNode]]:
    """Return what puts a class with the same methods before a statement."""
    parsed = cst.parse_module(_STAND_IN.format(rounds=rounds), config=module.config_for_parsing).body[0]

    def before(line: cst.CSTNode) -> cst.FlattenSentinel[cst.CSTNode]:
        gap = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
        return cst.FlattenSentinel([parsed.with_changes(leading_lines=gap), line.with_changes(leading_lines=gap)])

    return before
