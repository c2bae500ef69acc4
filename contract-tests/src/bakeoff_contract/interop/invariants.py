"""What must be true of the answers once a mixed fleet is at rest, whoever did what, and when."""

from __future__ import annotations

from collections import Counter

from bakeoff_contract.api import Api, Json
from bakeoff_contract.interop import reading
from bakeoff_contract.interop.asking import Asker
from bakeoff_contract.interop.comparing import difference
from bakeoff_contract.interop.ledger import Ledger
from bakeoff_contract.interop.stage import STOCK, Stage
from bakeoff_contract.interop.writing import total
from bakeoff_contract.leaks import assert_nothing_left


def hold(apis: dict[str, Api], stage: Stage, ledger: Ledger) -> int:
    """Every invariant; the number of answers that were looked at.

    :raises AssertionError: one of them does not hold.
    """
    askers = [Asker(name, api) for name, api in apis.items()]
    _both_answer_the_same(askers, stage, ledger)
    for asker in askers:
        _orders_are_those_that_were_placed(asker, stage, ledger)
        _stock_is_what_was_not_sold(asker, stage, ledger)
        _every_change_counts_once(asker, stage, ledger)
        _an_isbn_has_one_book(asker, stage, ledger)
        _sales_add_up(asker, stage, ledger)
        assert_nothing_left(asker.api)
    return sum(asker.answers for asker in askers)


def _both_answer_the_same(askers: list[Asker], stage: Stage, ledger: Ledger) -> None:
    authors = [*stage.authors, stage.catalogue_author]
    paths = [f"/books?author_id={author['id']}&sort=-price&limit=2" for author in authors]
    paths += [f"/orders?customer_id={user['id']}&limit=100" for user in stage.customers]
    paths += [f"/books/{book_id}" for book_id in ledger.versions]
    paths += [f"/orders/{order_id}" for order_id in list(ledger.orders)[:10]]
    paths += ["/books?tag=fleet&sort=title&limit=100", "/reports/prices-by-tag"]
    paths += ["/reports/sales-by-author?limit=100", "/authors?limit=100", "/books/export"]
    one, other = (reading.read(asker, paths) for asker in askers)
    if found := reading.first_difference(one, other):
        raise AssertionError(f"{askers[1].backend} beside {askers[0].backend}: {found}")


def _orders_are_those_that_were_placed(asker: Asker, stage: Stage, ledger: Ledger) -> None:
    listed: dict[str, Json] = {}
    for customer in stage.customers:
        asker.answers += 1
        rows = asker.api.walk("/orders", customer_id=customer["id"], limit=50)
        assert len({row["id"] for row in rows}) == len(rows), f"{asker.backend}: an order twice"
        listed |= {row["id"]: row for row in rows}
    if found := difference(ledger.orders, listed, "the orders"):
        raise AssertionError(f"{asker.backend}: {found}")
    for order in listed.values():
        assert order["total"] == total(order["lines"]), f"{asker.backend}: {order}"
        for line in order["lines"]:
            prices = ledger.prices[line["book_id"]]
            assert line["unit_price"] in prices, f"{asker.backend}: never a price: {line}"


def _copies(ledger: Ledger, *, status: str) -> Counter[int]:
    return Counter(
        {
            book_id: sum(line["quantity"] for line in lines)
            for book_id, lines in _lines(ledger, status=status).items()
        }
    )


def _lines(ledger: Ledger, *, status: str) -> dict[int, list[Json]]:
    lines: dict[int, list[Json]] = {}
    for order in ledger.orders.values():
        if order["status"] == status:
            for line in order["lines"]:
                lines.setdefault(line["book_id"], []).append(line)
    return lines


def _stock_is_what_was_not_sold(asker: Asker, stage: Stage, ledger: Ledger) -> None:
    sold = _copies(ledger, status="placed")
    for book in stage.books:
        stock = asker.ask("GET", f"/books/{book['id']}")["stock"]
        left = STOCK - sold[book["id"]]
        assert stock == left >= 0, f"{asker.backend}: {stock} copies of {book['id']}, not {left}"


def _every_change_counts_once(asker: Asker, stage: Stage, ledger: Ledger) -> None:
    """A patch adds one to the version, and so do a sale and its cancellation."""
    sales, returns = (_lines(ledger, status=status) for status in ("placed", "cancelled"))
    for book in stage.books:
        versions = ledger.versions[book["id"]]
        assert len(set(versions)) == len(versions), f"one version for two changes: {versions}"
        times = len(sales.get(book["id"], ())) + 2 * len(returns.get(book["id"], ()))
        expected = len(versions) + times
        version = asker.ask("GET", f"/books/{book['id']}")["version"]
        assert version == expected, (
            f"{asker.backend}: book {book['id']} has version {version}, not {expected}"
        )
    # Of these every change was answered with its version, from the first.
    for book_id in ledger.isbns:
        versions = sorted(ledger.versions[book_id])
        expected_versions = list(range(1, len(versions) + 1))
        assert versions == expected_versions, f"book {book_id} was changed to {versions}"


def _an_isbn_has_one_book(asker: Asker, stage: Stage, ledger: Ledger) -> None:
    assert len(set(ledger.deleted)) == len(ledger.deleted), f"deleted twice: {ledger.deleted}"
    expected = {
        isbn: book_id for book_id, isbn in ledger.isbns.items() if book_id not in ledger.deleted
    }
    asker.answers += 1
    books = asker.api.walk("/books", author_id=stage.catalogue_author["id"], limit=100)
    isbns = [book["isbn"] for book in books]
    assert len(set(isbns)) == len(isbns), f"{asker.backend}: two books with one ISBN: {isbns}"
    assert {book["isbn"]: book["id"] for book in books} == expected, f"{asker.backend}: {books}"
    for book in books:
        assert book["version"] == max(ledger.versions[book["id"]]), f"{asker.backend}: {book}"
    for book_id in ledger.deleted:
        asker.gone(f"/books/{book_id}")


def _sales_add_up(asker: Asker, stage: Stage, ledger: Ledger) -> None:
    """The report of everything that was sold since, for nobody else has sold since then."""
    since = min(order["placed_at"] for order in ledger.orders.values())
    author_of = {book["id"]: book["author_id"] for book in stage.books}
    expected = []
    for author in stage.authors:
        lines, orders = [], 0
        for order in ledger.orders.values():
            theirs = [line for line in order["lines"] if author_of[line["book_id"]] == author["id"]]
            if theirs and order["status"] == "placed":
                lines += theirs
                orders += 1
        name = {"id": author["id"], "name": author["name"]}
        copies = sum(line["quantity"] for line in lines)
        row = {"author": name, "copies": copies, "orders": orders, "revenue": total(lines)}
        expected += [row] if lines else []
    expected.sort(key=lambda row: (-float(row["revenue"]), row["author"]["id"]))
    report = asker.ask("GET", f"/reports/sales-by-author?from={since}")
    if found := difference({"items": expected}, report):
        raise AssertionError(f"{asker.backend}: sales since {since}: {found}")
