"""A file system with little space, which can be filled to the last byte."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

# What a database may grow by until it is filled: the load before the fault must find room.
_SPARE_KIB = 32 * 1024
_BALLAST = "ballast"


class SmallDisk:
    """A tmpfs that is mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where it is mounted."""
        self._ballast = folder / _BALLAST

    def fill(self) -> None:
        """Take all space that is left, that which was given back since the last time included."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (2**20, 4096):
                _write_until_full(ballast, size)

    def free(self) -> None:
        """Give the space back."""
        self._ballast.unlink(missing_ok=True)


def why_not() -> str | None:
    """Why no file system can be mounted here, in a sentence; None if one can."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        return "only root may mount a small file system, which is what becomes full"
    with tempfile.TemporaryDirectory() as folder:
        failed = _mount(Path(folder), size_kib=64)
        if failed is None:
            _unmount(Path(folder))
        return failed


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Move what is in the folder to a small file system, and back at the end.

    Nobody has a file of it open when it begins, and when it ends.

    :raises OSError: none can be mounted.
    """
    beside = folder.with_name(f"{folder.name}-outside")
    folder.rename(beside)
    folder.mkdir()
    try:
        failed = _mount(folder, size_kib=_used_kib(beside) + _SPARE_KIB)
        if failed is not None:
            raise OSError(failed)
        try:
            _copy(beside, folder)
            disk = SmallDisk(folder)
            yield disk
            disk.free()
            shutil.rmtree(beside)
            _copy(folder, beside)
        finally:
            _unmount(folder)
    finally:
        folder.rmdir()
        beside.rename(folder)


def _write_until_full(file: FileIO, size: int) -> None:
    """Write pieces of this size, until not even a part of one fits."""
    try:
        while file.write(bytes(size)):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _copy(source: Path, target: Path) -> None:
    """Copy what is in a folder with owners, rights, links and times, and those of the folder."""
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


def _used_kib(folder: Path) -> int:
    inside = folder.rglob("*")
    return sum(path.lstat().st_blocks for path in inside if path.is_file()) // 2


def _mount(folder: Path, *, size_kib: int) -> str | None:
    """Mount a tmpfs there; the reason, if that does not work."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k,mode=0700", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    return f"no small file system can be mounted: {done.stderr.strip()}"


def _unmount(folder: Path) -> None:
    # At once for new users; those that still have a file open keep it until they close it.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
