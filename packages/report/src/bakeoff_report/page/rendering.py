"""Puts the page together: templates, style, script and data in one file."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff_report.collect.faults import COMMAND
from bakeoff_report.model import Report
from bakeoff_report.page import charts, choosing, highlighting, methods, views, wording, worst_days
from bakeoff_report.page.pictures import pictures
from bakeoff_report.page.runs import runs_of
from bakeoff_report.page.script_data import script_data

_ASSETS: Final = files("bakeoff_report.page") / "assets"


def render(report: Report) -> str:
    """The page as HTML that asks for nothing else and runs no script but its own.

    Every text of the report is data: it is escaped wherever it stands.
    """
    runs = runs_of(report)
    injected = worst_days.rows_of(report)
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            runs=runs,
            layers=views.layers(report, runs),
            methods=methods.side_by_side(report),
            pictures=pictures(report, runs),
            first_choices=views.default_tables(report, runs),
            injected=worst_days.by_fault(injected),
            first_fault=worst_days.first_fault(injected),
            worst_days=worst_days.worst_days(report, injected),
            pythons=views.pythons(report),
            usual_python=views.usual_python(report),
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script),
            data=_embedded(script_data(report, runs)),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bakeoff_report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "slug": wording.slug,
        "titled": wording.titled,
        "with_code": wording.with_code,
        "number": wording.number,
        "ratio": wording.ratio,
        "interval": wording.interval,
        "figure": wording.figure,
        "database": wording.database,
        "safe_address": wording.safe_address,
        "in_short": wording.in_short,
        "python": highlighting.python,
        "sql": highlighting.sql,
        "arm": charts.arm,
        "band": wording.band,
        "sentence": views.sentence,
        "age": wording.age,
    }
    environment.globals |= {
        "MARKS": wording.MARKS,
        "TOPICS": wording.TOPICS,
        "MEASURES": wording.MEASURES,
        "STYLES": wording.STYLES,
        "FAULT_SIGNS": worst_days.SIGNS,
        "FAULTS_COMMAND": COMMAND,
        "NEEDS": choosing.NEEDS,
        "cell_id": views.cell_id,
        "source_address": wording.source_address,
    }
    return environment


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A policy under which nothing runs and nothing is asked for but what is in the file."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON that cannot end the element that it is in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
