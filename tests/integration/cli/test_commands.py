"""Commands on a data folder without a server: the whole API in this process, on a real store and inbox."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from naosu.api.context import ProcessInfo
from naosu.cli.main import run
from naosu.cli.send_test import envelope
from naosu.domain.report import Report, ReportKind
from naosu.wiring.build import open_digester, open_inbox_writer
from naosu.wiring.child import Orders
from naosu.wiring.local import local_settings

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("NAOSU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NAOSU_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def naosu(capsys):
    def naosu(*arguments: str, exit_code: int = 0) -> str:
        assert run(list(arguments)) == exit_code, capsys.readouterr().err
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return printed.out if exit_code == 0 else printed.out + printed.err

    return naosu


@pytest.fixture
def digest(folder):
    def digest(*bodies: bytes) -> None:
        settings = local_settings(None)
        writer = open_inbox_writer(settings, "test")
        for body in bodies:
            writer.append([Report(project_id=1, key_id=1, kind=ReportKind.ENVELOPE, received_at=NOW, body=body)])
        writer.close()
        with open_digester(Orders(settings=settings, index=0, peer_count=1, base_url="http://x")) as digester:
            while digester.step():
                pass

    return digest


def event(number: int, message: str) -> bytes:
    return envelope(f"{number:032x}", dsn="http://k@h/1", message=message, now=NOW)


@pytest.fixture
def shop(naosu):
    return json.loads(naosu("project", "create", "Shop", "--json"))


def test_a_new_project_prints_id_slug_and_dsn(shop):
    assert set(shop) == {"id", "slug", "dsn"}
    assert shop["slug"] == "shop"
    assert shop["dsn"].startswith("http://")
    assert shop["dsn"].endswith(f"@127.0.0.1:8790/{shop['id']}")


def test_a_project_is_listed(naosu, shop):
    assert shop["dsn"] in naosu("project", "list")
    assert [one["slug"] for one in json.loads(naosu("project", "list", "--json"))] == ["shop"]


def test_a_command_on_a_folder_imports_only_the_part_of_the_api_that_it_asks(shop):
    program = (
        "import sys; from naosu.cli.main import run; assert run(['issues', 'list']) == 0; "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "naosu.api.v1.issues" in loaded
    others = {"naosu.api.v1.projects", "naosu.api.sentry.issues", "naosu.api.openapi", "naosu.queue.inbox"}
    assert not loaded & (others | {"httpx", "structlog", "alembic", "jinja2", "uvicorn"})


def test_a_folder_that_holds_nothing_is_not_taken_for_health(naosu):
    said = naosu("errors", exit_code=3)
    assert "there is nothing of Naosu's in" in said


def test_a_new_token_stands_alone_on_standard_output(capsys, naosu, shop):
    assert run(["token", "create", "deploy", "--role", "operator"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("naosu_")
    assert len(printed.out.split()) == 1
    assert "token deploy, role operator" in printed.err


def test_a_new_project_says_what_to_paste_into_the_application(naosu):
    printed = naosu("project", "create", "Shop")
    dsn = json.loads(naosu("project", "list", "--json"))[0]["dsn"]
    assert f'import sentry_sdk\nsentry_sdk.init(dsn="{dsn}")\n' in printed


def test_a_token_is_shown_once_and_can_be_revoked(naosu, shop):
    made = json.loads(naosu("token", "create", "deploy", "--role", "operator", "--json"))
    assert made["token"].startswith("naosu_")
    assert made["token"] not in naosu("token", "list", "--json")
    assert "revoked deploy" in naosu("token", "revoke", "deploy")
    assert "no token" in naosu("token", "revoke", "deploy", exit_code=1)


def test_an_unknown_role_is_wrong_use(naosu):
    naosu("token", "create", "x", "--role", "emperor", exit_code=2)


def test_errors_are_listed_by_severity_and_category(naosu, shop, digest):
    digest(event(1, "the moon is gone"))
    [error] = json.loads(naosu("errors", "--json"))["errors"]
    assert error["title"].startswith("NaosuTestError")
    assert "SHOP-1" in naosu("errors", "--severity", error["severity"].lower(), "--category", error["category"])
    other = "low" if error["severity"] != "LOW" else "high"
    assert naosu("errors", "--severity", other) == "no errors\n"


def test_a_severity_that_does_not_exist_is_wrong_use(naosu, shop):
    assert "Known are" in naosu("errors", "--severity", "terrible", exit_code=2)


def test_an_issue_goes_through_its_life(naosu, shop, digest):
    digest(event(1, "the moon is gone"))
    assert "SHOP-1" in naosu("issues", "list")
    assert "why" not in naosu("issues", "show", "SHOP-1")
    assert "v1:" in naosu("issues", "explain", "shop-1")
    assert json.loads(naosu("issues", "resolve", "SHOP-1", "--in-next", "--json"))["resolved_in_next"] is True
    assert naosu("issues", "list") == "no issues match is:open\n"
    assert "SHOP-1 muted" in naosu("issues", "mute", "SHOP-1", "--minutes", "5")
    assert "SHOP-1 open" in naosu("issues", "open", "SHOP-1")


def test_issues_are_merged_and_split(naosu, shop, digest):
    digest(event(1, "the moon is gone"), event(2, "cannot open the door"))
    issues = json.loads(naosu("issues", "list", "--json"))["items"]
    assert len(issues) == 2
    naosu("issues", "merge", issues[0]["short_id"], issues[1]["short_id"])
    why = json.loads(naosu("issues", "explain", issues[0]["short_id"], "--json"))
    assert len(why["fingerprints"]) == 2
    new = json.loads(naosu("issues", "split", issues[0]["short_id"], why["fingerprints"][1]["fingerprint"], "--json"))
    assert new["event_count"] == 1


def test_an_issue_that_does_not_exist_exits_with_1(naosu, shop):
    naosu("issues", "show", "SHOP-99", exit_code=1)


def test_an_event_is_shown_as_markdown_and_as_json(naosu, shop, digest):
    digest(event(1, "the moon is gone\x1b[31m"))
    assert f"{1:032x}" in naosu("events", "list")
    shown = naosu("events", "show", f"{1:032x}")
    assert "NaosuTestError" in shown
    assert "\x1b" not in shown
    assert json.loads(naosu("events", "show", f"{1:032x}", "--json"))["event_id"] == f"{1:032x}"
    naosu("events", "show", f"{1:032x}", "--json", "--markdown", exit_code=2)


def test_a_report_that_cannot_be_digested_can_be_redriven_and_removed(naosu, shop, digest):
    digest(b"\x00 this is no envelope")
    [letter] = json.loads(naosu("dead", "list", "--json"))
    assert json.loads(naosu("stats", "--json"))["dead"] == 1
    assert "redriven: 1" in naosu("dead", "redrive", str(letter["id"]))
    assert json.loads(naosu("stats", "--json"))["pending"] == 1
    digest()
    assert "removed: 1" in naosu("dead", "remove", "--all")
    assert naosu("dead", "list") == "no dead letters\n"
    naosu("dead", "redrive", exit_code=2)


def test_the_two_report_files_are_written(naosu, shop, digest, tmp_path):
    digest(event(1, "the moon is gone"))
    naosu("report", "--out", str(tmp_path / "out"))
    metrics = json.loads((tmp_path / "out" / "api_error_metrics.json").read_text())
    assert metrics["total_errors"] == 1
    assert (tmp_path / "out" / "api_error_report.json").exists()
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_one_line(naosu, shop, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in naosu("report", "--out", str(tmp_path / "file" / "x"), exit_code=3)


def test_reset_asks_first(naosu, shop, digest):
    digest(event(1, "the moon is gone"))
    naosu("reset", exit_code=3)
    assert "SHOP-1" in naosu("errors")
    naosu("reset", "--yes")
    assert naosu("errors") == "no errors\n"
    assert "shop" in naosu("project", "list")


def test_without_a_server_status_says_so_and_never_looks_healthy(naosu, shop):
    printed = naosu("status", exit_code=1)
    assert "healthy  NO" in printed
    assert "NO server on this folder" in printed
    assert "problem: No server runs on this data folder" in printed
    status = json.loads(naosu("status", "--json", exit_code=1))
    assert (status["is_healthy"], status["is_running"]) == (False, False)


@pytest.mark.parametrize(("name", "exit_code"), [("web", 0), ("supervisor", 1)])
def test_status_is_healthy_only_where_a_web_process_runs(naosu, shop, monkeypatch, name, exit_code):
    here = ProcessInfo(name=name, pid=os.getpid(), rss_bytes=1_000_000)
    monkeypatch.setattr("naosu.wiring.process_list.ProcessList.look", lambda _: [here])
    assert f"healthy  {'NO' if exit_code else 'yes'}" in naosu("status", exit_code=exit_code)


def test_an_account_is_made_with_a_password_from_standard_input(naosu, shop, monkeypatch):
    monkeypatch.setattr("naosu.cli.account.read_password", lambda **_: "a long enough password")
    assert "ada@example.org (admin)" in naosu("account", "create", "ada@example.org", "--role", "admin")
    assert "ada@example.org" in naosu("account", "list")
    assert "set the password" in naosu("account", "passwd", "ADA@example.org")
    naosu("account", "passwd", "eve@example.org", exit_code=1)


def test_two_places_are_wrong_use(naosu):
    naosu("errors", "--data", "x", "--url", "http://y", exit_code=2)


def test_a_server_that_does_not_answer_is_one_line(naosu):
    assert "no answer from http://127.0.0.1:9" in naosu("errors", "--url", "http://127.0.0.1:9", exit_code=3)


def test_the_openapi_document_is_printed(naosu):
    assert json.loads(naosu("openapi"))["openapi"].startswith("3.1")


def test_a_file_of_events_is_grouped_with_reasons(naosu, tmp_path):
    same = {"exception": {"values": [{"type": "KeyError", "value": "'a'"}]}}
    other = {"exception": {"values": [{"type": "OSError", "value": "disk"}]}}
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"event": same}, same, other])) + "\n")
    answers = [json.loads(line) for line in naosu("group", str(file), "--json").splitlines()]
    assert len({answer["fingerprint"] for answer in answers}) == 2
    assert answers[0]["fingerprint"] == answers[1]["fingerprint"]
    assert all(answer["explanation"] for answer in answers)
    assert "3 events in 2 issues" in naosu("group", str(file))


def test_a_line_that_is_no_json_is_named(naosu, tmp_path):
    good = json.dumps({"exception": {"values": [{"type": "KeyError"}]}})
    (tmp_path / "x.jsonl").write_text(f"{good}\n{{\n{good}\n")
    printed = naosu("group", str(tmp_path / "x.jsonl"), exit_code=1)
    assert "x.jsonl:2: not JSON" in printed
    assert "2 events in 1 issues" in printed


def test_the_doctor_finds_a_sound_folder_sound(naosu, shop):
    findings = json.loads(naosu("doctor", "--port", "0", "--json"))
    assert {"database", "inbox", "disk", "clock", "port"} <= {finding["check"] for finding in findings}


def test_the_configuration_is_shown_without_passwords(naosu, monkeypatch):
    monkeypatch.setenv("NAOSU_DATABASE", "postgresql://u:secret@h/d")
    assert "secret" not in naosu("config", "show")


def test_a_bad_configuration_is_found_by_the_check(naosu, tmp_path):
    (tmp_path / "naosu.yaml").write_text("port: no\n")
    assert "naosu.yaml:1:7" in naosu("config", "check", str(tmp_path / "naosu.yaml"), exit_code=3)
    (tmp_path / "naosu.yaml").write_text("port: 1\n")
    assert naosu("config", "check", str(tmp_path / "naosu.yaml")) == "the configuration is good\n"
