"""The service and the reference side by side: whatever is done to both, they answer the same."""

from __future__ import annotations

import secrets
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bakeoff_contract.api import Api, new_isbn
from bakeoff_contract.differential import Differential
from bakeoff_contract.sorting import BOTH_WAYS

# Few characters, so that texts collide, contain each other and sort next to each other.
_TEXT = st.text(alphabet="aAbáß \u0301\uff41\U0001d4b6%_\\\x01'", min_size=1, max_size=4).filter(
    str.strip
)
_PRICES = st.sampled_from(["0.00", "0.01", "9.99", "10.00", "10.5", 3, 0.07, "99999999.99"])
_YEARS = st.sampled_from([None, -4000, -1, 0, 1968, 2100])
_TAGS = st.lists(st.sampled_from(["a", "A", "á", "ß", "SS", "b", "\uff41"]), max_size=4)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_VERSIONS = st.sampled_from([None, None, None, '"1"', '"2"', '"1", "2", "3"', "*", 'W/"1"'])
_ISBNS = st.sampled_from([0, 1, 2, None, None])
_REQUIRED = {"title": _TEXT, "price": _PRICES, "tags": _TAGS}
_OPTIONAL = {
    "release_year": _YEARS,
    "stock": st.sampled_from([0, 1, 5, 1000, 2**31 - 1]),
    "in_print": st.booleans(),
    "attributes": st.dictionaries(_TEXT, _JSON, max_size=3),
}
_BOOKS = st.fixed_dictionaries(_REQUIRED, optional=_OPTIONAL)
_PATCHES = st.fixed_dictionaries({}, optional=_REQUIRED | _OPTIONAL)
_FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["a", "A", "b", "ß", "S", "%", "_", "\\", "á", "\uff41", "\x01"]),
        "year_from": st.sampled_from([-4000, -1, 1968]),
        "year_to": st.sampled_from([-1, 0, 1968]),
        "min_price": st.sampled_from(["0.01", "10"]),
        "max_price": st.sampled_from(["9.99", "10.50"]),
        "in_print": st.sampled_from(["true", "false"]),
    },
)


