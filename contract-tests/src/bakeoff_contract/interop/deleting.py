"""Deletes through one backend what another wrote, where that is allowed."""

from __future__ import annotations

from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.shelf import Shelf
from bakeoff_contract.interop.writing import PASSWORD


def delete(changer: Asker, owner: Asker, shelf: Shelf, *, turn: int) -> None:
    """Delete what may go; what something else needs stays, and what is gone is gone for both.

    :raises AssertionError: an answer of either is not what it must be.
    """
    lot = shelf.lots[changer.backend]
    for slug, path in (
        ("author-has-books", f"/authors/{lot.author['id']}"),
        ("book-has-orders", f"/books/{lot.sold['id']}"),
        ("user-has-orders", f"/users/{lot.customer['id']}"),
    ):
        changer.refused(slug, "DELETE", path)
        owner.ask("GET", path)
    _names_stay_taken(changer, shelf, turn=turn)
    book = f"/books/{lot.deleted['id']}"
    old = {"if-match": f'"{lot.deleted["version"] + 1}"'}
    changer.refused("stale", "DELETE", book, headers=old)
    current = {"if-match": f'W/"1", "{lot.deleted["version"]}"'}
    _delete(changer, owner, book, current)
    _delete(changer, owner, f"/authors/{lot.bare_author['id']}")
    _delete(changer, owner, f"/users/{lot.bare_customer['id']}")
    # The books of the data set go one by one, to whoever's turn it is.
    gone = shelf.books.pop(turn)
    _delete(changer, owner, f"/books/{gone['id']}")
    # What has gone leaves its names to others.
    again = {key: lot.bare_customer[key] for key in ("username", "email")}
    owner.ask("POST", "/users", body=again | {"password": PASSWORD}, status=201)
    if gone["isbn"] is not None:
        body = {"title": "again", "price": "1.00", "author_id": lot.author["id"]}
        path = f"/books/by-isbn/{gone['isbn']}"
        second = owner.ask("PUT", path, body=body, status=201)
        assert second["id"] > gone["id"], f"{owner.backend}: the id of a deleted book came back"
        changer.ask("GET", f"/books/{second['id']}", expected=second)


def _names_stay_taken(changer: Asker, shelf: Shelf, *, turn: int) -> None:
    """Unique are folded names, and addresses in whatever case."""
    user = shelf.users[turn % len(shelf.users)]
    new = f"{changer.backend}-{shelf.writer}"
    same_name = {"username": user["username"].upper(), "email": f"{new}@example.com"}
    same_address = {"username": new, "email": user["email"].upper()}
    for slug, body in (("username-taken", same_name), ("email-taken", same_address)):
        changer.refused(slug, "POST", "/users", body=body | {"password": PASSWORD})


def _delete(changer: Asker, owner: Asker, path: str, headers: dict[str, str] | None = None) -> None:
    owner.ask("GET", path)
    changer.ask("DELETE", path, status=204, headers=headers)
    owner.gone(path)
    changer.refused("not-found", "DELETE", path)
