"""Source lines: a secret written into a string goes, code that names one stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naosu.normalize.scrub import Scrubber
from naosu.normalize.scrub.literals import literal_around

SCRUBBER = Scrubber(pseudonym_key=b"k")


def scrub_line(line: str) -> str:
    frame = {"function": "connect", "lineno": 3, "pre_context": [line], "context_line": line, "post_context": [line]}
    payload = json.dumps({"exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}})
    [left] = json.loads(SCRUBBER.scrub(payload.encode()).payload)["exception"]["values"][0]["stacktrace"]["frames"]
    assert left["pre_context"] == left["post_context"] == [left["context_line"]]
    return str(left["context_line"])


@pytest.mark.parametrize(
    "line",
    [
        'db.connect("host=x password=hunter2")',
        'db.connect("password=hunter2 host=x")',
        "db.connect('host=x;Password=hunter2;User=shop')",
        'db.connect("password = hunter2")',
        "const db = connect(`host=x password=hunter2`)",
        'db.connect("""host=x password=hunter2""")',
        "db.connect(\"host=x password='hunter2'\")",
        'run("mysql --password=hunter2 shop")',
        'password = "hunter2"  # don\'t',
        "# don't use password='hunter2'",
    ],
)
def test_a_secret_in_a_string_goes(line: str) -> None:
    left = scrub_line(line)
    assert "hunter2" not in left
    assert left == line.replace("hunter2", "[Filtered]")


@pytest.mark.parametrize(
    "line",
    [
        'db.connect(f"host=x password={password}")',
        "db.connect(`password=${password}`)",
        'db.connect("password=$PASSWORD")',
        'db.connect("password=#{password}")',
        'log.info("password=%s", password)',
        'log.info("password=%r token=%-5d", password, token)',
        'db.connect("password=" + password)',
        "open('/login?token=' + token, 'w')",
        'assert "token=" in body',
        'db.connect(password=password, host="x")',
        'password = form["password"]',
        'query("select 1 from users where token=users.token")',
        'raise ValueError("password=None")',
        'say("password is required")',
        're.compile("password=(.*)")',
    ],
)
def test_code_that_only_names_a_secret_stays(line: str) -> None:
    assert scrub_line(line) == line


@given(st.text(alphabet="\"'`\\\\ a=\n", max_size=60), st.integers(0, 60))
def test_a_string_is_only_around_what_its_quotes_enclose(text: str, at: int) -> None:
    quote = literal_around(text, min(at, len(text)))
    assert quote == "" or (quote in text[:at] and quote in text[at:])


def test_a_minified_line_is_not_read_from_its_beginning() -> None:
    assert literal_around('"' + "a" * 1_998 + 'b"', 2_000) == '"'
    assert literal_around('"' + "a" * 1_999 + 'b"', 2_001) == ""
