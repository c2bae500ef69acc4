"""Charts as SVG, drawn by Vega-Lite while the page is made.

The page then needs no library and no script for them, and its policy can forbid both `eval` and
foreign styles. Charts are narrow, so that the same drawing serves a telephone and a wide screen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import altair as alt
import vl_convert
from markupsafe import Markup

from bakeoff_report.model import CostCell, GrowthCell, Interval
from bakeoff_report.page import wording
from bakeoff_report.page.svg import as_part_of_a_page

_WIDTH: Final = 206
_LONGEST_NAME: Final = 126
# Custom properties of page.css, so that a chart follows the theme.
_COLOURS: Final = ["var(--chart-1)", "var(--chart-2)", "var(--chart-3)"]
_QUANTILES: Final = ["p50", "p95", "p99"]
_DRAWN_MEASURES: Final = {"cpu-process": "CPU time of the process", "time": "time"}
_TICKS: Final = {
    1.9: (0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.5, 1.7),
    9.0: (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 8),
    1e9: (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000),
}
"""Where the axis of a ratio is labelled, by how many times its end is its beginning."""
_MILLISECONDS: Final = [digit * 10.0**power for power in range(-4, 6) for digit in (1, 2, 5)]
_NOT_DRAWABLE: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd]")
Rows = list[dict[str, Any]]
Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, and how many rows of data it was made from; each has one symbol."""

    svg: Markup
    marks: int


def arm(cell: CostCell) -> str:
    """The name of what was measured, as charts and tables have it."""
    if cell.style == "driver":
        return "driver alone"
    if cell.style == "control":
        return f"{cell.arm} (control)"
    return f"{cell.backend}, as taught" if cell.style == "taught" else cell.backend


def costs(cells: Sequence[CostCell], *, title: str) -> Drawing | None:
    """Costs relative to `raw`, with their intervals; null if there is nothing to draw."""
    rows = [
        {
            "arm": arm(cell),
            "measure": _DRAWN_MEASURES[measure.measure],
            **_interval(measure.interval),
        }
        for cell in _by_name(cells)
        for measure in cell.measures
        if measure.measure in _DRAWN_MEASURES and measure.interval
    ]
    for row in rows:
        row["said"] = f"{row['arm']}, {row['measure']}: {row['said']}"
    return _draw(_costs_spec(), rows, title=title, **_ends(rows))


def latencies(cells: Sequence[CostCell], *, title: str) -> Drawing | None:
    """The median and the tail of single operations; null if there is nothing to draw."""
    rows = [
        {
            "arm": arm(cell),
            "quantile": name,
            "value": cell.latency[name].value,
            "said": f"{arm(cell)}, {name}: {wording.figure(cell.latency[name])}",
        }
        for cell in _by_name(cells)
        for name in _QUANTILES
        if name in cell.latency and cell.latency[name].value > 0
    ]
    return _draw(_latencies_spec(), rows, title=title)


def growth(cells: Sequence[GrowthCell], *, title: str) -> Drawing | None:
    """How much longer an operation takes on a larger data set; null if there is nothing to draw."""
    rows = [{"arm": cell.arm, **_interval(cell.slowdown)} for cell in cells]
    rows.sort(key=lambda row: (row["arm"] != "raw", row["arm"]))
    for row in rows:
        row["said"] = f"{row['arm']}: {row['said']}"
    return _draw(_growth_spec(), rows, title=title, **_ends(rows))


def _by_name(cells: Sequence[CostCell]) -> list[CostCell]:
    """By name, with `raw` first: the order says nothing about cost."""
    return sorted(cells, key=lambda cell: (arm(cell) != "raw", arm(cell)))


def _interval(found: Interval) -> dict[str, Any]:
    said = f"{wording.ratio(found.value)}, between {wording.interval(found)}"
    return {"value": found.value, "low": found.low, "high": found.high, "said": said}


def _ends(rows: Rows) -> dict[str, Any]:
    """The axis that shows all intervals and the line at 1."""
    least = min([1.0, *(row["low"] for row in rows)]) * 0.94
    most = max([1.3, *(row["high"] for row in rows)]) * 1.06
    ticks = next((found for span, found in _TICKS.items() if most / least < span), (1,))
    return {"least": least, "most": most, "ticks": list(ticks)}


# A specification takes Altair longer to check than Vega to draw. It is made once for each kind of
# chart, and rows and ends are put into it.
_DATA: Final = alt.NamedData("rows")


