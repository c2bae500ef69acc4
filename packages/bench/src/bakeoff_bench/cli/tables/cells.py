"""How figures are written in a table."""

from __future__ import annotations

from bakeoff_bench.results.model import Ratio

NOTHING = "–"


def ratio(of: Ratio) -> str:
    """The value and half its interval; a small one with a digit more.

    Where half the interval is more than the value, nothing is known yet.
    """
    digits = 2 if of.value >= 0.1 else 3
    half = (of.high - of.low) / 2
    known = f"{half:.{digits}f}" if half < of.value else "?"
    return f"{of.value:.{digits}f} ±{known}"


def rate(per_second: float) -> str:
    """Operations a second, to three digits or the whole number."""
    digits = 0 if per_second >= 100 else 1 if per_second >= 10 else 2
    return f"{per_second:,.{digits}f}/s"


def percent(share: float) -> str:
    """A share of one, to a tenth of a percent."""
    return f"{share * 100:.1f} %" if share <= 1 else "over 100 %"


def noise(error: float | None) -> str:
    """A twin's error; None where there was no twin."""
    return NOTHING if error is None else percent(error)


def milliseconds(nanoseconds: int) -> str:
    """Three decimals: a point read takes a tenth of one."""
    return f"{nanoseconds / 1e6:,.3f}"
