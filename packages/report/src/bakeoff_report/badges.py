"""Badges: one for each backend, with what was executed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

from bakeoff_report.model import Backend, Badge, DoesRow

_COLOURS = {"green": "#2c7a3f", "yellow": "#8a6100", "red": "#b3261e", "grey": "#5c5c5c"}
_LETTER = 7
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" \
aria-label="{label}: {text}">
<title>{label}: {text}</title>
<rect width="{width}" height="20" rx="3" fill="#333"/>
<path d="M{split} 0h{right}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right}z" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_x}" y="14">{label}</text>
<text x="{text_x}" y="14">{text}</text>
</g>
</svg>
"""


def badges(backends: Sequence[Backend], rows: Sequence[DoesRow]) -> list[Badge]:
    """A badge for each backend, of its rows on all databases."""
    return [
        _badge(backend, [row for row in rows if row.backend == backend.name])
        for backend in backends
    ]


def _badge(backend: Backend, rows: Sequence[DoesRow]) -> Badge:
    supported = {row.database for row in rows if row.mark != "unsupported" and row.driver is None}
    ran = [row for row in rows if row.mark not in ("not-run", "unsupported")]
    tests = sum(row.cells[0].executed for row in ran)
    on = {row.database for row in ran if row.driver is None}
    text, colour = _verdict(ran, tests=tests, on=len(on), of=len(supported))
    return Badge(
        file=f"badge-{backend.name}.svg", label=f"contract {backend.name}", text=text, colour=colour
    )


def _verdict(
    ran: Sequence[DoesRow], *, tests: int, on: int, of: int
) -> tuple[str, Literal["green", "yellow", "red", "grey"]]:
    if not ran:
        return "not run", "grey"
    if any(row.mark == "failed" for row in ran):
        failed = sum(len(row.cells[0].failures) for row in ran if row.mark == "failed")
        return (f"{failed} failed" if failed else "failed"), "red"
    text = f"{tests} tests on {on} of {of}" if of > 1 else f"{tests} tests"
    partial = on < of or any(row.mark == "gap" for row in ran)
    return text, "yellow" if partial else "green"


def svg(badge: Badge) -> str:
    """The badge as an image."""
    left, right = (10 + _LETTER * len(part) for part in (badge.label, badge.text))
    return _SVG.format(
        width=left + right,
        split=left,
        right=right - 3,
        colour=_COLOURS[badge.colour],
        label=escape(badge.label),
        text=escape(badge.text),
        label_x=left / 2,
        text_x=left + right / 2,
    )
