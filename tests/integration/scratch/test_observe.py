import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

from naosu.domain.evidence import CodeFrame, Crash, Raised, WebRequest
from naosu.domain.repair import Expectation, FileEdit, Plan, PlanKind, Proof, Risk, SqlChange
from naosu.scratch.laboratory import Limits

from .conftest import ask

SHOP = """
import asyncio, sqlite3, sys
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/")
def home(response: Response):
    response.headers.append("set-cookie", "a=1")
    response.headers.append("set-cookie", "b=2")
    print("home was asked")
    return {"ok": True}

@app.get("/crash")
def crash():
    return {}["absent"]

@app.get("/rows")
async def rows():
    async def parts():
        for number in range(3):
            yield f"{number}\\n"
            await asyncio.sleep(0.2)
    return StreamingResponse(parts())

@app.get("/endless")
async def endless():
    await asyncio.sleep(60)

@app.get("/big")
def big():
    return Response(b"x" * 3_000_000)

@app.post("/echo")
async def echo(request: Request):
    return {"body": (await request.body()).decode(), "type": request.headers.get("content-type"),
            "x": request.headers.getlist("x-many"), "query": request.url.query}

@app.post("/items")
def add():
    with sqlite3.connect("shop.db") as c:
        c.execute("INSERT INTO items (name) VALUES ('new')")

@app.get("/broken")
async def broken():
    async def parts():
        yield "begun"
        raise RuntimeError("broke off")
    return StreamingResponse(parts(), headers={"content-length": "100"})
"""


def plan(*edits, sql=(), script="", expect=()):
    proof = Proof(text="t", script=script, expect=tuple(expect))
    return Plan(
        kind=PlanKind.CODE, summary="s", explanation="e", risk=Risk.LOW, proof=proof, undo="u",
        edits=tuple(edits), sql=tuple(sql),
    )  # fmt: skip


def test_an_application_is_started_asked_and_stopped(make):
    seen = make({"main.py": SHOP}).observe(ask("GET /", "GET /crash", "GET /absent"))
    assert seen.started
    assert [exchange.status for exchange in seen.exchanges] == [200, 500, 404]
    assert seen.exchanges[0].body == b'{"ok":true}'
    assert "Finished server process" in seen.log


def test_headers_are_kept_in_order_and_as_often_as_they_came(make):
    seen = make({"main.py": SHOP}).observe(ask("GET /"))
    assert [value for name, value in seen.exchanges[0].headers if name == "set-cookie"] == ["a=1", "b=2"]


def test_what_was_written_belongs_to_the_request_that_caused_it(make):
    seen = make({"main.py": SHOP}).observe(ask("GET /", "GET /crash", "GET /"))
    assert "home was asked" in seen.exchanges[0].log
    assert "KeyError" not in seen.exchanges[0].log
    assert "KeyError: 'absent'" in seen.exchanges[1].log
    assert "KeyError" not in seen.exchanges[2].log


def test_a_stream_can_be_told_from_what_came_at_once(make):
    rows, home = make({"main.py": SHOP}).observe(ask("GET /rows", "GET /")).exchanges
    assert rows.body == b"0\n1\n2\n"
    assert rows.total_s - rows.first_byte_s > 0.3
    assert home.total_s - home.first_byte_s < 0.1


def test_a_request_is_sent_as_it_was_recorded(make):
    request = WebRequest(
        method="POST",
        path="/echo?q=1 2&r=é",
        headers=(("Content-Type", "text/x"), ("X-Many", "1"), ("X-Many", "2"), ("Content-Length", "999")),
        body="größe".encode(),
    )
    (exchange,) = make({"main.py": SHOP}).observe([request]).exchanges
    assert exchange.body.decode() == '{"body":"größe","type":"text/x","x":["1","2"],"query":"q=1%202&r=%C3%A9"}'


def test_a_large_answer_is_kept_in_part(make):
    (exchange,) = make({"main.py": SHOP}).observe(ask("GET /big")).exchanges
    assert (exchange.status, len(exchange.body)) == (200, 1_000_000)


