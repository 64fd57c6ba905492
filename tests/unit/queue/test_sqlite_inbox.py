"""What the SQLite inbox promises beyond the port: files, crashes, damage, a full disk, several readers."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from naosu.domain.report import Delivery, Report, ReportKind
from naosu.ports.inbox import InboxFullError
from naosu.queue.inbox import InboxSettings, SqliteInboxReader, SqliteInboxWriter, check_room, measure_depth
from naosu.queue.inbox.cursor import Cursor, CursorFile, read_cursor

AT_ONCE = InboxSettings(segment_age_max_s=0.0, lease_interval_s=0.0)


def a_report(number: int, body_bytes: int = 100) -> Report:
    return Report(
        project_id=number,
        key_id=1,
        kind=ReportKind.ENVELOPE,
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        body=os.urandom(body_bytes),
    )


def numbers(deliveries: list[Delivery]) -> list[int]:
    return [delivery.content.project_id for delivery in deliveries if isinstance(delivery.content, Report)]


def take(reader: SqliteInboxReader) -> list[Delivery]:
    return reader.take(count_max=10_000, body_bytes_max=10**9)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def writer(root: Path) -> Iterator[SqliteInboxWriter]:
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
    yield writer
    writer.close()


@pytest.fixture
def reader(root: Path) -> Iterator[SqliteInboxReader]:
    reader = SqliteInboxReader(root, AT_ONCE)
    yield reader
    reader.close()


def segment_files(writer: SqliteInboxWriter) -> list[str]:
    return sorted(path.name for path in writer.stream.iterdir() if path.name[0].isdigit())


def test_files_are_for_the_servers_user_only(writer: SqliteInboxWriter, reader: SqliteInboxReader, root: Path) -> None:
    writer.append([a_report(1)])
    reader.acknowledge(take(reader))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in writer.stream.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(writer.stream.stat().st_mode) == stat.S_IMODE(root.stat().st_mode) == 0o700


def test_what_is_digested_is_gone_from_the_disk(writer: SqliteInboxWriter, reader: SqliteInboxReader) -> None:
    writer.append([a_report(1)])
    reader.acknowledge(take(reader))
    writer.tick()
    assert take(reader) == []
    assert segment_files(writer) == []


def test_rows_are_written_once_and_never_copied_back(writer: SqliteInboxWriter) -> None:
    writer.append([a_report(1, 500_000)])
    writer.tick()
    sizes = {path.suffix: path.stat().st_size for path in writer.stream.glob("00000001*")}
    assert sizes[".db"] < 100_000
    assert sizes[".db-wal"] > 500_000


def test_a_segment_is_not_sealed_before_its_time(root: Path) -> None:
    writer = SqliteInboxWriter(root, "web-0", InboxSettings(segment_age_max_s=3600))
    writer.append([a_report(1)])
    writer.tick()
    assert "00000001.done" not in segment_files(writer)
    writer.close()
    assert "00000001.done" in segment_files(writer)


def test_a_large_segment_is_sealed_at_once(root: Path, reader: SqliteInboxReader) -> None:
    writer = SqliteInboxWriter(root, "web-0", InboxSettings(segment_bytes_max=100_000))
    for number in range(4):
        writer.append([a_report(number, 60_000)])
    assert [name for name in segment_files(writer) if name.endswith(".done")] == ["00000001.done", "00000002.done"]
    assert numbers(take(reader)) == [0, 1, 2, 3]
    writer.close()


def test_while_the_reader_is_behind_age_seals_no_more_segments(root: Path) -> None:
    settings = InboxSettings(segment_age_max_s=0.0, segments_by_age_max=3)
    writer = SqliteInboxWriter(root, "web-0", settings)
    for number in range(10):
        writer.append([a_report(number)])
        writer.tick()
    assert len([name for name in segment_files(writer) if name.endswith(".db")]) == 4
    writer.close()


def test_what_is_digested_is_no_backlog_even_while_its_file_is_there(root: Path, reader: SqliteInboxReader) -> None:
    writer = SqliteInboxWriter(root, "web-0", InboxSettings(segment_age_max_s=3600))
    writer.append([a_report(number, 10_000) for number in range(10)])
    whole_bytes = writer.backlog_bytes
    assert whole_bytes >= 100_000
    taken = take(reader)
    reader.acknowledge(taken[:5])
    writer.tick()
    assert writer.backlog_bytes == whole_bytes // 2
    reader.acknowledge(taken[5:])
    writer.tick()
    assert writer.backlog_bytes == 0
    assert reader.depth().stored_bytes > 100_000
    writer.close()


def test_a_new_writer_knows_the_backlog_of_the_one_before(root: Path) -> None:
    first = SqliteInboxWriter(root, "web-0", AT_ONCE)
    first.append([a_report(1, 50_000)])
    first.close()
    second = SqliteInboxWriter(root, "web-0", AT_ONCE)
    assert second.backlog_bytes >= 50_000
    second.close()


def test_segment_numbers_go_on_after_everything_was_digested(root: Path, reader: SqliteInboxReader) -> None:
    for number in (1, 2):
        writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
        writer.append([a_report(number)])
        deliveries = take(reader)
        assert deliveries[0].delivery_id.startswith(f"web-0/{number:08d}-")
        reader.acknowledge(deliveries)
        writer.close()
        assert take(reader) == []


def test_ids_differ_after_the_whole_inbox_was_deleted_and_made_anew(tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two"):
        writer = SqliteInboxWriter(tmp_path / name, "web-0", AT_ONCE)
        reader = SqliteInboxReader(tmp_path / name, AT_ONCE)
        writer.append([a_report(1)])
        ids += [delivery.delivery_id for delivery in take(reader)]
        writer.close()
        reader.close()
    assert len(set(ids)) == 2


def test_a_second_writer_of_the_same_name_gets_its_own_stream(writer: SqliteInboxWriter, root: Path) -> None:
    second = SqliteInboxWriter(root, "web-0", AT_ONCE)
    assert (writer.stream.name, second.stream.name) == ("web-0", "web-0.1")
    second.close()


def test_streams_of_writers_that_are_gone_are_read_too(root: Path, reader: SqliteInboxReader) -> None:
    for name in ("web-0", "web-1", "web-2"):
        writer = SqliteInboxWriter(root, name, AT_ONCE)
        writer.append([a_report(int(name[-1]))])
        writer.close()
    taken = [delivery for _ in range(3) for delivery in take(reader)]
    assert sorted(numbers(taken)) == [0, 1, 2]
    reader.acknowledge(taken)
    assert take(reader) == []
    assert measure_depth(root).report_count == 0
    assert not list(root.glob("*/*.db*"))


def test_two_readers_share_the_streams_and_never_the_reports(root: Path) -> None:
    writers = [SqliteInboxWriter(root, f"web-{number}", AT_ONCE) for number in range(4)]
    for number, writer in enumerate(writers):
        writer.append([a_report(number)])
    readers = [SqliteInboxReader(root, AT_ONCE) for _ in range(2)]
    taken: list[list[int]] = [[], []]
    for _ in range(4):
        for index, reader in enumerate(readers):
            taken[index] += numbers(take(reader))
    assert [len(found) for found in taken] == [2, 2]
    assert sorted(taken[0] + taken[1]) == [0, 1, 2, 3]
    readers[0].close()
    rest = [number for _ in range(4) for number in numbers(take(readers[1]))]
    assert sorted(rest) == sorted(taken[0])
    readers[1].close()
    for writer in writers:
        writer.close()


def test_an_acknowledgement_survives_the_readers_death(writer: SqliteInboxWriter, root: Path) -> None:
    writer.append([a_report(number) for number in range(4)])
    first = SqliteInboxReader(root, AT_ONCE)
    taken = take(first)
    first.acknowledge(taken[:2])
    first.close()
    second = SqliteInboxReader(root, AT_ONCE)
    assert numbers(take(second)) == [2, 3]
    second.close()


def test_acknowledging_out_of_order_redelivers_what_lies_above_the_gap(writer: SqliteInboxWriter, root: Path) -> None:
    writer.append([a_report(number) for number in range(4)])
    first = SqliteInboxReader(root, AT_ONCE)
    taken = take(first)
    first.acknowledge([taken[0], taken[3]])
    first.close()
    second = SqliteInboxReader(root, AT_ONCE)
    again = take(second)
    assert numbers(again) == [1, 2, 3]
    assert all(delivery.redelivered for delivery in again)
    second.close()


@pytest.mark.parametrize("damage", [b"", b"1 2 3 4", b"\xff" * 64])
def test_a_damaged_cursor_means_redelivery_and_not_loss(writer: SqliteInboxWriter, root: Path, damage: bytes) -> None:
    writer.append([a_report(1), a_report(2)])
    first = SqliteInboxReader(root, AT_ONCE)
    first.acknowledge(take(first)[:1])
    first.close()
    (writer.stream / "cursor").write_bytes(damage)
    assert read_cursor(writer.stream) is None
    second = SqliteInboxReader(root, AT_ONCE)
    assert numbers(take(second)) == [1, 2]
    second.close()


def test_a_cursor_of_another_segment_with_the_same_number_is_not_applied(writer: SqliteInboxWriter, root: Path) -> None:
    cursor = CursorFile(writer.stream)
    cursor.write(Cursor(segment=1, token=12345, seq=2))
    cursor.close()
    writer.append([a_report(1), a_report(2)])
    reader = SqliteInboxReader(root, AT_ONCE)
    assert numbers(take(reader)) == [1, 2]
    reader.close()


def corrupt_middle(path: Path) -> None:
    image = bytearray(path.read_bytes())
    middle = len(image) // 2
    image[middle : middle + 5000] = b"\xaa" * 5000
    path.write_bytes(image)


def three_segments(root: Path) -> Path:
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
    for number in range(3):
        writer.append([a_report(10 * number + row, 20_000) for row in range(5)])
        writer.tick()
    writer.close()
    return writer.stream


@pytest.mark.parametrize(
    "damage",
    [
        lambda stream: (stream / "00000002.db").write_bytes(b""),
        lambda stream: os.truncate(stream / "00000002.db-wal", 60_000),
        lambda stream: (stream / "00000002.db-wal").unlink(),
        lambda stream: corrupt_middle(stream / "00000002.db-wal"),
    ],
    ids=["empty", "log truncated", "log missing", "log overwritten"],
)
def test_a_damaged_segment_is_set_aside_and_counted_and_the_rest_goes_on(root: Path, damage: object) -> None:
    stream = three_segments(root)
    assert callable(damage)
    damage(stream)
    reader = SqliteInboxReader(root, AT_ONCE)
    taken = [delivery for _ in range(3) for delivery in take(reader)]
    assert {0, 1, 2, 3, 4, 20, 21, 22, 23, 24} <= set(numbers(taken))
    reader.acknowledge(taken)
    assert take(reader) == []
    assert reader.corrupt_count == 1
    assert (stream / "00000002.corrupt").exists()
    assert not list(stream.glob("*.db"))
    reader.close()
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
    writer.append([a_report(30)])
    assert (stream / "00000004.db").exists()
    writer.close()


def test_a_damaged_first_page_is_healed_by_the_log(root: Path) -> None:
    stream = three_segments(root)
    (stream / "00000002.db").write_bytes(b"not a database" * 3000)
    reader = SqliteInboxReader(root, AT_ONCE)
    assert len(take(reader)) == 15
    reader.close()


def test_a_row_that_cannot_be_decoded_is_skipped_and_counted(root: Path) -> None:
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
    writer.append([a_report(1)])
    connection = sqlite3.connect(writer.stream / "00000001.db")
    connection.execute("INSERT INTO report (kind, content) VALUES (0, x'c1')")
    connection.commit()
    writer.append([a_report(3)])
    reader = SqliteInboxReader(root, AT_ONCE)
    taken = take(reader)
    assert numbers(taken) == [1, 3]
    assert reader.corrupt_count == 1
    reader.acknowledge(taken)
    assert reader.depth().report_count == 0
    connection.close()
    reader.close()
    writer.close()


def test_a_reader_that_died_while_it_removed_a_segment_leaves_nothing(root: Path) -> None:
    stream = three_segments(root)
    os.rename(stream / "00000001.db", stream / "00000001.gone")
    reader = SqliteInboxReader(root, AT_ONCE)
    assert 0 not in numbers(take(reader))
    assert not [path for path in stream.iterdir() if path.name.startswith("00000001")]
    reader.close()


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_a_writer_that_died_while_it_sealed_a_segment_loses_nothing(root: Path, who: str) -> None:
    stream = three_segments(root)
    os.rename(stream / "00000003.db", stream / "00000003.sealing")
    (stream / "00000003.done").unlink()
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE) if who == "writer" else None
    reader = SqliteInboxReader(root, AT_ONCE)
    assert len(take(reader)) == 15
    reader.close()
    if writer:
        writer.close()


def test_a_failed_append_keeps_nothing_and_the_next_one_works(
    writer: SqliteInboxWriter, reader: SqliteInboxReader
) -> None:
    writer.append([a_report(1)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # what a full disk looks like to one process
    try:
        with pytest.raises(InboxFullError):
            writer.append([a_report(2), a_report(3, 400_000)])
        with pytest.raises(InboxFullError):
            writer.append([a_report(4, 400_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.append([a_report(5)])
    taken = take(reader)
    assert numbers(taken) == [1, 5]
    reader.acknowledge(taken)
    writer.tick()
    take(reader)
    assert segment_files(writer) == []


def test_a_segment_that_cannot_even_be_made_refuses_and_leaves_no_file(writer: SqliteInboxWriter) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(InboxFullError):
            writer.append([a_report(1)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert segment_files(writer) == []


def test_below_the_floor_of_free_disk_reports_are_refused_before_anything_is_written(root: Path) -> None:
    disk = os.statvfs(root.parent)
    total_bytes = disk.f_blocks * disk.f_frsize
    if disk.f_bavail * disk.f_frsize > total_bytes // 8:
        writer = SqliteInboxWriter(root, "web-0", InboxSettings(free_bytes_min=2**62))
        writer.append([a_report(1)])  # an eighth of the disk is enough, however high the floor
        writer.close()
    else:
        writer = SqliteInboxWriter(root, "web-0", InboxSettings(free_bytes_min=2**62))
        with pytest.raises(InboxFullError):
            writer.append([a_report(1)])
        writer.close()


_APPEND_FOR_EVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from naosu.domain.report import Report, ReportKind
from naosu.queue.inbox import InboxSettings, SqliteInboxWriter
writer = SqliteInboxWriter(Path(sys.argv[1]), "web-0", InboxSettings(segment_bytes_max=300_000))
number = int(sys.argv[2])
while True:
    batch = range(number, number + 1 + number % 7)
    writer.append([
        Report(project_id=one, key_id=1, kind=ReportKind.ENVELOPE, received_at=datetime.now(UTC), body=b"x" * 3000)
        for one in batch
    ])
    number = batch.stop
    print(number, flush=True)
"""


