"""The taught scenarios as Tortoise's documentation shows them to somebody new to it.

Start and end follow "Tortoise-ORM FastAPI integration" (tortoise.github.io/contrib/fastapi.html),
models and relations "Getting started" (getting_started.html) and "Models" (models.html), reading
and `bulk_create` "Query API" (query.html), transactions "Transactions" (transactions.html), and the
size of the pool "Databases" (databases.html). SQLite has one connection, as it always has there.
`bulk_create` does not learn the new ids, and a many-to-many relation is written a book at a time by
`add`: the documentation knows no other way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from tortoise import Tortoise, fields
from tortoise.contrib.fastapi import RegisterTortoise
from tortoise.models import Model
from tortoise.transactions import in_transaction

from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl


class Author(Model):
    """Somebody who wrote books."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)

    class Meta:
        """Where the rows are."""

        table = "authors"


class Tag(Model):
    """A word that books are found by."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)

    class Meta:
        """Where the rows are."""

        table = "tags"


class Book(Model):
    """A title that the store sells."""

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
        """Where the rows are."""

        table = "books"


class Tutorial:
    """Every statement finds the connections of the one registered application by itself."""

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        # Not "default": Tortoise keeps statements by the name of the connection, of any dialect.
        self._family = address.family
        self._application = RegisterTortoise(
            config={
                "connections": {self._family: _connection(address, pool=config.pool_max)},
                "apps": {"models": {"models": [__name__], "default_connection": self._family}},
            }
        )

    async def open(self) -> None:
        """Have the driver's pool make every connection; the first statement makes the pool."""
        if self._family == "mysql":
            _take_aiomysql()
        await self._application.init_orm()
        await Tortoise.get_connection(self._family).execute_query("SELECT 1")

    async def close(self) -> None:
        """Close the connections of the pool."""
        await self._application.close_orm()
        # aiomysql leaves the closing of its sockets to the next turn of the loop.
        await asyncio.sleep(0)

    def operation(self, scenario: str) -> Operation | None:
        """How the documentation would do it."""
        taught: dict[str, Operation] = {
            "point-read": self._read,
            "page-first": self._first_page,
            "create": self._create,
            "bulk-insert": self._create_many,
        }
        return taught.get(scenario)

    async def _read(self, book_id: int) -> records.Book:
        return _record(await Book.get(id=book_id).prefetch_related("author", "tags"))

    async def _first_page(self, _: None) -> list[records.Book]:
        books = await Book.all().order_by("id").limit(20).prefetch_related("author", "tags")
        return [_record(book) for book in books]

    async def _create(self, data: records.BookData) -> records.Book:
        async with in_transaction():
            book = await Book.create(**_values(data, at=timestamps.now()))
            await book.tags.add(*await Tag.filter(name__in=data.tags))
            await book.fetch_related("author", "tags")
        return _record(book)

    async def _create_many(self, items: Sequence[records.BookData]) -> list[records.Book]:
        at = timestamps.now()
        async with in_transaction():
            await Book.bulk_create([Book(**_values(item, at=at)) for item in items])
            isbns = [item.isbn for item in items]
            books = {book.isbn: book for book in await Book.filter(isbn__in=isbns)}
            tags = {tag.name: tag for tag in await Tag.all()}
            for item in items:
                await books[item.isbn].tags.add(*(tags[name] for name in item.tags))
            written = await Book.filter(isbn__in=isbns).prefetch_related("author", "tags")
        answers = {book.isbn: _record(book) for book in written}
        return [answers[isbn] for isbn in isbns]


def make(config: LayerConfig) -> Tutorial:
    """The arm; nothing connects yet."""
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


def _values(data: records.BookData, *, at: datetime) -> dict[str, Any]:
    return {
        "isbn": data.isbn,
        "title": data.title,
        "title_key": data.title_key,
        "author_id": data.author_id,
        "release_year": data.release_year,
        "price": data.price,
        "stock": data.stock,
        "in_print": data.in_print,
        "attributes": data.attributes,
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }


def _record(book: Book) -> records.Book:
    return records.Book(
        id=book.id,
        isbn=book.isbn,
        title=book.title,
        author_id=book.author_id,
        author=records.AuthorName(id=book.author.id, name=book.author.name),
        release_year=book.release_year,
        price=book.price,
        stock=book.stock,
        in_print=book.in_print,
        tags=sorted(tag.name for tag in book.tags),
        attributes=book.attributes,
        version=book.version,
        created_at=book.created_at,
        updated_at=book.updated_at,
    )
