"""Asks a package index for the releases of the libraries, and writes them into `facts.json`.

No index is named here: it is the one that the user names, or that pip or uv is told to use by the
environment. It must answer with JSON as PEP 691 describes, with upload times as in PEP 700.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from bakeoff_report.collect.alive import Facts
from bakeoff_report.errors import ReportError

VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
JSON = "application/vnd.pypi.simple.v1+json"
_TIMEOUT = 30
_LIMIT = 64 * 2**20

Fetch = Callable[[str, str], bytes]
"""The body at an address, asked for as this type."""


class _File(BaseModel):
    filename: str
    upload_time: AwareDatetime | None = Field(default=None, alias="upload-time")
    requires_python: str | None = Field(default=None, alias="requires-python")
    yanked: bool | str = False


class _Project(BaseModel):
    files: list[_File]


def index(option: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the simple index.

    :raises ReportError: none is named.
    """
    found = option or next((environ[name] for name in VARIABLES if environ.get(name)), None)
    if found is None:
        raise ReportError(
            f"no package index is named: use --index, or set {' or '.join(VARIABLES)}"
        )
    if urlsplit(found).scheme not in ("http", "https"):
        raise ReportError("the package index must be an http or https address: change --index")
    return found.rstrip("/") + "/"


def fetch(address: str, accept: str) -> bytes:
    """The body at an address.

    :raises OSError: there is none.
    """
    request = Request(address, headers={"Accept": accept, "User-Agent": "bakeoff-report"})
    with urlopen(request, timeout=_TIMEOUT) as answer:
        body: bytes = answer.read(_LIMIT)
    return body


def look_up(
    name: str, locked: Iterable[str], *, index: str, today: date, fetch: Fetch = fetch
) -> Facts:
    """The facts of one distribution.

    :raises ReportError: the index has no usable answer; its address may hold a password, and is not
        in the message.
    """
    try:
        project = _Project.model_validate_json(fetch(urljoin(index, f"{name}/"), JSON))
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = "it is no JSON of PEP 691" if isinstance(error, ValidationError) else error
        raise ReportError(f"the index has no answer for {name}: {reason}") from None
    releases: dict[Version, list[_File]] = {}
    for file in project.files:
        version = _version(file.filename)
        if version is not None and not file.yanked:
            releases.setdefault(version, []).append(file)
    if not releases:
        raise ReportError(f"the index has no release of {name}")
    stable = [version for version in releases if not version.is_prerelease]
    last = max(stable or releases)
    days = {
        version: day
        for version in locked
        if (day := _day(releases.get(Version(version), []))) is not None
    }
    return Facts(
        name=name,
        last=str(last),
        released=_day(releases[last]),
        looked_up=today,
        python=next((one.requires_python for one in releases[last] if one.requires_python), None),
        days=days,
    )


def today() -> date:
    """The day in UTC."""
    return datetime.now(tz=UTC).date()


def _version(filename: str) -> Version | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None  # an egg, an installer, or a name from before there were rules


def _day(files: Iterable[_File]) -> date | None:
    """The day of the first file; later ones are wheels that were added."""
    times = [file.upload_time for file in files if file.upload_time is not None]
    return min(times).date() if times else None


def written(facts: Iterable[Facts]) -> str:
    """The content of `facts.json`."""
    entries = {one.name: one.model_dump(mode="json", exclude={"name"}) for one in facts}
    return json.dumps(dict(sorted(entries.items())), indent=1, ensure_ascii=False) + "\n"
