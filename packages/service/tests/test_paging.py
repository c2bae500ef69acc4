from __future__ import annotations

from bakeoff.paging import book_scope
from bakeoff_schemas.api import BookListQuery


def scope(**parameters: object) -> str:
    return book_scope(BookListQuery.model_validate(parameters))


def test_a_cursor_belongs_to_parameters_by_name_so_that_releases_understand_each_other() -> None:
    assert scope() == scope(limit="5", include_total="true") == "books {}"
    assert scope(sort="-price", min_price="1.5") == 'books {"min_price": "1.50", "sort": "-price"}'


def test_filters_that_mean_the_same_have_one_scope() -> None:
    assert scope(tag=["b", "a", "B"]) == scope(tag=["a", "b"]) == 'books {"tag": ["a", "b"]}'
    assert scope(q="Straße") == scope(q="STRASSE")
