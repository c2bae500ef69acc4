"""Fuzzes what clients and operators write: `nox -s fuzz`. docs/fuzzing.md is about it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bakeoff_tasks import environments, locks, running
from bakeoff_tasks.matrix import BUILD
from bakeoff_tasks.running import CheckFailed

FUZZERS = locks.SERVICE / "tests/fuzz"
FOUND = BUILD / "fuzz"
# All targets together take less than a minute, one after the other.
SECONDS = 6
# An input that takes longer is a finding, and so is one that needs more memory.
_LONGEST_SECONDS, _MOST_MEGABYTES = 10, 1024
_EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)$", re.MULTILINE)
_COVERED = re.compile(r"\bcov: (\d+)")
_ARTIFACT = re.compile(r"Test unit written to (\S+)")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def fuzz(arguments: Sequence[str]) -> None:
    """Fuzz every target, or those that are named.

    :raises CheckFailed: a property does not hold for an input, which is kept in `build/fuzz/`.
    :raises ValueError: an argument is unknown.
    """
    chosen = options(arguments)
    python = environments.for_fuzzing()
    commands = {
        name: command(python, name, seconds=chosen.seconds) for name in chosen.target or targets()
    }
    failed = []
    for done in running.each(commands):
        verdict, passed = judge(done)
        if not passed:
            failed.append(done.name)
            running.show(done.printed)
        running.show(verdict)
    if failed:
        raise CheckFailed(f"failed: {', '.join(failed)}; docs/fuzzing.md has what to do now")


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments of the session: `seconds` of each target, and `target`, names or None.

    :raises ValueError: one is unknown, or makes no sense.
    """
    parser = _Parser(prog="nox -s fuzz --", add_help=False)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--target", action="append", choices=targets())
    chosen = parser.parse_args(list(arguments))
    if chosen.seconds < 1:
        raise ValueError("--seconds must be a number from 1")
    return chosen


def targets() -> list[str]:
    """The names of all targets: each has a folder of kept inputs."""
    return sorted(path.name for path in (FUZZERS / "corpus").iterdir())


def command(python: Path, name: str, *, seconds: int) -> list[str]:
    """How one target is fuzzed for so many seconds.

    It begins with the kept inputs and those that earlier runs found interesting. New ones go into
    the first folder.
    """
    interesting = FOUND / "interesting" / name
    interesting.mkdir(parents=True, exist_ok=True)
    return [
        *(str(python), str(FUZZERS), name, str(interesting), str(FUZZERS / "corpus" / name)),
        f"-max_total_time={seconds}",
        f"-timeout={_LONGEST_SECONDS}",
        f"-rss_limit_mb={_MOST_MEGABYTES}",
        f"-artifact_prefix={FOUND}/{name}-",
        "-print_final_stats=1",
    ]


def judge(done: running.Done) -> tuple[str, bool]:
    """A line about a run, and whether it passed; one that tried nothing has not."""
    if found := _ARTIFACT.search(done.printed):
        return f"{done.name}: a property does not hold for {found[1]}", False
    executed = _EXECUTED.search(done.printed)
    if done.code or executed is None or not int(executed[1]):
        return f"{done.name}: ended with {done.code}, without a result", False
    covered = _COVERED.findall(done.printed)
    return f"{done.name}: {executed[1]} inputs, {covered[-1] if covered else 0} branches", True
