"""Badges: one for each backend, with what was executed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

from bakeoff_report.model import Backend, Badge, CapabilityCell, DoesRow

_COLOURS = {"green": "#2c7a3f", "yellow": "#8a6100", "red": "#b3261e", "grey": "#5c5c5c"}
Colour = Literal["green", "yellow", "red", "grey"]
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
    """It speaks of the contract alone, whose cell is the first."""
    supported = [row for row in rows if row.mark != "unsupported" and row.driver is None]
    ran = [row for row in supported if row.cells[0].executed]
    text, colour = _verdict([row.cells[0] for row in ran])
    on, of = (len({row.database for row in some}) for some in (ran, supported))
    if colour == "green" and on < of:
        colour = "yellow"
    if colour in ("green", "yellow") and of > 1:
        text += f" on {on} of {of}"
    return Badge(
        file=f"badge-{backend.name}.svg", label=f"contract {backend.name}", text=text, colour=colour
    )


def _verdict(cells: Sequence[CapabilityCell]) -> tuple[str, Colour]:
    if not cells:
        return "not run", "grey"
    failed = sum(one.outcome == "failed" for cell in cells for one in cell.failures)
    if failed:
        return f"{failed} failed", "red"
    gaps = any(cell.mark == "gap" for cell in cells)
    tests = sum(cell.executed for cell in cells)
    text = "1 test" if tests == 1 else f"{tests} tests"
    return text, "yellow" if gaps else "green"


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
