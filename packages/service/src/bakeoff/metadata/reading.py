"""Reads what the partner sent: what is not as it should be is left out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bakeoff.metadata.model import Metadata
from bakeoff_schemas import text
from bakeoff_schemas.isbn import canonical

LONGEST_DESCRIPTION = 10_000
MOST_PAGES = 100_000


class Unusable(Exception):
    """The partner answered with what is not metadata."""


def _or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


def _text(longest: int) -> AfterValidator:
    def clean(value: str) -> str:
        return text.clean(value, longest=longest)

    return AfterValidator(clean)


class Sent(BaseModel):
    """The JSON object of the partner; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    isbn: Annotated[Annotated[str, AfterValidator(canonical)] | None, WrapValidator(_or_none)] = (
        None
    )
    # A browser follows it: no `javascript:`, only what the type lets pass.
    cover_url: Annotated[HttpUrl | None, WrapValidator(_or_none)] = None
    description: Annotated[
        Annotated[str, _text(LONGEST_DESCRIPTION)] | None, WrapValidator(_or_none)
    ] = None
    pages: Annotated[Annotated[int, Field(ge=1, le=MOST_PAGES)] | None, WrapValidator(_or_none)] = (
        None
    )
    publisher: Annotated[Annotated[str, _text(300)] | None, WrapValidator(_or_none)] = None


def read(body: bytes, *, about: str) -> Metadata:
    """The metadata in a body that answers for the book with the ISBN-13 `about`.

    :raises Unusable: it is not JSON or not an object, or says that it is about another book.
    """
    try:
        sent = Sent.model_validate_json(body)
    except ValidationError as error:
        raise Unusable("its answer is not a JSON object") from error
    if sent.isbn not in (None, about):
        # One that sends more than it announced has its next answer taken for that of the next book.
        raise Unusable("its answer is about another book")
    return Metadata(
        cover_url=None if sent.cover_url is None else str(sent.cover_url),
        description=sent.description,
        pages=sent.pages,
        publisher=sent.publisher,
    )
