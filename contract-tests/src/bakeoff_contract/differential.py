"""The same requests to two services, whose answers may differ only in ids and times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bakeoff_contract.api import Api

# What kind of row an object is, by a field that no other kind has; a name alone is an author's.
_KINDS = {"title": "book", "username": "user", "lines": "order", "name": "author"}
_IDS = {
    "author_id": "author",
    "book_id": "book",
    "user_id": "user",
    "customer_id": "user",
    "order_id": "order",
}
_TIMES = frozenset({"created_at", "updated_at", "placed_at"})
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SYMBOL = re.compile(r"<[0-9]+>")


@dataclass(slots=True)
class Side:
    """One of the two services; both share the symbols `<1>`, `<2>` and so on for their ids."""

    api: Api
    symbols: dict[tuple[str, Any], str] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    since: str = ""

    def ask(
        self, method: str, path: str, *, body: Any, params: Any, headers: Any
    ) -> httpx.Response:
        """Send a request, with real ids in place of symbols."""
        return self.api.request(
            method,
            _SYMBOL.sub(lambda found: str(self.ids[found[0]]), path),
            json=self._real(body),
            params=self._real(params),
            headers=headers,
        )

    def neutral(self, value: Any, name: str = "") -> Any:
        """Replace ids by symbols, in the order they were first seen, and check times."""
        if isinstance(value, dict):
            kind = next((kind for mark, kind in _KINDS.items() if mark in value), "")
            return {
                key: self.neutral(item, f"{kind}_id" if key == "id" else key)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.neutral(item) for item in value]
        if name in _IDS:
            return self._symbol(_IDS[name], value)
        if name in _TIMES:
            self.since = self.since or value
            return bool(_TIME.fullmatch(value))
        if name == "next_cursor":
            return value is not None
        return value

    def knows(self, kind: str, real: Any) -> bool:
        """Whether this row was ever in an answer."""
        return (kind, real) in self.symbols

    def _real(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._real(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._real(item) for item in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def _symbol(self, kind: str, real: Any) -> str:
        if (kind, real) not in self.symbols:
            symbol = f"<{len(self.symbols) + 1}>"
            self.symbols[kind, real] = symbol
            self.ids[symbol] = real
        return self.symbols[kind, real]


class Differential:
    """A service and the reference, side by side."""

    def __init__(self, subject: Api, reference: Api) -> None:
        """`subject` is the service under test."""
        self.subject, self.reference = Side(subject), Side(reference)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Ask both the same; the answer they agree on, with symbols for ids.

        :raises AssertionError: they do not agree.
        """
        neutral = []
        for side in (self.subject, self.reference):
            response = side.ask(method, path, body=body, params=params, headers=headers)
            neutral.append(self._outline(side, response))
        subject, reference = neutral
        assert subject == reference, f"{method} {path} {params or ''} {body or ''}"
        return reference["body"]

    def pages(self, path: str, **params: Any) -> None:
        """Walk a list to its end on both."""
        cursors: list[str | None] = [None, None]
        while True:
            pages = []
            for place, side in enumerate((self.subject, self.reference)):
                query = params | ({"cursor": cursors[place]} if cursors[place] else {})
                response = side.ask("GET", path, body=None, params=query, headers=None)
                cursors[place] = response.json().get("next_cursor")
                pages.append(self._outline(side, response))
            assert pages[0] == pages[1], f"GET {path} {params}"
            if cursors[0] is None:
                return

    def prices(self, name: str) -> None:
        """Compare the prices of the tags that have this name in them."""
        rows = [
            [row for row in side.api.seen("/reports/prices-by-tag")["items"] if name in row["tag"]]
            for side in (self.subject, self.reference)
        ]
        assert rows[0] == rows[1]

    def sales(self) -> None:
        """Compare the sales of the authors that both know, since the first of them was made."""
        rows = []
        for side in (self.subject, self.reference):
            report = side.api.seen("/reports/sales-by-author", limit=100, **{"from": side.since})[
                "items"
            ]
            ours = [row for row in report if side.knows("author", row["author"]["id"])]
            rows.append(side.neutral(ours))
        assert rows[0] == rows[1]

    @staticmethod
    def _outline(side: Side, response: httpx.Response) -> dict[str, Any]:
        outline: dict[str, Any] = {
            "status": response.status_code,
            "etag": response.headers.get("etag"),
            "replayed": response.headers.get("idempotency-replayed"),
            "body": None,
        }
        if response.status_code >= 400:
            problem = response.json()
            outline["problem"] = problem["type"]
            outline["fields"] = [error["loc"] for error in problem.get("errors", [])]
        elif response.content:
            outline["body"] = side.neutral(response.json())
        return outline
