"""The service's clock is set back by an hour, and put right again.

A small library shifts the time of day of its process (`shifted_clock.c`). The clocks by which
timeouts are measured are left alone, as they are when an administrator sets the clock.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.faults.fault import Fault, Target

_SOURCE = Path(__file__).with_name("shifted_clock.c")
_COMPILER = "cc"
# Seconds that are added to the true time.
_RIGHT, _HOUR_BACK = 0, -3600


def _why_not(target: Target) -> str | None:
    if shutil.which(_COMPILER) is None:
        return f"there is no C compiler ({_COMPILER}) to make the clock with"
    return None


@contextmanager
def _with_a_clock_of_its_own(target: Target) -> Iterator[None]:
    _library(target).parent.mkdir(parents=True, exist_ok=True)
    command = [_COMPILER, "-shared", "-fPIC", "-O2", "-o", str(_library(target)), str(_SOURCE)]
    subprocess.run(command, check=True)
    _shift(target).touch()
    _set(target, _RIGHT)
    try:
        yield
    finally:
        _library(target).unlink()
        _shift(target).unlink()


def _variables(target: Target) -> Mapping[str, str]:
    return {"LD_PRELOAD": str(_library(target)), "SHIFTED_CLOCK": str(_shift(target))}


@contextmanager
def _set_back(target: Target) -> Iterator[None]:
    _set(target, _HOUR_BACK)
    try:
        yield
    finally:
        _set(target, _RIGHT)


def _set(target: Target, seconds: int) -> None:
    # In place: the process has this very file before it.
    with _shift(target).open("r+b", buffering=0) as file:
        file.write(struct.pack("q", seconds))


def _library(target: Target) -> Path:
    return target.service.log.absolute().with_suffix(".so")


def _shift(target: Target) -> Path:
    return target.service.log.absolute().with_suffix(".clock")


CLOCK_BACK = Fault(
    name="clock-back",
    title="the service's clock is set back by an hour",
    why_not=_why_not,
    prepare=_with_a_clock_of_its_own,
    variables=_variables,
    inject=_set_back,
)
