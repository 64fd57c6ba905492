"""What the scrubber must never do, whatever the payload."""

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from naosu.domain.project import ScrubSettings
from naosu.normalize.scrub import Scrubber

SCRUBBER = Scrubber(ScrubSettings(), pseudonym_key=b"k" * 32)
FAST = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.sampled_from(
    [
        "password", "token", "'", '"', "\\", "=", ": ", "Bearer ", "cookie", "@", "kim@example.com", "10.4.0.12",
        "://a:b@", "{", "}", "[", "]", "(", ")", ",", "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "4111111111111111", "[Filtered]", "secret",
        "auth", "session", " ", "\n", "é", "\u2028", "%40", "-----BEGIN PRIVATE KEY-----",
        "2001:db8::1", "api_key", "_meta",
        "value", "name", "key", "context_line", "modules", "x", "1", "--", "<", ">", "&", ";", "%3D",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=8).map("".join) | st.text(max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
SECRETS = st.text(st.characters(codec="ascii", categories=["Lu", "Ll", "Nd"]), min_size=8, max_size=24).map(
    lambda s: "Zq9" + s
)
KEYS = st.sampled_from(
    [
        "password",
        "Password",
        "db_password",
        "userPassword",
        "PASSWD",
        "api_key",
        "X-Api-Key",
        "apiKey",
        "access_token",
        "refreshToken",
        "client_secret",
        "SECRET_KEY",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "csrf_token",
        "sessionid",
        "private_key",
        "aws_secret_access_key",
        "credentials",
        "HTTP_AUTHORIZATION",
        "mysql_pwd",
        "X-CSRFToken",
    ]
)


def dump(value: Any, style: int) -> bytes:
    match style:
        case 0:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        case 1:
            return json.dumps(value).encode()
        case _:
            return json.dumps(value, indent=2).replace("/", "\\/").encode()


@FAST
@given(JSON, st.integers(0, 2))
def test_valid_json_stays_valid(value: Any, style: int) -> None:
    json.loads(SCRUBBER.scrub(dump(value, style)).payload)


@FAST
@given(JSON, st.integers(0, 2))
def test_scrubbing_twice_changes_nothing_more(value: Any, style: int) -> None:
    once = SCRUBBER.scrub(dump(value, style)).payload
    assert SCRUBBER.scrub(once).payload == once


@FAST
@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_broken_json_is_survived(payload: bytes) -> None:
    assert isinstance(SCRUBBER.scrub(payload).payload, bytes)


@FAST
@given(JSON, st.integers(0, 2))
def test_a_payload_without_findings_is_the_same_object(value: Any, style: int) -> None:
    payload = dump(value, style)
    scrubbed = SCRUBBER.scrub(payload)
    assert (scrubbed.payload is payload) == (not scrubbed.notes)


def nested(value: Any, path: list[int]) -> Any:
    for step in path:
        value = (
            [value, "x"]
            if step == 0
            else {"a b": 1, "inner": value}
            if step == 1
            else {"vars": {"v": value, "n": "None"}}
        )
    return value


RENDERINGS = (
    lambda key, secret: {key: secret},
    lambda key, secret: {key: repr(secret)},
    lambda key, secret: {key: [secret, {"deep": secret}]},
    lambda key, secret: {key: {"deep": {"deeper": [secret]}}},
    lambda key, secret: [[key, secret], ["Host", "x"]],
    lambda key, secret: {"headers": [["Host", "x"], [key, secret]]},
    lambda key, secret: [{"key": key, "value": secret}],
    lambda key, secret: repr({key: secret, "n": 1}),
    lambda key, secret: repr({"a": {key: secret}}),
    lambda key, secret: repr({key: [secret, {"x": secret}], "n": 1}),
    lambda key, secret: repr([(key, secret)]),
    lambda key, secret: repr([(key.encode(), secret.encode())]),
    lambda key, secret: json.dumps({"n": 1, key: secret}),
    lambda key, secret: json.dumps({"outer": json.dumps({key: secret})}),
    lambda key, secret: json.dumps(json.dumps(json.dumps({key: secret}))),
    lambda key, secret: f"GET /x?{key}={secret}&page=2",
    lambda key, secret: f"{key}={secret}",
    lambda key, secret: f"{key}: {secret}",
    lambda key, secret: f"Login({key}={secret!r}, n=1)",
    lambda key, secret: f"Login{{{key}={secret}, n=1}}",
    lambda key, secret: f":{key}=>\"{secret}\"",
    lambda key, secret: f"'{key}' => '{secret}'",
    lambda key, secret: f"<{key}>{secret}</{key}>",
    lambda key, secret: f"run --{key} {secret}",
)  # fmt: skip


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(KEYS, SECRETS, st.integers(0, len(RENDERINGS) - 1), st.lists(st.integers(0, 2), max_size=6), st.integers(0, 2))
def test_a_secret_under_a_sensitive_name_never_survives(
    key: str, secret: str, rendering: int, path: list[int], style: int
) -> None:
    assume("Filtered" not in secret)
    payload = dump({"extra": nested(RENDERINGS[rendering](key, secret), path), "platform": "python"}, style)
    assert secret.encode() not in SCRUBBER.scrub(payload).payload


@FAST
@given(KEYS, st.text(min_size=8, max_size=20), st.sampled_from([repr, json.dumps]), st.integers(0, 2))
def test_quotes_and_escapes_in_a_secret_do_not_let_its_end_survive(
    key: str, middle: str, quote: Any, style: int
) -> None:
    secret = f"Zq9start{middle}Zq9end"
    text = "{" + quote(key) + ": " + quote(secret) + ", " + quote("n") + ": 1}"
    left = SCRUBBER.scrub(dump({"extra": {"form": text}}, style)).payload
    assert b"Zq9start" not in left
    assert b"Zq9end" not in left
