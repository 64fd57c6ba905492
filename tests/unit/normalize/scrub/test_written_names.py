"""Names of secrets as people and programs write them: what the rules know, the prefilter finds."""

import json
from typing import Any

import pytest

from naosu.normalize.scrub import Scrubber
from naosu.normalize.scrub import names as rules
from naosu.normalize.scrub.triggers import NAME, Triggers

SCRUBBER = Scrubber(pseudonym_key=b"k")
TRIGGERS = Triggers(emails=False, ip_addresses=False, fields=())
WRITTEN = [
    *rules.trigger_words(), *rules._WORDS, *rules._LAST_WORDS, *rules._WHOLE, "mot de passe", "api key", "api.key",
    "pass_word", "pass-word", "ｐａｓｓｗｏｒｄ", "ＰＡＳＳＷＯＲＤ", "暗証番号", "dbPwd", "X-Amz-Signature",
]  # fmt: skip
TELLING = [name for name in WRITTEN if rules.NameRules().rule(name)]  # `auth_header` tells of a header


def left(payload: Any) -> str:
    return SCRUBBER.scrub(json.dumps(payload).encode()).payload.decode()


@pytest.mark.parametrize("name", TELLING)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_name_rule_has_a_trigger(name: str, ascii_only: bool) -> None:
    payload = json.dumps({name: "Zq9x"}, ensure_ascii=ascii_only).encode()
    if name != "connect_sid":  # written `connect.sid`
        assert [kind for kind, *_ in TRIGGERS.find(payload) if TRIGGERS.kinds[kind] & NAME]
    assert "Zq9" not in SCRUBBER.scrub(payload).payload.decode()


@pytest.mark.parametrize(
    "payload",
    [
        {"request": {"cookies": {"remember_me": "Zq9x"}}},
        {"request": {"cookies": [["remember_me", "Zq9x"]]}},
        {"vars": {"headers": [["b'x-api-key'", "b'Zq9x'"], ["b'cookie'", "b'foo=Zq9x'"]]}},
        {"vars": {"d": {"'password'": "'Zq9x'"}}},
        {"vars": {"d": ["'password'", "'Zq9x'"]}},
        {"extra": [{"Name": "password", "Value": "Zq9x"}, {"k": "password", "v": "Zq9x"}]},
        {"message": "password -> Zq9x"},
        {"message": "CREATE USER a IDENTIFIED BY 'Zq9x'"},
        {"message": "DETAIL:  Failing row contains (1, bob (x), Zq9x)."},
        {"message": "POST https://discord.com/api/webhooks/123/Zq9x"},
        {"message": "https://api.telegram.org/bot123456:Zq9x/sendMessage"},
        {"message": "curl -u a:Zq9x http://x"},
        {"message": "curl -s -u admin:Zq9x http://x"},
        {"message": "mysqldump -u root -pZq9x db"},
        {"message": "AUTH 'default' 'Zq9x'"},
        {"message": "user: a\npassword: |\n  Zq9x\n  Zq9y\n"},
        {"message": "password: >-\n  Zq9x"},
        {"message": "INSERT INTO users (name, password) VALUES ('bob', 'Zq9x'), ('kim', 'Zq9y')"},
        {"message": "password：Zq9x"},
        {"message": "DETAIL:  Key (api_key)=(Zq9x) already exists."},
        {"url": "https://b.example/k?X-Amz-Signature=Zq9x&n=1"},
        {"url": "https://b.example/k?sv=1&sig=Zq9x"},
    ],
)
def test_secrets_go_however_their_name_is_written(payload: Any) -> None:
    assert "Zq9" not in left(payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"vars": {"d": ["'order'", "'Zq9x'"]}},
        {"vars": {"'design'": "'Zq9x'", "signal": "Zq9x"}},
        {"extra": [{"Name": "colour", "Value": "Zq9x"}]},
        {"message": "curl -s http://x/Zq9x and mysql -u Zq9x"},
        {"message": "INSERT INTO users (name, password) VALUES ('Zq9x', 'b')"},
        {"message": "password: a\nother: |\n  Zq9x"},
        {"message": "$this->token->Zq9x() in line 3"},
        {"message": "DETAIL:  Key (colour)=(Zq9x) already exists."},
        {"message": "the compass word Zq9x and a map key Zq9x"},
    ],
)
def test_what_only_looks_alike_stays(payload: Any) -> None:
    assert "Zq9x" in left(payload)
