"""Text by the contract: code points as sent, without surrounding white space."""

from __future__ import annotations

import re
import unicodedata

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: str) -> str:
    """Refuse what not every database can store: U+0000 and lone surrogates.

    :raises ValueError: the text contains one of them.
    """
    if _NOT_STORABLE.search(value):
        raise ValueError("must not contain U+0000 or lone surrogates")
    return value


def clean(value: str, *, shortest: int = 1, longest: int) -> str:
    """Strip surrounding white space and check the length in code points.

    :raises ValueError: not storable, too short or too long.
    """
    stripped = storable(value).strip()
    if not shortest <= len(stripped) <= longest:
        raise ValueError(f"must have {shortest} to {longest} characters")
    return stripped


def search_key(value: str) -> str:
    """Fold a text for substring search: NFKC, case folded, NFKC again (Unicode, D145/D146).

    Case folding can undo the normalisation, hence the second pass.
    """
    if value.isascii():
        return value.casefold()
    folded = unicodedata.normalize("NFKC", value).casefold()
    return unicodedata.normalize("NFKC", folded)


def fold_tag(value: str) -> str:
    """Fold the case of one tag and strip it; its length counts after folding.

    Otherwise a tag that the server itself answered could be refused when sent back.

    :raises ValueError: not storable, empty, or longer than 50 code points.
    """
    return clean(value.casefold(), longest=50)


def fold_tags(values: list[str]) -> list[str]:
    """Fold, merge and sort tags by code point.

    :raises ValueError: one tag is invalid, or more than 20 are left.
    """
    tags = sorted({fold_tag(value) for value in values})
    if len(tags) > 20:
        raise ValueError("must have at most 20 tags")
    return tags


def like_pattern(text: str) -> str:
    r"""A LIKE pattern that finds the text anywhere; it needs `ESCAPE '/'`.

    Not the backslash: MySQL reads one within a string as an escape of its own.
    """
    return f"%{text.replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
