from __future__ import annotations

import pytest

from bakeoff.loading.reading import CatalogueError
from bakeoff.loading.rows import SYNONYMS, find_columns


def test_columns_are_found_by_their_names_whatever_case_and_punctuation() -> None:
    header = ["ISBN", "Book-Title", "Book Author", "Year_Of.Publication", "Publisher"]
    assert find_columns(header, {}) == {"isbn": 0, "title": 1, "author": 2, "year": 3}


def test_the_better_of_two_names_is_taken() -> None:
    header = ["isbn13", "isbn", "authors", "original_title", "title"]
    assert find_columns(header, {}) == {"isbn": 1, "title": 4, "author": 2}


def test_every_field_of_a_book_can_be_found() -> None:
    assert set(find_columns(list(SYNONYMS), {})) == set(SYNONYMS)


def test_a_column_that_is_named_is_taken() -> None:
    found = find_columns(["title", "author", "Preis"], {"title": "preis", "price": "Preis"})
    assert found == {"title": 2, "author": 1, "price": 2}


def test_the_exact_name_goes_before_one_of_another_case() -> None:
    assert find_columns(["Name", "name", "author"], {"title": "name"})["title"] == 1


def test_a_named_column_must_be_there() -> None:
    with pytest.raises(CatalogueError, match=r"no column 'nome' \(--title\); there are 'title'"):
        find_columns(["title", "author"], {"title": "nome"})


@pytest.mark.parametrize(("header", "option"), [(["author"], "--title"), (["title"], "--author")])
def test_a_column_that_every_book_needs_must_be_there(header: list[str], option: str) -> None:
    with pytest.raises(CatalogueError, match=f"name it with {option}"):
        find_columns(header, {})


def test_a_header_of_a_thousand_columns_is_not_repeated_in_full() -> None:
    with pytest.raises(CatalogueError) as caught:
        find_columns([f"c{number}" for number in range(1000)], {})
    assert len(str(caught.value)) < 500