def test_an_answer_that_breaks_off_is_no_answer(make):
    (exchange,) = make({"main.py": SHOP}).observe(ask("GET /broken")).exchanges
    assert exchange.status == 0
    assert exchange.body == b"begun"
    assert exchange.error


def test_a_request_that_is_never_answered_does_not_hold_the_others_up(make):
    laboratory = make({"main.py": SHOP}, limits=Limits(request_s=1))
    slow, home = laboratory.observe(ask("GET /endless", "GET /")).exchanges
    assert (slow.status, home.status) == (0, 200)
    assert "Timeout" in slow.error


def test_requests_after_the_time_for_all_of_them_are_not_sent(make):
    laboratory = make({"main.py": SHOP}, limits=Limits(request_s=1, requests_s=1))
    assert "not sent" in laboratory.observe(ask("GET /endless", "GET /")).exchanges[1].error


def test_a_plan_is_in_force_in_its_own_copy_only(make, source):
    laboratory = make({"main.py": SHOP})
    fixed = SHOP.replace('{}["absent"]', '{"absent": 1}')
    edit = FileEdit(path="main.py", before=SHOP, after=fixed)
    assert laboratory.observe(ask("GET /crash"), plan(edit)).exchanges[0].status == 200
    assert laboratory.observe(ask("GET /crash")).exchanges[0].status == 500
    assert (source / "main.py").read_text() == SHOP


def test_what_a_plan_expects_is_asked_after_the_given_requests(make):
    expected = Expectation(request=WebRequest(method="GET", path="/absent"))
    seen = make({"main.py": SHOP}).observe(ask("GET /"), plan(expect=[expected]))
    assert [exchange.request.path for exchange in seen.exchanges] == ["/", "/absent"]


@pytest.mark.parametrize(
    ("script", "ok", "detail"),
    [
        ('import main, json; print(json.dumps({"ok": main.app is not None, "detail": "imported"}))', True, "imported"),
        ('print(\'{"ok": false, "detail": "no"}\')', False, "no"),
        ("raise SystemExit('broken')", None, "broken"),
    ],
)
def test_a_plans_script_says_whether_it_holds(make, script, ok, detail):
    seen = make({"main.py": SHOP}).observe([], plan(script=script))
    assert seen.proof_ok is ok
    assert detail in seen.proof_detail


def test_a_plans_script_can_ask_the_application_while_it_runs(make):
    script = (
        "import json, os, urllib.request\n"
        "answer = urllib.request.urlopen(os.environ['NAOSU_URL'] + '/').read().decode()\n"
        "print(json.dumps({'ok': True, 'detail': answer}))"
    )
    assert make({"main.py": SHOP}).observe([], plan(script=script)).proof_detail == '{"ok":true}'


def shop_database(source: Path) -> Path:
    with sqlite3.connect(source / "shop.db") as connection:
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO items (name) VALUES ('first')")
    return source / "shop.db"


def test_rows_are_counted_before_the_requests_and_the_real_file_is_left_alone(make, source):
    database = shop_database(source)
    before = database.read_bytes()
    seen = make({"main.py": SHOP}).observe(ask("POST /items"))
    assert seen.exchanges[0].status == 200
    assert seen.row_counts == {"items": 1}
    assert seen.schema == {"items": {"id": "INTEGER", "name": "TEXT"}}
    assert database.read_bytes() == before


def test_statements_run_on_the_copy_of_a_sqlite_file(make, source):
    database = shop_database(source)
    before = database.read_bytes()
    change = SqlChange(database="sqlite:///./shop.db", statements=("ALTER TABLE items ADD COLUMN price REAL",))
    seen = make({"main.py": SHOP}).observe(ask("POST /items"), plan(sql=[change]))
    assert seen.schema["items"]["price"] == "REAL"
    assert seen.exchanges[0].status == 200
    assert database.read_bytes() == before


