"""A disk that is really full, and what a database does on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_notes import Notes

from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.servers import PrivateServer
from bakeoff_contract.faults.small_disk import small_disk

FAULT = EVERY["disk-full"]
LARGE = "x" * 50_000


def cannot_mount(target: Target) -> bool:
    """Whether the fault says that only root can do this, which is all that is left to test."""
    why = FAULT.why_not(target)
    assert why is None or "mount" in why
    return why is not None


def fill_up(notes: Notes) -> str | None:
    """Write until it is refused, and answer with what code."""
    for _ in range(200):
        if (code := notes.refusal(LARGE)) is not None:
            return code
    return None


def test_a_full_disk_of_a_server_refuses_what_needs_space_and_the_server_lives(
    target: Target, server: PrivateServer
) -> None:
    if cannot_mount(target):
        return
    expected = {"postgresql": "53100", "mysql": "1114", "mariadb": "1114"}
    with FAULT.prepare(target):
        pid = server.pids[0]
        with Notes(target.database.url) as notes:
            notes.add(LARGE)
            with FAULT.inject(target):
                assert fill_up(notes) == expected[target.product]
                written = notes.count()
            notes.add(LARGE)
            assert notes.count() == written + 1
        assert server.pids[0] == pid
    with Notes(target.database.url) as notes:
        assert notes.count() == written + 1


def test_a_full_disk_of_a_file_refuses_what_needs_space(file_target: Target) -> None:
    if cannot_mount(file_target):
        return
    url = file_target.database.url
    with FAULT.prepare(file_target):
        with Notes(url) as notes:
            notes.add(LARGE)
            with FAULT.inject(file_target):
                assert fill_up(notes) == "database or disk is full"
                written = notes.count()
            notes.add(LARGE)
    with Notes(url) as notes:
        assert notes.count() == written + 1


def test_what_is_moved_to_a_small_disk_and_back_keeps_its_content_and_rights(
    file_target: Target, tmp_path: Path
) -> None:
    if cannot_mount(file_target):
        return
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").write_text("content", encoding="utf-8")
    (folder / "inner" / "file").chmod(0o640)
    (folder / "link").symlink_to("inner/file")
    folder.chmod(0o710)
    with small_disk(folder) as disk:
        assert folder.stat().st_mode & 0o777 == 0o710
        assert (folder / "link").readlink() == Path("inner/file")
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(bytes(8192))
        disk.free()
        (folder / "link").write_text("changed", encoding="utf-8")
    assert (folder / "inner" / "file").read_text(encoding="utf-8") == "changed"
    assert (folder / "inner" / "file").stat().st_mode & 0o777 == 0o640
    assert folder.stat().st_mode & 0o777 == 0o710
    assert [*tmp_path.iterdir()] == [folder]
