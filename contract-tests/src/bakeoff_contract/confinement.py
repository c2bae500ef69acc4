"""A process that may write to a few folders and start a few programs, as in a hardened container.

Landlock, a part of Linux, does this without the rights of root and for every process that is
started from there (https://docs.kernel.org/userspace-api/landlock.html).
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

# The numbers of the system calls are the same on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_TRUNCATE = 1 << 14
# Removing and making of all kinds of entries (4 to 12), and moving them between folders (13).
_CHANGE_FOLDER = sum(1 << bit for bit in range(4, 14))
_CHANGE = _WRITE_FILE | _TRUNCATE | _CHANGE_FOLDER
# By the version of Landlock, how many of these rights the kernel knows.
_KNOWN = {1: 13, 2: 14}


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def confine(*, writable: Iterable[Path], programs: Iterable[Path]) -> None:
    """Let this process and its children change only what is in `writable`, and run `programs`.

    There is no way back. It reads whatever it could read before.

    :raises OSError: the kernel has no Landlock, or a path is not there.
    """
    version = _call(_CREATE_RULESET, None, 0, _VERSION)
    known = (1 << _KNOWN.get(version, 15)) - 1
    rules = _Ruleset((_EXECUTE | _CHANGE) & known)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    try:
        for path in writable:
            _allow(ruleset, path, _CHANGE & known)
        for path in programs:
            _allow(ruleset, path, _EXECUTE)
        if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def python_programs() -> list[Path]:
    """What is executed to run this Python: the interpreter, and the loader of its libraries."""
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8").split()
    loaders = {word for word in mapped if Path(word).name.startswith(("ld-linux", "ld-musl"))}
    return [Path(sys.executable).resolve(), *map(Path, sorted(loaders))]


def _allow(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= ~_CHANGE_FOLDER
        beneath = _Beneath(rights, place)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(place)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    answer: int = _libc().syscall(number, *arguments)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return answer
