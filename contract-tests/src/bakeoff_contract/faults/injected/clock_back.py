"""The service's clock is set back by an hour, and put right again.

Its clock is libfaketime's, which every call for the time of day goes through; the clocks by which
timeouts are measured are left alone, as they are when an administrator sets the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.faults.fault import Fault, Target

_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_LIBRARY = "faketime/libfaketimeMT.so.1"
# Seconds that are added to the true time.
_RIGHT, _HOUR_BACK = "+0", "-3600"


def _library() -> Path | None:
    """The library for programs with threads; some distributions have a folder a processor."""
    for folder in map(Path, _FOLDERS):
        for found in (*folder.glob(_LIBRARY), *folder.glob(f"*/{_LIBRARY}")):
            return found
    return None


def _why_not(target: Target) -> str | None:
    return None if _library() else "libfaketime is not installed: install the package faketime"


def _offset(target: Target) -> Path:
    """The file that the clock is read from."""
    return target.service.log.with_suffix(".clock")


@contextmanager
def _with_a_clock_of_its_own(target: Target) -> Iterator[None]:
    _offset(target).parent.mkdir(parents=True, exist_ok=True)
    _offset(target).write_text(_RIGHT, encoding="ascii")
    yield
    _offset(target).unlink()


def _variables(target: Target) -> Mapping[str, str]:
    return {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(_offset(target)),
        # Otherwise it looks into the file every ten seconds.
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@contextmanager
def _set_back(target: Target) -> Iterator[None]:
    _set(target, _HOUR_BACK)
    try:
        yield
    finally:
        _set(target, _RIGHT)


def _set(target: Target, offset: str) -> None:
    # In one step: an empty file is no clock.
    draft = _offset(target).with_suffix(".new")
    draft.write_text(offset, encoding="ascii")
    draft.replace(_offset(target))


CLOCK_BACK = Fault(
    name="clock-back",
    title="the service's clock is set back by an hour",
    why_not=_why_not,
    prepare=_with_a_clock_of_its_own,
    variables=_variables,
    inject=_set_back,
)
