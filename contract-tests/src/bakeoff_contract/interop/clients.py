"""A client of a mixed fleet, which asks now one service and now the other."""

from __future__ import annotations

from random import Random
from typing import Any

import httpx

from bakeoff_contract.api import Api, Json, order_body
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.interop.ledger import Ledger
from bakeoff_contract.interop.stage import Stage
from bakeoff_contract.problems import PREFIX

_TRIES = 100


class Client:
    """One of many, with a seed of its own; its orders are nobody else's."""

    def __init__(self, number: int, both: list[Api], stage: Stage) -> None:
        """`number` tells it from the others."""
        self.ledger = Ledger()
        self._both = both
        self._stage = stage
        self._chance = Random(number)
        self._sent: dict[str, tuple[Json, str]] = {}

    def work(self, steps: int) -> None:
        """Do so many things, each at a service chosen by chance.

        :raises AssertionError: an answer that the contract does not allow here.
        """
        deeds = [self._order] * 6 + [self._replay] * 3 + [self._cancel] * 2
        deeds += [self._patch_what_was_read] * 4 + [self._patch] * 2
        deeds += [self._upsert] * 4 + [self._patch_what_may_be_gone] * 2
        deeds += [self._delete] * 2 + [self._delete_what_is_sold]
        for _ in range(steps):
            self._chance.choice(deeds)()

    # --- orders -----------------------------------------------------------------------------------

    def _order(self) -> None:
        """In an order of books by chance, so that two clients lock them crosswise."""
        books = self._chance.sample(self._stage.books, self._chance.randint(1, 4))
        lines = [(book, self._chance.randint(1, 3)) for book in books]
        body = order_body(self._chance.choice(self._stage.customers), *lines)
        key = self._both[0].unique("fleet")
        response = self._ask(
            "POST", "/orders", body, "insufficient-stock", headers={"idempotency-key": key}
        )
        if response.status_code == 201:
            order: Json = response.json()
            self.ledger.orders[order["id"]] = order
            self._sent[order["id"]] = (body, key)

    def _replay(self) -> None:
        """An order of ours once more, as it is now."""
        if not self._sent:
            return
        order_id = self._chance.choice(list(self._sent))
        body, key = self._sent[order_id]
        if self._chance.random() < 0.2:
            other = body | {"lines": [*body["lines"][1:], {**body["lines"][0], "quantity": 9}]}
            response = self._ask(
                "POST", "/orders", other, "idempotency-key-reused", headers={"idempotency-key": key}
            )
            assert response.status_code == 422, f"another order under one key: {response.text}"
            return
        response = self._ask("POST", "/orders", body, headers={"idempotency-key": key})
        assert response.headers.get("idempotency-replayed") == "true", "a replay sold again"
        self._same(self.ledger.orders[order_id], response)
        self.ledger.counts["replayed"] += 1

    def _cancel(self) -> None:
        if not self._sent:
            return
        order_id = self._chance.choice(list(self._sent))
        before = self.ledger.orders[order_id]
        response = self._ask("POST", f"/orders/{order_id}/cancel", None, "order-already-cancelled")
        expected = 200 if before["status"] == "placed" else 409
        assert response.status_code == expected, f"{before['status']}, cancelled: {response}"
        if expected == 200:
            self.ledger.orders[order_id] = before | {"status": "cancelled"}
            self._same(self.ledger.orders[order_id], response)
            self.ledger.counts["cancelled"] += 1

    # --- books ------------------------------------------------------------------------------------

    def _patch_what_was_read(self) -> None:
        """Read at one service and change at another, until nobody was in between."""
        path = f"/books/{self._chance.choice(self._stage.books)['id']}"
        for _ in range(_TRIES):
            read = self._ask("GET", path)
            tag = {"if-match": read.headers["etag"]}
            response = self._ask("PATCH", path, self._change(), "stale", headers=tag)
            if response.status_code == 200:
                assert response.json()["version"] == read.json()["version"] + 1, response.text
                self.ledger.changed(response.json())
                return
        raise AssertionError(f"PATCH {path} was stale {_TRIES} times in a row")

    def _patch(self) -> None:
        book = self._chance.choice(self._stage.books)
        response = self._ask("PATCH", f"/books/{book['id']}", self._change())
        self.ledger.changed(response.json())

    def _change(self) -> Json:
        """Never of the stock: that is for orders alone to change."""
        number = self._chance.randint(1, 999)
        return self._chance.choice(
            [
                {"price": f"{number}.{number % 100:02}"},
                {"tags": ["fleet", f"tag {number % 7}"]},
                {"attributes": {"number": number}, "title": f"title {number}"},
                {},
            ]
        )

    def _upsert(self) -> None:
        isbn = self._chance.choice(self._stage.isbns)
        body = self._change() | {"stock": 1}
        body = {"title": "t", "price": "1.00", "tags": ["a", "b"]} | body
        body["author_id"] = self._stage.catalogue_author["id"]
        self.ledger.changed(self._ask("PUT", f"/books/by-isbn/{isbn}", body).json())

    def _patch_what_may_be_gone(self) -> None:
        if not self.ledger.isbns:
            return
        book_id = self._chance.choice(list(self.ledger.isbns))
        response = self._ask("PATCH", f"/books/{book_id}", self._change(), "not-found")
        if response.status_code == 200:
            self.ledger.changed(response.json())

    def _delete(self) -> None:
        """A book that we have written; others may have changed it, or deleted it."""
        if not self.ledger.isbns:
            return
        book_id = self._chance.choice(list(self.ledger.isbns))
        version = self.ledger.versions[book_id][-1]
        tag = {"if-match": f'"{version}"'} if self._chance.random() < 0.5 else None
        response = self._ask("DELETE", f"/books/{book_id}", None, "not-found", "stale", headers=tag)
        if response.status_code == 204:
            self.ledger.deleted.append(book_id)

    def _delete_what_is_sold(self) -> None:
        book = self._chance.choice(self._stage.books)
        response = self._ask("DELETE", f"/books/{book['id']}", None, "book-has-orders")
        assert response.status_code == 409, f"a book with orders was deleted: {response}"

    # --- asking -----------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *allowed: str,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """A success, or one of the problems that are allowed here."""
        api = self._chance.choice(self._both)
        response = api.request(method, path, json=body, headers=headers)
        self.ledger.answers += 1
        what = f"{response.status_code // 100}xx"
        if response.status_code >= 400:
            what = response.json()["type"].removeprefix(PREFIX)
            assert what in allowed, f"{method} {path}: {response.status_code} {response.text}"
        self.ledger.counts[f"{method} {what}"] += 1
        return response

    def _same(self, expected: Json, response: httpx.Response) -> None:
        if found := difference(expected, response.json()):
            raise AssertionError(f"{response.request.method} {response.request.url}: {found}")