def test_statements_that_fail_leave_nothing_and_are_told(make, source):
    shop_database(source)
    change = SqlChange(database="sqlite:///shop.db", statements=("CREATE TABLE extra (x)", "ALTER TABLE absent ADD x"))
    seen = make({"main.py": SHOP}).observe([], plan(sql=[change]))
    assert not seen.started
    assert "the plan's SQL was refused" in seen.log
    assert "extra" not in seen.schema


def test_statements_reach_no_file_beside_the_copy(make, source, tmp_path):
    shop_database(source)
    outside = tmp_path / "outside.db"
    sqlite3.connect(outside).close()
    statement = f"ATTACH DATABASE '{outside}' AS o"
    changes = [
        SqlChange(database="sqlite:///shop.db", statements=(statement, "CREATE TABLE o.stolen (x)")),
        SqlChange(database=f"sqlite:///{outside}", statements=("CREATE TABLE stolen (x)",)),
    ]
    for change in changes:
        make({"main.py": SHOP}).observe([], plan(sql=[change]))
    assert outside.read_bytes() == b""


def test_a_database_at_an_absolute_path_is_copied_to_where_the_application_looks(make, tmp_path):
    (tmp_path / "var").mkdir()
    database = shop_database(tmp_path / "var")
    before = database.read_bytes()
    seen = make({"main.py": SHOP.replace('"shop.db"', f'"{database}"')}).observe(ask("POST /items"))
    assert seen.exchanges[0].status == 200
    assert seen.row_counts == {"items": 1}
    assert database.read_bytes() == before


def test_paths_in_the_log_are_those_of_the_source(make, source):
    seen = make({"main.py": SHOP}).observe(ask("GET /crash"))
    assert f'File "{source}/main.py"' in seen.log


def test_crashes_are_read_from_the_log_by_what_was_given_for_it(make):
    crash = Crash(chain=(Raised(type="KeyError", message="", frames=(CodeFrame(path="main.py"),)),))
    laboratory = make({"main.py": SHOP}, read_crashes=lambda log: (crash,) if "KeyError" in log else ())
    assert laboratory.observe(ask("GET /crash")).crashes == (crash,)
    assert laboratory.observe(ask("GET /")).crashes == ()


def test_an_application_that_does_not_start_says_why(make):
    seen = make({"main.py": SHOP + "\nimport absent_module\n"}).observe(ask("GET /"))
    assert not seen.started
    assert "No module named 'absent_module'" in seen.log
    assert seen.exchanges[0].status == 0


def test_an_application_that_hangs_while_it_starts_is_given_up(make):
    laboratory = make({"main.py": SHOP + "\nimport time; time.sleep(60)\n"}, limits=Limits(boot_s=1))
    assert not laboratory.observe([]).started


def test_a_command_that_does_not_exist_is_no_failure_of_ours(make):
    seen = make({"main.py": SHOP}, start="/absent/program {port}").observe(ask("GET /"))
    assert not seen.started
    assert "/absent/program" in seen.log


@pytest.mark.parametrize("command", ["python serve.py", "uvicorn main:app --port 9123", "python serve.py 8765"])
def test_a_command_without_a_place_for_the_port_is_found_where_it_listens(make, command):
    serve = "import sys, uvicorn\nuvicorn.run('main:app', port=int(sys.argv[1]) if sys.argv[1:] else 8000)\n"
    seen = make({"main.py": SHOP, "serve.py": serve}, start=command).observe(ask("GET /"))
    assert seen.exchanges[0].status == 200


def test_two_copies_do_not_see_each_other(make):
    laboratory = make({"main.py": SHOP + "\nimport os; print('seen', os.path.exists('mark')); open('mark', 'w')\n"})
    assert "seen False" in laboratory.observe([]).log
    assert "seen False" in laboratory.observe([]).log


def test_nothing_is_left_when_a_laboratory_is_closed(make):
    laboratory = make({"main.py": SHOP})
    laboratory.observe([])
    folder = laboratory._folder
    laboratory.close()
    assert not folder.exists()


