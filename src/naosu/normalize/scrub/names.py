"""Which key names announce a secret."""

import re
import unicodedata
from collections.abc import Iterable

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")

# Fragments of the name with its separators taken out, and the rule that they stand for; the first that occurs decides.
_FRAGMENTS: tuple[tuple[str, str], ...] = (
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passcode", "password"),
    ("motdepasse", "password"),
    ("kennwort", "password"),
    ("パスワード", "password"),
    ("暗証番号", "password"),
    ("密码", "password"),
    ("密碼", "password"),
    ("otpcode", "password"),
    ("verificationcode", "password"),
    ("pincode", "password"),
    ("authorization", "authorization"),
    ("apikey", "api_key"),
    ("cookie", "cookie"),
    ("credential", "credential"),
    ("csrf", "csrf"),
    ("xsrf", "csrf"),
    ("privatekey", "private_key"),
    ("privkey", "private_key"),
    ("amzsignature", "signature"),
    ("googsignature", "signature"),
    ("accesskey", "access_key"),
    ("accountkey", "access_key"),
    ("signingkey", "private_key"),
    ("encryptionkey", "private_key"),
    ("masterkey", "private_key"),
    ("sshkey", "private_key"),
    ("secret", "secret"),
    ("token", "token"),
    ("sessionid", "session"),
    ("sessionkey", "session"),
    ("sessid", "session"),
    ("authkey", "auth"),
    ("authcode", "auth"),
    ("authheader", "auth"),
    ("creditcard", "credit_card"),
    ("cardnumber", "credit_card"),
    ("securitycode", "credit_card"),
)
# Where a fragment may be parted: a name is `apiKey`, `api_key`, `api-key`, `api.key` or `api key`.
_PARTED: dict[str, tuple[tuple[str, ...], ...]] = {
    "password": (("pass", "word"),),
    "passphrase": (("pass", "phrase"),),
    "passcode": (("pass", "code"),),
    "motdepasse": (("mot", "de", "passe"),),
    "apikey": (("api", "key"),),
    "privatekey": (("private", "key"),),
    "privkey": (("priv", "key"),),
    "accesskey": (("access", "key"),),
    "accountkey": (("account", "key"),),
    "signingkey": (("signing", "key"),),
    "encryptionkey": (("encryption", "key"),),
    "masterkey": (("master", "key"),),
    "sshkey": (("ssh", "key"),),
    "sessionid": (("session", "id"),),
    "sessionkey": (("session", "key"),),
    "sessid": (("sess", "id"),),
    "authkey": (("auth", "key"),),
    "authcode": (("auth", "code"),),
    "authheader": (("auth", "header"),),
    "creditcard": (("credit", "card"),),
    "cardnumber": (("card", "number"),),
    "securitycode": (("security", "code"),),
    "otpcode": (("otp", "code"),),
    "verificationcode": (("verification", "code"),),
    "pincode": (("pin", "code"),),
    "amzsignature": (("amz", "signature"),),
    "googsignature": (("goog", "signature"),),
}
# What contains a fragment by accident, taken out before looking.
_INNOCENT = re.compile(r"secretar(?:y|ies|iat)|tokeni[sz]\w*|cookiecutter|passwordless")
_WORDS: dict[str, str] = {
    "pwd": "password",
    "pw": "password",
    "pass": "password",
    "jwt": "token",
    "bearer": "token",
    "cvv": "credit_card",
    "cvc": "credit_card",
    "cvv2": "credit_card",
    "ssn": "personal_number",
    "otp": "password",
    "totp": "password",
}
# Weak names: only the whole name, or its last word, counts, and their values are often harmless objects.
_LAST_WORDS: dict[str, str] = {"auth": "auth", "session": "session", "oauth": "auth"}
_WHOLE: dict[str, str] = {
    "pin": "password",
    "sig": "signature",
    "sid": "session",
    "connect_sid": "session",
    "key_material": "private_key",
}
# A last word that makes the value a statement about the secret, not the secret.
_ABOUT = frozenset(
    [
        "count",
        "counts",
        "counter",
        "limit",
        "limits",
        "length",
        "len",
        "size",
        "max",
        "min",
        "type",
        "types",
        "kind",
        "url",
        "uri",
        "urls",
        "uris",
        "endpoint",
        "name",
        "names",
        "field",
        "fields",
        "path",
        "paths",
        "file",
        "filename",
        "dir",
        "expiry",
        "expires",
        "expired",
        "expiration",
        "expire",
        "ttl",
        "age",
        "lifetime",
        "timeout",
        "at",
        "class",
        "cls",
        "policy",
        "policies",
        "validator",
        "validators",
        "hasher",
        "hashers",
        "enabled",
        "required",
        "valid",
        "invalid",
        "verified",
        "status",
        "usage",
        "budget",
        "index",
        "position",
        "algorithm",
        "alg",
        "format",
        "version",
        "backend",
        "backends",
        "engine",
        "factory",
        "store",
        "storage",
        "manager",
        "provider",
        "handler",
        "serializer",
        "form",
        "view",
        "error",
        "errors",
        "scheme",
        "repository",
        "service",
        "module",
        "flow",
        "header",
        "domain",
        "samesite",
        "secure",
        "httponly",
        "rotation",
        "strength",
        "hint",
        "label",
        "placeholder",
        "prefix",
        "per",
        "rate",
        "reset",
        "attempts",
        "confirmed",
        "changed",
        "login",
        "method",
        "methods",
        "table",
        "column",
        "model",
        "schema",
        "ids",
        "generator",
        "interface",
        "middleware",
        "mixin",
        "exception",
    ]
)
_DEEP_PREFIXES = ("http_",)
_CACHE_MAX = 4096
_REMEMBERED_MAX = 100