class Bookstore(RuleBasedStateMachine):
    """What a client can do. Every book has a tag that belongs to this one run."""

    subject: Api
    reference: Api

    authors: Bundle[str] = Bundle("authors")
    books: Bundle[str] = Bundle("books")
    users: Bundle[str] = Bundle("users")
    orders: Bundle[str] = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.both = Differential(self.subject, self.reference)
        self.name = secrets.token_hex(6)
        self.isbns = [new_isbn() for _ in range(3)]
        self.writes = 0

    @initialize(target=authors)
    def some_authors(self) -> Any:
        return multiple(self._author("a"), self._author("b"))

    @initialize(target=users)
    def some_users(self) -> Any:
        return multiple(self._user("first"), self._user("second"))

    @initialize(target=books, shelf=st.lists(_BOOKS, min_size=6, max_size=8))
    def some_books(self, shelf: list[dict[str, Any]]) -> Any:
        return self._bulk(self._author("c"), [{"stock": 5} | book for book in shelf])

    # --- authors and books ------------------------------------------------------------------------

    @rule(target=authors, name=_TEXT)
    def add_author(self, name: str) -> Any:
        return self._author(name)

    @rule(author=authors, name=_TEXT, born=st.sampled_from([None, "2000-02-29", "1900-02-29"]))
    def change_author(self, author: str, name: str, born: str | None) -> None:
        self._write("PATCH", f"/authors/{author}", {"name": name, "born": born})

    @rule(target=books, author=authors, book=_BOOKS, isbn=_ISBNS)
    def add_book(self, author: str, book: dict[str, Any], isbn: int | None) -> Any:
        return self._id(self._write("POST", "/books", self._book(author, book, isbn)))

    @rule(target=books, author=authors, shelf=st.lists(_BOOKS, min_size=1, max_size=4))
    def add_books(self, author: str, shelf: list[dict[str, Any]]) -> Any:
        return self._bulk(author, shelf)

    @rule(
        target=books,
        author=authors,
        book=_BOOKS,
        isbn=st.integers(0, 2),
        versions=_VERSIONS,
    )
    def upsert_book(
        self, author: str, book: dict[str, Any], isbn: int, versions: str | None
    ) -> Any:
        path = f"/books/by-isbn/{self.isbns[isbn]}"
        body = self._book(author, book, None) | {"isbn": self.isbns[isbn]}
        return self._id(self._write("PUT", path, body, versions=versions))

    @rule(which=books, author=authors, book=_BOOKS, isbn=_ISBNS, versions=_VERSIONS)
    def put_book(
        self,
        which: str,
        author: str,
        book: dict[str, Any],
        isbn: int | None,
        versions: str | None,
    ) -> None:
        body = self._book(author, book, isbn)
        self._write("PUT", f"/books/{which}", body, versions=versions)

    @rule(which=books, patch=_PATCHES, isbn=_ISBNS, versions=_VERSIONS)
    def patch_book(
        self, which: str, patch: dict[str, Any], isbn: int | None, versions: str | None
    ) -> None:
        body = patch | ({} if isbn is None else {"isbn": self.isbns[isbn]})
        if "tags" in body:
            body["tags"] = self._tags(body["tags"])
        self._write("PATCH", f"/books/{which}", body, versions=versions)

    # --- users and orders -------------------------------------------------------------------------

    @rule(target=users, name=st.sampled_from(["ana", "ANA", "aña", "straße", "STRASSE", "bo"]))
    def add_user(self, name: str) -> Any:
        return self._user(name)

    @rule(
        target=orders,
        user=users,
        chosen=st.lists(books, min_size=1, max_size=3, unique=True),
        quantity=st.integers(1, 2),
        key=st.sampled_from([None, None, "x", "y"]),
    )
    def place_order(self, user: str, chosen: list[str], quantity: int, key: str | None) -> Any:
        lines = [{"book_id": book, "quantity": quantity} for book in chosen]
        body = {"customer_id": user, "lines": lines}
        headers = {"idempotency-key": f"{key}-{self.name}"} if key else {}
        return self._id(self._write("POST", "/orders", body, **headers))

    @rule(order=orders)
    def cancel_order(self, order: str) -> None:
        self._write("POST", f"/orders/{order}/cancel")

    # Seldom, or too few would be left to do something with.
    @precondition(lambda machine: machine.writes % 7 == 0)
    @rule(author=consumes(authors), book=consumes(books), user=consumes(users), versions=_VERSIONS)
    def remove(self, author: str, book: str, user: str, versions: str | None) -> None:
        self._write("DELETE", f"/books/{book}", versions=versions)
        self._write("DELETE", f"/authors/{author}")
        self._write("DELETE", f"/users/{user}")
        for path in (f"/books/{book}", f"/authors/{author}", f"/users/{user}"):
            self.both.ask("GET", path)

    # --- looking ----------------------------------------------------------------------------------

    @rule(sort=st.sampled_from(BOTH_WAYS), limit=st.integers(1, 4))
    def walk_books(self, sort: str, limit: int) -> None:
        self.both.pages("/books", tag=self.name, sort=sort, limit=limit)

    @rule(sort=st.sampled_from(BOTH_WAYS), filters=_FILTERS, tags=_TAGS, author=authors)
    def filter_books(
        self, sort: str, filters: dict[str, Any], tags: list[str], author: str
    ) -> None:
        for narrowed in (
            filters,
            filters | {"author_id": author},
            filters | {"tag": self._tags(tags[:1])},
        ):
            params = {"tag": self.name, "sort": sort, "limit": 100, "include_total": "true"}
            self.both.ask("GET", "/books", params=params | narrowed)

    @rule(user=users, limit=st.integers(1, 3))
    def walk_orders(self, user: str, limit: int) -> None:
        self.both.pages("/orders", customer_id=user, limit=limit, include_total="true")

    @rule()
    def read_reports(self) -> None:
        self.both.prices(self.name)
        self.both.sales()

    # --- help -------------------------------------------------------------------------------------

    def _write(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        versions: str | None = None,
        **headers: str,
    ) -> Any:
        """Change both, and look at all books of this run if that can have changed them."""
        self.writes += 1
        if versions is not None:
            headers["if-match"] = versions
        answer = self.both.ask(method, path, body=body, headers=headers)
        if not path.startswith("/users") and (method, path) != ("POST", "/authors"):
            self.both.ask("GET", "/books", params={"tag": self.name, "limit": 100})
        return answer

    def _author(self, name: str) -> Any:
        return self._id(self._write("POST", "/authors", {"name": name}))

    def _user(self, name: str) -> Any:
        body = {
            "username": f"{name} {self.name}",
            "email": f"{name.lower()}@{self.name}.example",
            "password": "12345678",
        }
        return self._id(self._write("POST", "/users", body))

    def _bulk(self, author: str, shelf: list[dict[str, Any]]) -> MultipleResults[str]:
        bodies = [self._book(author, book, None) for book in shelf]
        made = self._write("POST", "/books/bulk", bodies) or []
        return multiple(*(book["id"] for book in made))

    def _book(self, author: str, book: dict[str, Any], isbn: int | None) -> dict[str, Any]:
        body = book | {"author_id": author, "tags": self._tags(book["tags"])}
        return body if isbn is None else body | {"isbn": self.isbns[isbn]}

    def _tags(self, tags: list[str]) -> list[str]:
        return [self.name, *(f"{self.name}{tag}" for tag in tags)]

    @staticmethod
    def _id(answer: Any) -> Any:
        return multiple() if answer is None else answer["id"]


def test_the_service_and_the_reference_always_agree(
    api: Api, reference: Api, pytestconfig: pytest.Config
) -> None:
    class Compared(Bookstore):
        pass

    Compared.subject, Compared.reference = api, reference
    if pytestconfig.getoption("--hypothesis-seed") is None:
        chosen = secrets.randbelow(2**32)
        print(f"to see this again: --hypothesis-seed={chosen}")  # noqa: T201 - pytest shows it
        hypothesis.seed(chosen)(Compared)
    run_state_machine_as_test(
        Compared,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            database=None,
            # Shrinking asks hundreds of times; the seed brings the same failure back for that.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
