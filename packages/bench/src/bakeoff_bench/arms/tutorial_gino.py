"""GINO 1.1 as its documentation shows it to a newcomer with an asyncio service.

Models, `set_bind` and `create` are those of the tutorial "GINO Basics" (python-gino.org,
docs/tutorials/tutorial.rst); loading a book with its author and its tags is "Many-to-One
Relationship" and "Other Relationships" (docs/how-to/loaders.rst); inserting many is the answer to
"How to do bulk or batch insert / update?" (docs/how-to/faq.rst); and what belongs together is in
`db.transaction()` (docs/how-to/transaction.rst). A loader of several rows to a book cannot stand a
LIMIT, so that the tags of a page come by a second query.

GINO has no dialect for SQLite; there it runs on the one of this repository, as its README shows.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from gino import Gino
from sqlalchemy.dialects import registry

from bakeoff_bench.arms import tutorial
from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family

# SQLAlchemy 1.3 would find them with pkg_resources, which warns that it is going away.
registry.register("postgresql.asyncpg", "gino.dialects.asyncpg", "AsyncpgDialect")
registry.register("mysql.aiomysql", "gino.dialects.aiomysql", "AiomysqlDialect")
registry.register("sqlite.aiosqlite", "bakeoff_gino.aiosqlite_dialect", "AiosqliteDialect")

_SCHEMES: dict[Family, str] = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
}

db: Any = Gino()


class Author(db.Model):
    __tablename__ = "authors"

    id = db.Column(db.BigInteger, primary_key=True)
    name = db.Column(db.String(200), nullable=False)
    born = db.Column(db.Date)
    created_at = db.Column(db.DateTime(timezone=True), nullable=False)


class Tag(db.Model):
    __tablename__ = "tags"

    id = db.Column(db.BigInteger, primary_key=True)
    name = db.Column(db.String(50), nullable=False)


class Book(db.Model):
    """A book, to which the loaders add its author and its tags."""

    __tablename__ = "books"

    id = db.Column(db.BigInteger, primary_key=True)
    isbn = db.Column(db.String(13))
    title = db.Column(db.String(300), nullable=False)
    title_key = db.Column(db.String(5400), nullable=False)
    author_id = db.Column(db.BigInteger, db.ForeignKey("authors.id"), nullable=False)
    release_year = db.Column(db.SmallInteger)
    price = db.Column(db.Numeric(10, 2), nullable=False)
    stock = db.Column(db.Integer, nullable=False)
    in_print = db.Column(db.Boolean, nullable=False)
    attributes = db.Column(db.JSON, nullable=False)
    version = db.Column(db.BigInteger, nullable=False)
    created_at = db.Column(db.DateTime(timezone=True), nullable=False)
    updated_at = db.Column(db.DateTime(timezone=True), nullable=False)

    author: Any

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.tags: set[Tag] = set()

    def add_tag(self, tag: Tag) -> None:
        """Called by a loader."""
        self.tags.add(tag)


class BookTag(db.Model):
    __tablename__ = "book_tags"

    book_id = db.Column(db.BigInteger, db.ForeignKey("books.id"), primary_key=True)
    tag_id = db.Column(db.BigInteger, db.ForeignKey("tags.id"), primary_key=True)


class GinoTutorial:
    """The tutorial scenarios."""

    def __init__(self, config: LayerConfig) -> None:
        self._config = config

    async def open(self) -> None:
        """Bind `db`, with a pool of the size of the adapters'."""
        family = self._config.database().family
        low, high = self._config.pool_min, self._config.pool_max
        options: dict[Family, dict[str, Any]] = {
            "sqlite": {
                "min_size": low,
                "max_size": high,
                "pragmas": {"journal_mode": "WAL", "foreign_keys": True},
                "begin": "IMMEDIATE",
            },
            "postgresql": {"min_size": low, "max_size": high},
            "mysql": {"minsize": low, "maxsize": high},
        }
        await db.set_bind(self._config.database().render(_SCHEMES[family]), **options[family])

    async def close(self) -> None:
        await db.pop_bind().close()

    def operation(self, scenario: str) -> Operation | None:
        return tutorial.scenarios(read_book, read_first_page, create_book, create_books).get(
            scenario
        )


def make(config: LayerConfig) -> GinoTutorial:
    """The arm; `db` is global as in the tutorial, so there can be one in a process."""
    return GinoTutorial(config)


async def read_book(book_id: int) -> records.Book:
    """One book: the loaders combine its rows, one for each tag."""
    query = Book.outerjoin(Author).outerjoin(BookTag).outerjoin(Tag).select()
    loader = Book.distinct(Book.id).load(author=Author, add_tag=Tag.distinct(Tag.id))
    (book,) = await query.where(Book.id == book_id).gino.load(loader).all()
    names = [tag.name for tag in book.tags]
    return tutorial.record(book, author_name=book.author.name, tags=names)


async def read_first_page(_: object) -> list[records.Book]:
    """The first books by id, with their authors, and then their tags."""
    books = await Book.load(author=Author).query.order_by(Book.id).limit(tutorial.PAGE).gino.all()
    tags = await _tags_of([book.id for book in books])
    return [
        tutorial.record(book, author_name=book.author.name, tags=tags[book.id]) for book in books
    ]


async def create_book(data: records.BookData) -> records.Book:
    """A new book with tags that are there."""
    async with db.transaction():
        book = await Book.create(**tutorial.values(data, at=timestamps.now()))
        tags = await Tag.query.where(Tag.name.in_(data.tags)).gino.all()
        await _insert_all(BookTag, [{"book_id": book.id, "tag_id": tag.id} for tag in tags])
        author = await Author.get(book.author_id)
    return tutorial.record(book, author_name=author.name, tags=data.tags)


async def create_books(items: Sequence[records.BookData]) -> list[records.Book]:
    """Many new books; an insert of many does not return the new ids, so they are read."""
    at = timestamps.now()
    async with db.transaction():
        await _insert_all(Book, [tutorial.values(data, at=at) for data in items])
        isbns = [data.isbn for data in items]
        books = await Book.query.where(Book.isbn.in_(isbns)).gino.all()
        by_isbn = {book.isbn: book for book in books}
        names = {name for data in items for name in data.tags}
        tags = await Tag.query.where(Tag.name.in_(names)).gino.all()
        ids = {tag.name: tag.id for tag in tags}
        await _insert_all(
            BookTag,
            [
                {"book_id": by_isbn[data.isbn].id, "tag_id": ids[name]}
                for data in items
                for name in data.tags
            ],
        )
        author_ids = {data.author_id for data in items}
        authors = await Author.query.where(Author.id.in_(author_ids)).gino.all()
    author_names = {author.id: author.name for author in authors}
    return [
        tutorial.record(
            by_isbn[data.isbn], author_name=author_names[data.author_id], tags=data.tags
        )
        for data in items
    ]


async def _insert_all(model: Any, rows: list[dict[str, Any]]) -> None:
    """As the FAQ shows, except on asyncpg, which from 0.32 on refuses what GINO calls for that.

    There it is SQLAlchemy's own way, an INSERT with all rows in it.
    """
    if db.bind.dialect.name == "postgresql":
        await model.insert().values(rows).gino.status()
    else:
        await model.insert().gino.all(rows)


async def _tags_of(book_ids: Collection[int]) -> dict[int, list[str]]:
    query = db.select([BookTag.book_id, Tag.name]).select_from(BookTag.join(Tag))
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for book_id, name in await query.where(BookTag.book_id.in_(book_ids)).gino.all():
        tags[book_id].append(name)
    return tags
