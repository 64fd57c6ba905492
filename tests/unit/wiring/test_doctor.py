import os
import time

import pytest

from naosu.wiring.doctor import (
    Health,
    check_clock,
    check_environment,
    check_folder,
    check_packages,
    check_port,
    check_sqlite,
    examine,
)
from naosu.wiring.listener import local_address, open_listener
from naosu.wiring.settings import Settings


def test_a_sound_installation_has_no_trouble(tmp_path):
    findings = examine(Settings(data=str(tmp_path / "data"), port=0), {})
    assert not [finding for finding in findings if finding.health is Health.TROUBLE]


def test_everything_that_is_not_good_says_how_to_mend_it(tmp_path):
    tmp_path.chmod(0o755)
    with open_listener("127.0.0.1", 0, patience_s=0) as taken:
        settings = Settings(data=str(tmp_path), port=local_address(taken)[1])
        findings = examine(settings, {"NAOSU_NONSENSE": "1"})
    wrong = [finding for finding in findings if finding.health is not Health.GOOD]
    assert {"environment", "data folder", "port"} <= {finding.check for finding in wrong}
    assert all(finding.mend for finding in wrong)


def test_the_doctor_leaves_nothing_behind(tmp_path):
    examine(Settings(data=str(tmp_path / "data"), port=0), {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_open_to_others_is_a_warning(tmp_path):
    tmp_path.chmod(0o750)
    assert check_folder(tmp_path).health is Health.WARNING
    tmp_path.chmod(0o700)
    assert check_folder(tmp_path).health is Health.GOOD


def test_a_folder_that_will_be_made_is_good(tmp_path):
    assert check_folder(tmp_path / "a" / "b").health is Health.GOOD


def test_the_write_ahead_log_is_tried_where_the_data_will_be(tmp_path):
    assert "write-ahead log works" in check_sqlite(tmp_path).detail


def test_known_variables_are_not_complained_about():
    assert check_environment({"NAOSU_PORT": "1", "NAOSU_TOKEN": "x", "PATH": "x"}).health is Health.GOOD


def test_all_packages_are_there():
    assert check_packages().health is Health.GOOD


@pytest.mark.parametrize(("ahead_s", "health"), [(0, Health.GOOD), (50, Health.GOOD), (70, Health.TROUBLE)])
def test_a_clock_behind_what_was_written_is_trouble(tmp_path, ahead_s, health):
    now_s = time.time()
    (tmp_path / "naosu.db").write_text("")
    os.utime(tmp_path / "naosu.db", (now_s + ahead_s, now_s + ahead_s))
    assert check_clock(tmp_path, now_s=now_s).health is health


def test_a_clock_before_this_program_is_trouble(tmp_path):
    assert check_clock(tmp_path, now_s=0.0).health is Health.TROUBLE


def test_a_port_taken_by_another_program_is_trouble():
    with open_listener("127.0.0.1", 0, patience_s=0) as taken:
        assert check_port("127.0.0.1", local_address(taken)[1]).health is Health.TROUBLE