def words_of(name: str) -> list[str]:
    """Split ``dbPassword2``, ``X-Api-Key`` and ``HTTP_COOKIE`` into lower-case words."""
    spaced = _CAMEL.sub("_", name if name.isascii() else unicodedata.normalize("NFKC", name))
    return [word for word in _NOT_WORD.split(spaced.lower()) if word]


def _default_rule(name: str) -> str | None:
    words = words_of(name)
    if not words or (words[-1] in _ABOUT and words[-2:] != ["session", "name"]):
        return None
    joined = "".join(words)
    cleaned = _INNOCENT.sub("", joined)
    for fragment, rule in _FRAGMENTS:
        if fragment in cleaned:
            return rule
    for word in words:
        if rule := _WORDS.get(word, ""):
            return rule
    return _LAST_WORDS.get(words[-1]) or _WHOLE.get("_".join(words)) or _glued_pwd(cleaned)


def _glued_pwd(joined: str) -> str | None:
    return "password" if joined.endswith("pwd") else None


def trigger_words() -> list[str]:
    """Return each fragment as it may be written: in one word, or with one sign between its two or three words."""
    words: dict[str, None] = {}
    for fragment, _ in _FRAGMENTS:
        words[fragment] = None
        for parts in _PARTED.get(fragment, ()):
            words.update(dict.fromkeys(sign.join(parts) for sign in "_-. "))
    return list(words)


class NameRules:
    """Says by which rule the value under a name must go; answers are remembered, for names repeat.

    Attributes:
        fields: A project's own names: substrings, in any case.
        keep: Names whose values never go by name.
    """

    def __init__(self, fields: Iterable[str] = (), keep: Iterable[str] = ()) -> None:
        self.fields = tuple(field.lower() for field in fields if field.strip())
        self.keep = frozenset("".join(words_of(name)) for name in keep)
        self._known: dict[str, str | None] = {}

    def rule(self, name: str) -> str | None:
        """Return the rule's name; None: this name says nothing."""
        try:
            return self._known[name]
        except KeyError:
            if len(self._known) >= _CACHE_MAX:
                self._known.clear()
            answer = self._decide(name)
            if len(name) <= _REMEMBERED_MAX:
                self._known[name] = answer
            return answer

    def _decide(self, name: str) -> str | None:
        if self.keep and "".join(words_of(name)) in self.keep:
            return None
        lowered = name.lower()
        for field in self.fields:
            if field in lowered:
                return f"field:{field}"
        return _default_rule(name)
