"""How names, numbers and marks are written on the page."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from markupsafe import Markup, escape

from bakeoff_report.model import Band, Figure, Interval, Mark, Measure

BandName = Band | Literal["undecided", "unmeasured"]


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as it is shown: a sign, so that colour is never needed, a word and a colour."""

    glyph: str
    word: str
    tone: str
    """The class that colours it: good, help, bad, none."""


MARKS: Final[dict[Mark, Sign]] = {
    "executed": Sign("✓", "passed", "good"),
    "worked-around": Sign("~", "passed with workarounds", "help"),
    "gap": Sign("✗", "declared gap", "bad"),
    "failed": Sign("!", "failed", "bad"),
    "unsupported": Sign("–", "not supported by the layer", "none"),
    "not-run": Sign("○", "not run", "none"),
}
WORST_FIRST: Final[tuple[Mark, ...]] = (
    "failed",
    "gap",
    "not-run",
    "worked-around",
    "executed",
    "unsupported",
)
OUTCOMES: Final[dict[str, Sign]] = {
    "passed": Sign("✓", "passed", "good"),
    "failed": Sign("!", "failed", "bad"),
    "xfailed": Sign("✗", "fails, as declared", "bad"),
    "skipped": Sign("○", "skipped", "none"),
    "": Sign("○", "not run", "none"),
}
MEASURES: Final[dict[str, str]] = {
    "cpu-process": "CPU time of the process",
    "cpu-server": "CPU time of the database server",
    "time": "time",
}
DATABASES: Final[dict[str, str]] = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "memory": "no database",
}
TOPICS: Final[dict[str, str]] = {
    "runs": "Does it run here?",
    "alive": "Is it alive?",
    "right": "Does it do it right?",
    "bites": "Where does it need help?",
    "migrations": "Migrations",
    "reads": "How does the code read?",
    "costs": "What does it cost?",
    "leaving": "How do I leave?",
}
"""The questions of a team, in the order in which it asks them."""
STYLES: Final[dict[str, str]] = {
    "adapter": "as the adapter ships it",
    "taught": "as taught",
    "driver": "driver alone",
}


def band(measure: Measure) -> Sign:
    """How a cost compares with that of `raw`."""
    return bands(timed=measure.measure == "time")[band_name(measure)]


def band_name(measure: Measure) -> BandName:
    """The band, or why there is none."""
    return measure.band or ("undecided" if measure.interval else "unmeasured")


def bands(*, timed: bool) -> dict[BandName, Sign]:
    """The sign of each band, of time or of something else."""
    return {
        "undecided": Sign("○", "cannot tell", "none"),
        "unmeasured": Sign("○", "not measured", "none"),
        "same": Sign("=", "same", "good"),
        "slower": Sign("▴", "slower" if timed else "more", "help"),
        "twice": Sign("▲", "twice+", "bad"),
        "faster": Sign("▾", "faster" if timed else "less", "good"),
    }


def number(value: float) -> str:
    """Three significant digits, thousands apart; a whole number is never cut."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace(",", "\u202f")
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -6:
        return f"{value:.2e}"
    return f"{value:,.{max(0, 2 - size)}f}".replace(",", "\u202f")


def ratio(value: float) -> str:
    """A ratio to two decimals, or to three digits if it is large."""
    return f"{value:.2f}×" if value < 100 else f"{number(value)}×"


def interval(found: Interval) -> str:
    """Both ends of an interval."""
    ends = [f"{end:.2f}" if end < 100 else number(end) for end in (found.low, found.high)]
    return "–".join(ends)


def figure(found: Figure) -> str:
    """A figure with its unit; bytes as the unit that fits."""
    if found.unit == "bytes":
        return size(found.value)
    return f"{number(found.value)} {found.unit}"


def size(value: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("B", "kB", "MB"):
        if abs(value) < 1000:
            return f"{number(value)} {unit}"
        value /= 1000
    return f"{number(value)} GB"


def database(name: str) -> str:
    """The name of a database as its makers write it."""
    return DATABASES.get(name, name)


def titled(text: str) -> str:
    """The text with a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def with_code(text: str) -> Markup:
    """The text, escaped, with what is between backticks as code."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def slug(text: str) -> str:
    """A text as part of an id and of a fragment of an address."""
    return re.sub(r"[^A-Za-z0-9._-]", lambda found: f"~{ord(found[0]):x}", text) or "~"


def safe_address(address: str | None) -> str | None:
    """The address if it is one of the web: nothing else becomes a link."""
    return address if address and re.match(r"https?://[^\s]+\Z", address) else None


def source_address(repository: str | None, path: str) -> str | None:
    """Where a path of the checkout can be read, `path:line` included; null if it is unknown."""
    base = safe_address(repository)
    if base is None:
        return None
    file, _, line = path.partition(":")
    return f"{base.rstrip('/')}/{quote(file)}" + (f"#L{line}" if line.isdecimal() else "")


def in_short(address: str) -> str:
    """`owner/name#12` of an issue, else the address without its scheme."""
    found = re.match(r"https://[^/]+/([^/]+/[^/]+)/(?:issues|pull|discussions)/(\d+)", address)
    return f"{found[1]}#{found[2]}" if found else re.sub(r"^https?://(www\.)?", "", address)


def age(made: datetime, then: datetime) -> str:
    """How old something was when the page was made."""
    days = (made - then).days
    if days <= 0:
        return "of the day of this page"
    return (
        "1 day older than this page" if days == 1 else f"{number(days)} days older than this page"
    )