def append_until_killed(root: Path, first: int, lines: int) -> int:
    """Run a writer, kill it after so many acknowledgements, and return the number after the last acknowledged one."""
    command = [sys.executable, "-c", _APPEND_FOR_EVER, str(root), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            acknowledged = int(process.stdout.readline())
        process.kill()
        for line in process.stdout:
            acknowledged = int(line) if line.endswith("\n") else acknowledged
    return acknowledged


def survive_kills(root: Path, rounds: int) -> None:
    expected = 0
    reader = SqliteInboxReader(root, AT_ONCE)
    for number in range(rounds):
        acknowledged = append_until_killed(root, expected, lines=1 + number * 7 % 40)
        if number % 3 == 2:  # the reader dies as well, having digested a few
            few = reader.take(count_max=5, body_bytes_max=10**9)
            assert numbers(few) == list(range(expected, expected + len(few)))
            reader.acknowledge(few)
            expected += len(few)
            reader.close()
            reader = SqliteInboxReader(root, AT_ONCE)
        taken = take(reader)
        assert numbers(taken) == list(range(expected, expected + len(taken)))
        expected += len(taken)
        assert expected >= acknowledged
        reader.acknowledge(taken)
    assert take(reader) == []
    assert not list(root.glob("*/*.db*"))
    reader.close()


def test_killed_writers_lose_nothing_acknowledged_and_repeat_nothing(root: Path) -> None:
    survive_kills(root, 4)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_hundred_killed_writers_lose_nothing_acknowledged_and_repeat_nothing(root: Path) -> None:
    survive_kills(root, 100)


def test_room_is_judged_as_the_writer_does_without_waiting_for_a_report(root: Path) -> None:
    check_room(root, InboxSettings(backlog_bytes_max=0))  # nothing was ever written: there is nothing to judge
    with_room = InboxSettings()
    writer = SqliteInboxWriter(root, "web-0", with_room)
    writer.append([a_report(1)])
    stored_bytes = measure_depth(root).stored_bytes
    check_room(root, with_room)
    check_room(root, InboxSettings(backlog_bytes_max=stored_bytes))
    with pytest.raises(InboxFullError, match="of at most"):
        check_room(root, InboxSettings(backlog_bytes_max=stored_bytes - 1))
    writer.close()


def test_a_full_disk_has_no_room(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SqliteInboxWriter(root, "web-0", AT_ONCE)
    full = list(os.statvfs(root))
    full[3] = full[4] = 0  # free blocks
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(full))
    with pytest.raises(InboxFullError, match="disk"):
        check_room(root, AT_ONCE)
    monkeypatch.undo()
    writer.close()
