"""They load by `raw`, in this process."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_bench import dataset
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import CATALOGUE, bench_url, databases, filling, snapshot
from bakeoff_bench.loading import __main__ as command
from bakeoff_bench.loading.databases import connected
from bakeoff_bench.loading.facts import facts
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_schemas import timestamps
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.records import AuthorData, Idempotency, NewMessage, NewOrder, RefreshToken

BOOKS = 60
SERVERS = [
    name
    for name in ("postgresql", "mysql", "mariadb")
    if f"BAKEOFF_TEST_{name.upper()}_URL" in os.environ
]
TABLES = (
    "authors",
    "books",
    "tags",
    "book_tags",
    "users",
    "refresh_tokens",
    "orders",
    "order_lines",
    "idempotency_keys",
    "outbox",
)


@dataclass(frozen=True)
class Place:
    """Where a data set may go that nobody else uses."""

    address: DatabaseUrl
    wanted: DataSetChoice

    @property
    def url(self) -> DatabaseUrl:
        return bench_url(self.address, self.wanted.size)

    def prepare(self, wanted: DataSetChoice | None = None) -> dict[str, Any]:
        return prepare(self.address, wanted or self.wanted, report=_unheard)

    def content(self) -> dict[str, list[str]]:
        with connected(self.url) as session:
            return {
                table: sorted(map(repr, session.rows(f"SELECT * FROM {table}"))) for table in TABLES
            }

    def clean(self) -> snapshot.Restored:
        with connected(self.url) as session:
            loaded = snapshot.read(session)
            assert loaded is not None
            return snapshot.restore(session, loaded)


def _unheard(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture(params=["sqlite", *SERVERS])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    given = (
        f"sqlite:///{tmp_path}"
        if request.param == "sqlite"
        else os.environ[f"BAKEOFF_TEST_{request.param.upper()}_URL"]
    )
    address = DatabaseUrl.parse(given)
    place = Place(address, DataSetChoice(size=f"test_{uuid4().hex[:12]}", books=BOOKS))
    yield place
    if databases.exists(place.url):
        databases.drop(place.url)


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    return Place(DatabaseUrl.parse(f"sqlite:///{tmp_path}"), DataSetChoice(size="1k", books=BOOKS))


def test_a_data_set_is_loaded_once_cleaned_and_used_again(place: Place) -> None:
    reported: list[tuple[str, int, int]] = []
    answer = prepare(place.address, place.wanted, report=lambda *step: reported.append(step))
    assert answer["loaded"]
    assert answer["books"] == BOOKS
    assert ("books", BOOKS, BOOKS) in reported
    _has_what_the_numbers_say(place)
    before = place.content()
    asyncio.run(_write(place.url))
    changed = {table for table, rows in place.content().items() if rows != before[table]}
    assert changed == {*TABLES} - {"users"}

    cleaned = place.clean()

    assert cleaned == snapshot.Restored(books_removed=1, books_restored=3, orders_removed=1)
    assert place.content() == before
    asyncio.run(_write(place.url))
    assert not place.prepare()["loaded"]
    assert place.content() == before


@pytest.mark.parametrize("place", [name for name in SERVERS if name == "postgresql"], indirect=True)
@pytest.mark.parametrize(
    "referred", ["users WHERE id = %s", "orders WHERE id = %s", "idempotency_keys WHERE token = %s"]
)
def test_a_foreign_key_is_looked_up_by_an_index_as_soon_as_a_data_set_is_loaded(
    place: Place, referred: str
) -> None:
    place.prepare(replace(place.wanted, books=dataset.SIZES["1k"]))
    with connected(place.url) as session:
        plan = session.rows(f"EXPLAIN SELECT 1 FROM {referred} FOR KEY SHARE", str(uuid4()))
    assert any("Index Scan" in line for (line,) in plan), plan


def _has_what_the_numbers_say(place: Place) -> None:
    async def read() -> None:
        async with filling.opened(place.url) as layer, layer.reading() as store:
            for number in (1, 33, BOOKS):
                there, book = await store.books.get(number), dataset.book(number)
                assert (there.title, there.tags, there.price) == (book.title, book.tags, book.price)
                assert there.created_at == dataset.created_at(number)
                author = dataset.author(book.author_id)
                assert (await store.authors.get(book.author_id)).born == author.born
                assert there.author.name == author.name
            order = await store.orders.get(dataset.order_id(2))
            assert {line.book_id: line.quantity for line in order.lines} == dataset.order(
                2, books=BOOKS
            ).quantities
            assert (await store.users.get(dataset.user_id(1))).username == "Reader000001"

    asyncio.run(read())


async def _write(url: DatabaseUrl) -> None:
    """As scenarios do: change, add, sell, take back."""
    sold = dataset.order(2, books=BOOKS).quantities
    other, another = [number for number in range(1, BOOKS) if number not in sold][:2]
    async with filling.opened(url) as layer:
        now = timestamps.now()
        async with layer.writing() as store:
            await store.books.change(
                other, {"price": Decimal("1.00"), "tags": ["brand new"]}, at=now, expected=None
            )
            fresh = replace(
                dataset.book(7), isbn=dataset.isbn13(1, prefix="979"), tags=["brand newer"]
            )
            book = await store.books.create(fresh, at=now)
            await store.orders.place(
                NewOrder(
                    id=uuid4(),
                    customer_id=dataset.user_id(1),
                    quantities={another: 1, book.id: 2} if len(sold) == 1 else {book.id: 2},
                    placed_at=now,
                    idempotency=Idempotency(token="again", fingerprint="same"),
                )
            )
            await store.orders.cancel(dataset.order_id(2), at=now)
            await store.authors.create(AuthorData(name="Nobody"), at=now)
            await store.tokens.add(
                RefreshToken(
                    digest="0" * 64,
                    family=uuid4(),
                    user_id=dataset.user_id(1),
                    created_at=now,
                    expires_at=now,
                )
            )
            await store.outbox.add(
                [NewMessage(id=uuid4(), topic="x", payload={}, created_at=now, due_at=None)]
            )


def test_another_data_set_takes_the_place_of_the_one_before(folder: Place) -> None:
    folder.prepare()
    answer = folder.prepare(replace(folder.wanted, books=10))
    assert answer["loaded"]
    assert answer["books"] == 10


def test_a_data_set_whose_loading_was_cut_short_is_loaded_again(folder: Place) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what == "users":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder.address, folder.wanted, report=interrupt)
    assert folder.prepare()["loaded"]
    assert len(folder.content()["orders"]) == dataset.orders_of(BOOKS)


def test_a_data_set_that_has_lost_a_book_is_loaded_again(folder: Place) -> None:
    folder.prepare()
    with connected(folder.url) as session:
        session.run("DELETE FROM order_lines")
        session.run("DELETE FROM books WHERE id = 1")
    assert folder.prepare()["loaded"]


def test_a_database_that_the_bench_did_not_make_is_left_alone(
    folder: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(folder.url) as session:
        session.run("CREATE TABLE dear (id INTEGER)")
    with pytest.raises(BenchError, match="was not made by the bench"):
        folder.prepare()
    assert command.main(["drop", "--url", str(folder.address)]) == 1
    assert "was not made by the bench" in json.loads(capsys.readouterr().err)["error"]
    with connected(folder.url) as session:
        assert "dear" in session.tables()


def test_a_catalogue_is_loaded_with_customers_and_orders(folder: Place, tmp_path: Path) -> None:
    file = tmp_path / "books.csv"
    lines = "".join(f"The {number}th Book,Somebody {number % 7},3.50\n" for number in range(40))
    file.write_text(f"title,author,price\n{lines},nameless,1.00\n")
    wanted = DataSetChoice(size=CATALOGUE, books=0, catalogue=file)
    answer = folder.prepare(wanted)
    assert (answer["books"], answer["authors"], answer["orders"]) == (40, 7, 40)
    assert not folder.prepare(wanted)["loaded"]
    file.write_text(f"title,author,price\n{lines}One more,Nobody,1.00\n")
    assert folder.prepare(wanted)["books"] == 41


@pytest.mark.parametrize("content", ["", "title\nNobody wrote it\n"])
def test_a_file_that_is_no_catalogue_is_named(folder: Place, tmp_path: Path, content: str) -> None:
    file = tmp_path / "books.csv"
    file.write_text(content)
    with pytest.raises(BenchError, match=r"books\.csv: .*\(--catalogue\)"):
        folder.prepare(DataSetChoice(size=CATALOGUE, books=0, catalogue=file))


def test_only_databases_of_the_bench_are_dropped(
    folder: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.prepare()
    (tmp_path / "mine.db").touch()
    assert command.main(["drop", "--url", str(folder.address)]) == 0
    assert json.loads(capsys.readouterr().out) == {"dropped": ["bakeoff_bench_1k"]}
    assert [file.name for file in tmp_path.iterdir()] == ["mine.db"]


@pytest.mark.parametrize("name", ["sqlite", *SERVERS])
def test_a_database_says_what_it_is_and_how_it_is_set_up(name: str, tmp_path: Path) -> None:
    given = os.environ.get(f"BAKEOFF_TEST_{name.upper()}_URL", f"sqlite:///{tmp_path}")
    reported = facts(DatabaseUrl.parse(given))
    assert reported["product"].lower() == name
    telling = {"sqlite": "DEFAULT_SYNCHRONOUS", "postgresql": "fsync"}
    assert reported["settings"][telling.get(name, "innodb_flush_log_at_trx_commit")]


def test_the_command_answers_in_json_without_the_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_DATABASE_URL", f"sqlite:///{tmp_path}")
    assert command.main(["drop"]) == 0
    assert json.loads(capsys.readouterr().out) == {"dropped": []}
    assert command.main(["facts", "--url", "postgresql://ged:open-sesame@127.0.0.1:1/"]) == 1
    reported = capsys.readouterr()
    assert "127.0.0.1:1" in json.loads(reported.err)["error"]
    assert "open-sesame" not in reported.err + reported.out


def test_the_command_says_what_must_come_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["clean", "--size", "1k", "--url", f"sqlite:///{tmp_path}"]) == 1
    assert "prepare it first" in json.loads(capsys.readouterr().err)["error"]


def test_the_command_refuses_an_address_without_repeating_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["facts", "--url", "oracle://ged:open-sesame@host/"])
    assert ended.value.code == 2
    reported = capsys.readouterr().err
    assert "--url or BAKEOFF_DATABASE_URL" in reported
    assert "open-sesame" not in reported
