"""What programs in a cell print, and what is made of it."""

from pathlib import Path

import pytest

from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.scratch.inside.places import TREE, put_places
from naosu.scratch.plans import put_edits, sqlite_file, sqlite_steps
from naosu.scratch.scripts import describe_argv, read_json
from naosu.scratch.starting import Start
from naosu.scratch.suite import Suite

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_good"/>
<testcase classname="tests.test_a" name="test_bad"><failure>x</failure></testcase>
<testcase classname="tests.test_a" name="test_skipped"><skipped/></testcase>
<testcase classname="tests.test_b" name="test_broken"><error/></testcase>
<testcase classname="tests.test_b" name="test_also_good"><system-out>x</system-out></testcase>
</testsuite></testsuites>"""


def ran(out="", error="", code=0, in_time=True):
    return {"answers": [{"out": out, "error": error, "code": code, "in_time": in_time}], "error": ""}


def test_the_object_that_a_program_printed_last_is_its_answer():
    assert read_json(ran('starting up\n{"a": 1}\n{"ok": true}\n')) == {"ok": True}


def test_an_object_on_several_lines_is_read():
    assert read_json(ran('{\n "ok": true\n}\n')) == {"ok": True}


def test_what_was_printed_after_it_does_not_matter():
    assert read_json(ran('{"ok": true}\nbye\n')) == {"ok": True}


def test_a_program_that_failed_says_why():
    assert "KeyError" in read_json(ran(error="Traceback\nKeyError: 'x'\n", code=1))["error"]


def test_a_program_that_was_too_slow_says_so():
    assert read_json(ran(in_time=False, code=None)) == {"error": "it did not end in time"}


def test_a_number_is_no_object():
    assert "error" in read_json(ran("3\n"))


def test_a_job_that_broke_is_an_error():
    assert read_json({"answers": [], "error": "OSError: x"}) == {"error": "OSError: x"}


def suite(command):
    return Suite(command, Start(argv=(), python=Path("/env/bin/python")))


def test_pytest_runs_with_the_applications_interpreter_and_names_what_passed():
    argv = suite("pytest -q tests").argv()
    assert argv[:5] == ["/env/bin/python", "-m", "pytest", "-q", "tests"]
    done = {"answers": [{"out": "", "code": 1}, {"text": REPORT}], "error": ""}
    assert suite("pytest").passed(done) == ("tests.test_a::test_good", "tests.test_b::test_also_good")


def test_without_a_report_it_is_unknown_what_passed():
    assert suite("pytest").passed({"answers": [{"out": "", "code": 4}, {"text": ""}], "error": ""}) is None


def test_unittest_names_what_passed():
    out = "test_a (app.tests.Case.test_a) ... ok\ntest_b (app.tests.Case.test_b) ... FAIL\n"
    done = {"answers": [{"out": "", "error": out, "code": 1, "in_time": True}], "error": ""}
    assert suite("python manage.py test").passed(done) == ("test_a (app.tests.Case.test_a)",)


@pytest.mark.parametrize(("code", "passed"), [(0, ("make check",)), (1, ())])
def test_a_command_without_names_passes_as_a_whole(code, passed):
    assert suite("make check").passed(ran("fine\n", code=code)) == passed


def plan(*edits, sql=()):
    return Plan(
        kind=PlanKind.CODE,
        summary="s",
        explanation="e",
        risk=Risk.LOW,
        proof=Proof(text="t"),
        undo="u",
        edits=edits,
        sql=sql,
    )


def test_edits_are_put_into_the_copy(tmp_path):
    (tmp_path / "old.py").write_text("x")
    edits = [
        FileEdit(path="pkg/new.py", before=None, after="y\r\n"),
        FileEdit(path="old.py", before="x", after=None),
        FileEdit(path=".env", before=None, after="S=1", is_secret=True),
    ]
    put_edits(plan(*edits), tmp_path)
    assert (tmp_path / "pkg" / "new.py").read_bytes() == b"y\r\n"
    assert not (tmp_path / "old.py").exists()
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_an_edit_outside_of_the_copy_is_not_made(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to(tmp_path)
    for path in ("../escaped", "link/escaped", f"{tmp_path}/escaped"):
        put_edits(plan(FileEdit(path=path, before=None, after="x")), tmp_path / "tree")
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///./tasks.db", f"{TREE}/tasks.db"),
        ("sqlite+aiosqlite:///data/tasks.db", f"{TREE}/data/tasks.db"),
        ("sqlite:////srv/shop/tasks.db", f"{TREE}/tasks.db"),
        ("sqlite:////var/lib/tasks.db", "/var/lib/tasks.db"),
        ("sqlite:///../tasks.db", "/srv/tasks.db"),
        ("sqlite:///file:tasks.db?mode=rw&uri=true", f"{TREE}/tasks.db"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("postgresql://x/y", None),
        ("nonsense", None),
    ],
)
def test_a_sqlite_url_leads_into_the_copy(url, file):
    assert sqlite_file(url, Path("/srv/shop")) == file


def test_only_statements_for_sqlite_are_steps_of_a_cell():
    changes = [
        SqlChange(database="sqlite:///a.db", statements=("X",)),
        SqlChange(database="postgresql://a/b", statements=("Y",)),
    ]
    steps = sqlite_steps(plan(sql=tuple(changes)), Path("/srv"))
    assert steps == [{"do": "sql", "file": f"{TREE}/a.db", "statements": ["X"]}]


def test_places_are_put_into_steps_wherever_they_stand():
    job = {"place": "/srv/shop", "steps": [{"argv": [f"{TREE}/x", 3], "env": {"A": f"{TREE}/y:{TREE}"}}]}
    assert put_places(job)["steps"] == [{"argv": ["/srv/shop/x", 3], "env": {"A": "/srv/shop/y:/srv/shop"}}]


def test_what_a_told_command_serves_is_what_is_described():
    argv = describe_argv(Path("/p"), "app:app", "fastapi", ["/p", "-m", "uvicorn", "shop.web:api", "--port", "{port}"])
    assert '"target": "shop.web:api"' in argv[-1]
