"""The largest bulk: what it leaves behind makes every export after it longer, so it comes late."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, ids, new_isbn


@pytest.mark.trap(36)
def test_1000_books_are_made_and_answered_in_order(api: Api) -> None:
    authors = [api.author() for _ in range(3)]
    base = api.unique()
    bodies = [
        api.book_body(
            author_id=authors[number % 3]["id"],
            isbn=new_isbn() if number % 2 else None,
            title=f"{base} {number}",
            release_year=number if number % 5 else None,
            price=f"{number}.{number % 100:02}",
            stock=number,
            in_print=number % 7 != 0,
            tags=[f"{base}-{number % 10}", base],
            attributes={"number": number},
        )
        for number in range(1000)
    ]
    made = api.books(bodies)
    assert len(made) == 1000
    for body, author, book in zip(bodies, (authors * 334)[:1000], made, strict=True):
        assert {key: book[key] for key in body} == body | {"tags": sorted(body["tags"])}
        assert book["author"] == {"id": author["id"], "name": author["name"]}
        assert book["version"] == 1
    assert ids(made) == sorted(ids(made))
    assert api.walk("/books", tag=base, limit=100) == made
