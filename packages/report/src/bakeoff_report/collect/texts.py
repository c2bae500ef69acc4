"""What the page says that no file of results holds: `texts.toml` of this package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bakeoff_report.model import NotHere, Objection


class Faster(BaseModel):
    """Why an arm may take less than `raw`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arm: str
    source: str | None = None
    """The path of one run; null for all."""
    scenario: str | None = None
    """Null for all."""
    measure: str | None = None
    """Null for all."""
    why: str

    def fits(self, source: str, arm: str, scenario: str, measure: str) -> bool:
        """Whether it explains this figure."""
        return (
            self.arm == arm
            and self.source in (None, source)
            and self.scenario in (None, scenario)
            and self.measure in (None, measure)
        )


class Texts(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    how_to_object: list[str]
    faster: list[Faster]
    not_here: list[NotHere]
    objections: list[Objection]


@cache
def texts() -> Texts:
    """The content of `texts.toml`."""
    content = files("bakeoff_report").joinpath("texts.toml").read_text(encoding="utf-8")
    return Texts.model_validate(tomllib.loads(content))
