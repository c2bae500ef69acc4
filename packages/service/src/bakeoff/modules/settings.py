"""The setting that chooses modules."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

# A part of a path, and of the name of a table.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ModuleSettings(BaseModel):
    """Which of the installed modules are part of the service."""

    modules: Annotated[list[str], NoDecode] = Field(
        default=[], description="Modules to load, by their names, with commas between them."
    )

    @field_validator("modules", mode="before")
    @classmethod
    def _are_separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return value

    @field_validator("modules")
    @classmethod
    def _are_names(cls, value: list[str]) -> list[str]:
        if len(set(value)) != len(value) or not all(map(_NAME.fullmatch, value)):
            raise ValueError("must be distinct names of lower-case letters, digits and _")
        return value
