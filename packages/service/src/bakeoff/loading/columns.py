"""Which column of a file holds what; names are detected unless they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bakeoff.loading.reading import CatalogueError

# By preference: in files that have both, `isbn13` has often been through a spreadsheet that made a
# rounded number of it, whereas `isbn` has lost no more than its leading zeros.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "title": ("title", "book_title", "name", "original_title"),
    "author": ("author", "authors", "author_name", "book_author", "writer"),
    "isbn": ("isbn", "isbn10", "isbn_10", "isbn13", "isbn_13", "ean"),
    "year": (
        "release_year",
        "year",
        "original_publication_year",
        "publication_year",
        "year_of_publication",
        "year_published",
        "published",
    ),
    "price": ("price", "list_price", "unit_price"),
    "stock": ("stock", "quantity", "qty", "copies"),
    "in_print": ("in_print",),
    "tags": ("tags", "genres", "genre", "categories", "subjects"),
    "attributes": ("attributes",),
}
REQUIRED = ("title", "author")

Columns = Mapping[str, int]


def find(header: Sequence[str], wanted: Mapping[str, str]) -> Columns:
    """The positions of the columns for each of `SYNONYMS`; `wanted` names some of them.

    :raises CatalogueError: a named column, or one that every book needs, is not there.
    """
    positions = {
        field: _named(header, name, option=_option(field)) for field, name in wanted.items()
    }
    folded = [_fold(name) for name in header]
    for field, names in SYNONYMS.items():
        if field not in positions:
            found = next((folded.index(name) for name in names if name in folded), None)
            if found is not None:
                positions[field] = found
    for field in REQUIRED:
        if field not in positions:
            raise CatalogueError(
                f"no column looks like the {field}: name it with {_option(field)}, or the "
                f"separator with --delimiter; the columns are {_listed(header)}"
            )
    return positions


def _named(header: Sequence[str], name: str, *, option: str) -> int:
    if name in header:
        return header.index(name)
    folded = [_fold(column) for column in header]
    if _fold(name) in folded:
        return folded.index(_fold(name))
    raise CatalogueError(f"there is no column {name!r} ({option}); there are {_listed(header)}")


def _fold(name: str) -> str:
    """Case and punctuation tell nothing: `Book-Title` is `book_title`."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in header[:30])
    return shown + (", …" if len(header) > 30 else "")