def test_what_a_killed_laboratory_left_is_removed_by_the_next(make, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    left, used = tmp_path / f"naosu-scratch-{ended.pid}-abc", tmp_path / f"naosu-scratch-{os.getpid()}-abc"
    fresh = tmp_path / f"naosu-scratch-{ended.pid}-def"
    for folder in (left, used, fresh):
        folder.mkdir()
    for folder in (left, used):
        os.utime(folder, (0, 0))
    make({"main.py": SHOP})
    assert not left.exists()
    assert used.exists()
    assert fresh.exists()


def test_a_script_finds_its_argument_and_the_application(make):
    script = "import json, sys, main; print(json.dumps({'got': json.loads(sys.argv[1]), 'app': main.app.title}))"
    assert make({"main.py": SHOP}).ask(script, {"a": [1]}) == {"got": {"a": [1]}, "app": "FastAPI"}


def test_a_script_in_a_src_layout_imports_as_the_application_does(make):
    files = {"src/shop/__init__.py": "", "src/shop/main.py": "from shop import names\n" + SHOP, "src/shop/names.py": ""}
    laboratory = make(files)
    assert laboratory.ask("import shop.main, json; print(json.dumps({'ok': True}))") == {"ok": True}
    assert laboratory.observe(ask("GET /")).exchanges[0].status == 200


def test_variables_of_ours_are_not_passed_on(make, monkeypatch):
    monkeypatch.setenv("NAOSU_SECRET_OF_OURS", "x")
    told = make({"main.py": SHOP}, start="MODE=dev python -m uvicorn main:app --port {port}").ask(
        "import json, os; print(json.dumps(dict(os.environ)))"
    )
    assert "NAOSU_SECRET_OF_OURS" not in told
    assert told["MODE"] == "dev"
    assert told["HOME"] != os.environ.get("HOME")


def test_an_application_says_what_it_is(make):
    files = {"main.py": "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///a.db')\n" + SHOP}
    told = make(files).describe()
    assert told.framework == "fastapi"
    assert b"/crash" in told.openapi
    assert told.databases == ("sqlite:///a.db",)
    assert told.error == ""


def test_an_application_that_cannot_be_imported_says_why(make):
    assert "ZeroDivisionError" in make({"main.py": SHOP + "\n1 / 0\n"}).describe().error


TESTS = """
import main
def test_good(): assert main.app
def test_bad(): assert 0
"""


def test_the_projects_own_tests_name_what_passed(make):
    laboratory = make({"main.py": SHOP, "tests/test_shop.py": TESTS}, tests="pytest -q tests")
    assert laboratory.observe([]).tests_passed == ("tests.test_shop::test_good",)
    edit = FileEdit(path="tests/test_shop.py", before=TESTS, after=TESTS.replace("assert 0", "assert 1"))
    passed = laboratory.observe([], plan(edit)).tests_passed
    assert passed == ("tests.test_shop::test_bad", "tests.test_shop::test_good")


def test_a_test_command_sets_its_own_variables(make):
    text = "import os\ndef test_mode(): assert os.environ['MODE'] == 'test'\n"
    laboratory = make({"main.py": SHOP, "test_mode.py": text}, tests="MODE=test pytest")
    assert laboratory.observe([]).tests_passed == ("test_mode::test_mode",)


def test_without_tests_it_is_unknown_what_passed(make):
    assert make({"main.py": SHOP}).observe([]).tests_passed is None


def test_a_project_in_a_folder_is_described_and_tested_from_the_source_tree(make):
    files = {
        "backend/requirements.txt": "",
        "backend/main.py": "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///a.db')\n" + SHOP,
        "backend/test_main.py": "import main\ndef test_main(): assert main.app\n",
    }
    laboratory = make(files, tests="pytest backend")
    assert laboratory.describe().databases == ("sqlite:///backend/a.db",)
    assert laboratory.observe([]).tests_passed == ("backend.test_main::test_main",)
