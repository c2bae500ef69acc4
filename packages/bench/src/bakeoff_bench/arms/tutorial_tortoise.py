"""The tutorial scenarios as Tortoise's documentation shows them to a newcomer.

Start and end follow "Tortoise-ORM FastAPI integration" (tortoise.github.io/contrib/fastapi.html),
models and relations "Getting started" (getting_started.html) and "Models" (models.html), reading
and `bulk_create` "Query API" (query.html), transactions "Transactions" (transactions.html), and the
size of the pool "Databases" (databases.html). SQLite has one connection, as it always has there.
`bulk_create` does not return the new ids, and a many-to-many relation is written a book at a time
by `add`: the documentation shows no other way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from tortoise import Tortoise, fields
from tortoise.contrib.fastapi import RegisterTortoise
from tortoise.models import Model
from tortoise.transactions import in_transaction

from bakeoff_bench.arms import tutorial
from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl


class Author(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)

    class Meta:
        table = "authors"


class Tag(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)

    class Meta:
        table = "tags"


class Book(Model):
    id = fields.BigIntField(primary_key=True)
    isbn = fields.CharField(max_length=13, unique=True, null=True)
    title = fields.CharField(max_length=300)
    title_key = fields.CharField(max_length=5400)
    author: fields.ForeignKeyRelation[Author] = fields.ForeignKeyField(
        "models.Author", related_name="books", on_delete=fields.RESTRICT
    )
    author_id: int
    release_year = fields.SmallIntField(null=True)
    price = fields.DecimalField(max_digits=10, decimal_places=2)
    stock = fields.IntField()
    in_print = fields.BooleanField()
    attributes: fields.JSONField[dict[str, Any]] = fields.JSONField()
    version = fields.BigIntField()
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    tags: fields.ManyToManyRelation[Tag] = fields.ManyToManyField(
        "models.Tag",
        related_name="books",
        through="book_tags",
        forward_key="tag_id",
        backward_key="book_id",
    )

    class Meta:
        table = "books"


class Tutorial:
    """Every statement finds the connections of the one registered application by itself."""

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        # Not "default": Tortoise caches statements by the name of the connection, not the dialect.
        self._family = address.family
        self._application = RegisterTortoise(
            config={
                "connections": {self._family: _connection(address, pool=config.pool_max)},
                "apps": {"models": {"models": [__name__], "default_connection": self._family}},
            }
        )

    async def open(self) -> None:
        """Let the driver's pool make all its connections; the first statement creates it."""
        if self._family == "mysql":
            _take_aiomysql()
        await self._application.init_orm()
        await Tortoise.get_connection(self._family).execute_query("SELECT 1")

    async def close(self) -> None:
        await self._application.close_orm()
        # aiomysql leaves the closing of its sockets to the next turn of the loop.
        await asyncio.sleep(0)

    def operation(self, scenario: str) -> Operation | None:
        return tutorial.scenarios(
            self._read, self._first_page, self._create, self._create_many
        ).get(scenario)

    async def _read(self, book_id: int) -> records.Book:
        return _record(await Book.get(id=book_id).prefetch_related("author", "tags"))

    async def _first_page(self, _: None) -> list[records.Book]:
        books = (
            await Book.all().order_by("id").limit(tutorial.PAGE).prefetch_related("author", "tags")
        )
        return [_record(book) for book in books]

    async def _create(self, data: records.BookData) -> records.Book:
        async with in_transaction():
            book = await Book.create(**tutorial.values(data, at=timestamps.now()))
            await book.tags.add(*await Tag.filter(name__in=data.tags))
            await book.fetch_related("author", "tags")
        return _record(book)

    async def _create_many(self, items: Sequence[records.BookData]) -> list[records.Book]:
        at = timestamps.now()
        async with in_transaction():
            await Book.bulk_create([Book(**tutorial.values(item, at=at)) for item in items])
            isbns = [item.isbn for item in items]
            books = {book.isbn: book for book in await Book.filter(isbn__in=isbns)}
            tags = {tag.name: tag for tag in await Tag.all()}
            for item in items:
                await books[item.isbn].tags.add(*(tags[name] for name in item.tags))
            written = await Book.filter(isbn__in=isbns).prefetch_related("author", "tags")
        answers = {book.isbn: _record(book) for book in written}
        return [answers[isbn] for isbn in isbns]


def make(config: LayerConfig) -> Tutorial:
    return Tutorial(config)


def _connection(address: DatabaseUrl, *, pool: int) -> dict[str, Any]:
    if address.family == "sqlite":
        return {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": address.name}}
    driver = "asyncpg" if address.family == "postgresql" else "mysql"
    return {
        "engine": f"tortoise.backends.{driver}",
        "credentials": {
            "host": address.host,
            "port": address.port,
            "user": address.user or None,
            "password": address.password,
            "database": address.name,
            "minsize": pool,
            "maxsize": pool,
        },
    }


def _take_aiomysql() -> None:
    """As if `tortoise-orm[aiomysql]` alone were installed: the adapter brings asyncmy as well."""
    client: Any = import_module("tortoise.backends.mysql.client")
    client.mysql, client.errors = import_module("aiomysql"), import_module("pymysql.err")


def _record(book: Book) -> records.Book:
    names = [tag.name for tag in book.tags]
    return tutorial.record(book, author_name=book.author.name, tags=names)
