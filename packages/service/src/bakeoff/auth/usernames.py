"""How a user name is looked up."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from bakeoff_schemas import fields

_USERNAME: TypeAdapter[str] = TypeAdapter(fields.Username)


def username_key(written: str) -> str | None:
    """The case-folded form that is unique; None for what nobody can be called."""
    try:
        return _USERNAME.validate_python(written).casefold()
    except ValidationError:
        return None
