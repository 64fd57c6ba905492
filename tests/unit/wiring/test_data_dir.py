import os
import stat

import pytest

from naosu.wiring.data_dir import (
    DataDirError,
    DataDirLock,
    DataDirTakenError,
    LastRun,
    default_data_dir,
    prepare_data_dir,
    recall_run,
    remember_run,
)


def test_a_new_folder_is_closed_to_other_users(tmp_path):
    prepare_data_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_preparing_twice_leaves_what_is_there(tmp_path):
    (tmp_path / "kept").write_text("x")
    prepare_data_dir(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_in_the_place_of_the_folder_is_refused_with_a_mend(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataDirError, match="cannot be written to") as caught:
        prepare_data_dir(tmp_path / "file")
    assert "--data" in caught.value.mend


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataDirError):
        prepare_data_dir(tmp_path)


def test_a_second_server_is_refused_and_told_which_process_holds_the_folder(tmp_path):
    lock = DataDirLock(tmp_path)
    with pytest.raises(DataDirTakenError, match=f"process {os.getpid()}"):
        DataDirLock(tmp_path)
    lock.release()
    DataDirLock(tmp_path).release()


def test_an_orderly_end_is_told_from_a_crash(tmp_path):
    lock = DataDirLock(tmp_path)
    assert not lock.ended_uncleanly
    os.close(lock._file)  # as when the process is killed
    crashed = DataDirLock(tmp_path)
    assert crashed.ended_uncleanly
    crashed.release()
    after = DataDirLock(tmp_path)
    assert not after.ended_uncleanly
    after.release()


def test_the_default_is_the_same_from_every_working_directory(tmp_path, monkeypatch):
    before = default_data_dir({})
    monkeypatch.chdir(tmp_path)
    assert default_data_dir({}) == before
    assert before.is_absolute()


def test_the_default_follows_xdg(tmp_path):
    assert default_data_dir({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "naosu"


def test_what_a_server_remembers_is_recalled_and_private(tmp_path):
    run = LastRun(base_url="http://h:1", database="postgresql://u:p@h/d")
    remember_run(tmp_path, run)
    assert recall_run(tmp_path) == run
    assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b'{"port": 1}'])
def test_a_damaged_memory_is_no_memory(tmp_path, content):
    (tmp_path / "server.json").write_bytes(content)
    assert recall_run(tmp_path) is None
