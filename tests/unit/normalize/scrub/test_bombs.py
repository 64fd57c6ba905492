"""Payloads made to cost much: what is too dense to be looked at singly is filtered roughly, and nothing gets out."""

import json

import pytest

from naosu.normalize.scrub import Scrubber
from naosu.normalize.telemetry import parameterised

DENSE = {
    "numbers": b'{"a":[' + b"4111111111111111," * 4000 + b"1]}",
    "digits": b'{"a":"' + b"1" * 100_000 + b'"}',
    "meta": b'{"_meta" : {"x":1,' + b",".join(b'"password%d":{"a":"Zq9"}' % i for i in range(4000)) + b"}}",
    "modules": b'{"modules":{' + b",".join(b'"password%d":"1"' % i for i in range(9000)) + b"}}",
    "value before": b'{"a":[' + b",".join([b'{"x":1,"value":"Zq9","name":"password"}'] * 9000) + b"]}",
    "pairs": b'{"a":[' + b",".join([b'["password",["Zq9",1]]'] * 9000) + b"]}",
    "one string": json.dumps({"message": "password=Zq9 " * 9000}).encode(),
    "one key": json.dumps({"password Zq9 " * 9000: "Zq9"}).encode(),
    "rising slashes": json.dumps({"m": "".join("('token', " + "\\" * k + '"x' for k in range(300))}).encode(),
    "long names": json.dumps({"exception": [{"k" * 80 + f"password{i}": "Zq9" for i in range(9000)}]}).encode(),
    "schemes": json.dumps({"message": "token " * 20_000}).encode(),
    "addresses": json.dumps({"message": "1.1.1.1 " * 20_000}).encode(),
}


@pytest.mark.parametrize("name", DENSE)
def test_dense_payloads_are_scrubbed_and_stay_json(name: str) -> None:
    left = Scrubber(pseudonym_key=b"k").scrub(DENSE[name]).payload
    json.loads(left)
    assert b"Zq9" not in left


def test_a_long_ordinary_payload_is_not_filtered_roughly() -> None:
    crumbs = [{"message": f"step {i} from 203.0.113.9 and a sentence of the usual length, which goes on for a while"}
              for i in range(3000)]  # fmt: skip
    notes = Scrubber(pseudonym_key=b"k").scrub(json.dumps({"breadcrumbs": crumbs}).encode()).notes
    assert {note.rule for note in notes} == {"ip"}


@pytest.mark.parametrize("statement", ["'a\\" * 9000, '"' * 9000, "'" * 9000, "\"a@'" * 9000, "1.1." * 9000])
def test_statements_made_to_cost_much_are_read(statement: str) -> None:
    assert len(parameterised(statement)) <= 1000


def test_an_unfinished_literal_goes_to_its_end() -> None:
    assert parameterised("SELECT 'abc\\' and more") == "SELECT ?"
    assert parameterised('SELECT "name" FROM t WHERE m = "a@b.example" AND n = 3') == (
        'SELECT "name" FROM t WHERE m = ? AND n = ?'
    )