@cache
def _costs_spec() -> Spec:
    names = list(_DRAWN_MEASURES.values())
    base = alt.Chart(_DATA).encode(
        y=_arms(),
        yOffset=alt.YOffset("measure:N", sort=names),
        color=alt.Color("measure:N", scale=alt.Scale(domain=names, range=_COLOURS[:2])),
    )
    intervals = base.mark_rule(strokeWidth=1.5).encode(
        x=_ratios("low", "cost next to raw · less is better"), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=42, opacity=1).encode(
        x="value:Q",
        shape=alt.Shape("measure:N", scale=alt.Scale(domain=names, range=["circle", "diamond"])),
        description="said:N",
    )
    chart: Spec = alt.layer(_line_at_one(), intervals, points, height=alt.Step(11)).to_dict()
    return chart


@cache
def _latencies_spec() -> Spec:
    base = alt.Chart(_DATA).encode(
        y=_arms(),
        x=alt.X(
            "value:Q",
            title="ms for one operation · less is better",
            scale=alt.Scale(type="log", nice=False, padding=8),
            axis=alt.Axis(
                values=_MILLISECONDS, labelExpr="format(datum.value, '~g')", labelOverlap="greedy"
            ),
        ),
    )
    spans = base.mark_line(strokeWidth=1.5, color="var(--line-strong)").encode(detail="arm:N")
    shapes = alt.Scale(domain=_QUANTILES, range=["circle", "square", "triangle-right"])
    points = base.mark_point(filled=True, size=42, opacity=1).encode(
        shape=alt.Shape("quantile:N", scale=shapes),
        color=alt.Color("quantile:N", scale=alt.Scale(domain=_QUANTILES, range=_COLOURS)),
        description="said:N",
    )
    chart: Spec = alt.layer(spans, points, height=alt.Step(20)).to_dict()
    return chart


@cache
def _growth_spec() -> Spec:
    base = alt.Chart(_DATA).encode(y=_arms())
    title = "times as long · less is better"
    intervals = base.mark_rule(strokeWidth=1.5, color=_COLOURS[0]).encode(
        x=_ratios("low", title), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=42, opacity=1, color=_COLOURS[0]).encode(
        x="value:Q", description="said:N"
    )
    chart: Spec = alt.layer(_line_at_one(), intervals, points, height=alt.Step(20)).to_dict()
    return chart


def _arms() -> alt.Y:
    # The same room for names everywhere, so that the plots of a card stand below each other.
    axis = alt.Axis(minExtent=_LONGEST_NAME, maxExtent=_LONGEST_NAME)
    return alt.Y("arm:N", title=None, sort=None, axis=axis)


def _ratios(field: str, title: str) -> alt.X:
    """A logarithmic axis: twice as much is as far from 1 as half."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(
            type="log", nice=False, domainMin=alt.ExprRef("least"), domainMax=alt.ExprRef("most")
        ),
        axis=alt.Axis(
            values=alt.ExprRef("ticks"),
            labelExpr="format(datum.value, '~g') + '×'",
            labelOverlap="greedy",
            labelSeparation=3,
        ),
    )


def _line_at_one() -> alt.Chart:
    """Where a cost is that of `raw`."""
    line = alt.Chart(alt.NamedData("one")).mark_rule(color="var(--muted)", strokeDash=[3, 3])
    chart: alt.Chart = line.encode(x="one:Q")
    return chart


def _draw(spec: Spec, rows: Rows, *, title: str, **ends: Any) -> Drawing | None:
    if not rows:
        return None
    drawn = vl_convert.vegalite_to_svg(
        {
            **spec,
            "width": _WIDTH,
            "datasets": {"rows": _all_drawable(rows), "one": [{"one": 1}]},
            "params": [{"name": name, "value": value} for name, value in ends.items()],
            "config": _config(),
        }
    )
    return Drawing(svg=as_part_of_a_page(drawn, title=_drawable(title)), marks=len(rows))


def _all_drawable(rows: Rows) -> Rows:
    return [
        {name: _drawable(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]


def _drawable(text: str) -> str:
    """The text without signs that XML cannot write, or Vega cannot cut.

    Vega shortens a long name between the two halves of a sign beyond U+FFFF, and then fails.
    """
    return _NOT_DRAWABLE.sub("\N{REPLACEMENT CHARACTER}", text)


@cache
def _config() -> Spec:
    config = alt.Config(
        background="transparent",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--muted)",
            titleColor="var(--muted)",
            titleFontWeight="normal",
            labelFontSize=11,
            titleFontSize=11,
            titlePadding=6,
            gridColor="var(--line)",
            domainColor="var(--line-strong)",
            tickColor="var(--line-strong)",
            labelLimit=_LONGEST_NAME,
            titleLimit=330,
        ),
        axisY=alt.AxisConfig(labelColor="var(--ink)", ticks=False, domain=False, labelPadding=6),
        legend=alt.LegendConfig(
            labelColor="var(--ink)",
            labelFontSize=11,
            title=None,
            orient="top",
            direction="horizontal",
            offset=6,
        ),
    )
    made: Spec = config.to_dict()
    return {**made, "font": "inherit"}
