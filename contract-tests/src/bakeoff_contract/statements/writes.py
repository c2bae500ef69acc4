"""The writes of the port, in its order, and the variants of them that may cost differently."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from bakeoff_contract.statements.operations import Operation, write, write_to
from bakeoff_contract.statements.samples import NOW, Samples
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import AuthorData, BookData, RefreshToken

_TAGS = ["fantasy", "islands"]
_MANY_TAGS = [f"tag {number}" for number in range(10, 50)]
_MANY_LINES = range(50)


async def _new_author(store: Store, _: Samples) -> int:
    return (await store.authors.create(AuthorData(name="x"), at=NOW)).id


async def _new_book(store: Store, samples: Samples) -> int:
    return (await store.books.create(samples.book(tags=_TAGS), at=NOW)).id


async def _new_book_with_many_tags(store: Store, samples: Samples) -> int:
    return (await store.books.create(samples.book(tags=_MANY_TAGS[:20]), at=NOW)).id


async def _known_book(store: Store, samples: Samples) -> BookData:
    known = samples.book(tags=_TAGS)
    await store.books.create(known, at=NOW)
    return known


async def _new_user(store: Store, samples: Samples) -> UUID:
    return (await store.users.create(samples.user())).id


async def _new_token(store: Store, samples: Samples) -> RefreshToken:
    token = samples.token()
    await store.tokens.add(token)
    return token


async def _used_token(store: Store, samples: Samples) -> RefreshToken:
    token = await _new_token(store, samples)
    await store.tokens.use(token.digest, at=NOW)
    return token


async def _expired_token(store: Store, samples: Samples) -> None:
    await store.tokens.add(samples.token(expires_at=NOW - timedelta(days=1)))


async def _used_key(store: Store, samples: Samples) -> str:
    token = uuid4().hex
    await store.orders.place(samples.order(1, 2, 3, token=token))
    return token


async def _new_order(store: Store, samples: Samples) -> UUID:
    return (await store.orders.place(samples.order(1))).order.id


async def _new_long_order(store: Store, samples: Samples) -> UUID:
    return (await store.orders.place(samples.order(*reversed(_MANY_LINES)))).order.id


async def _new_message(store: Store, samples: Samples) -> UUID:
    message = samples.message()
    await store.outbox.add([message])
    return message.id


async def _dead_letter(store: Store, samples: Samples) -> UUID:
    message_id = await _new_message(store, samples)
    await store.outbox.bury(message_id, at=NOW, error="given up")
    return message_id


async def _handled_message(store: Store, samples: Samples) -> None:
    await store.outbox.finish(await _new_message(store, samples), at=NOW)


def _many_messages(count: int) -> Operation:
    return write(lambda store, samples: store.outbox.add([samples.message() for _ in range(count)]))


def _publish(count: int) -> Operation:
    """As many are there at least, also of other operations."""
    return write_to(
        lambda store, samples: store.outbox.add([samples.message() for _ in range(count)]),
        lambda store, *_: store.outbox.publish(limit=count),
    )


def _claim(count: int) -> Operation:
    """Under a topic of their own."""

    async def add(store: Store, samples: Samples) -> str:
        topic = uuid4().hex
        await store.outbox.add([samples.message(topic=topic) for _ in range(count)])
        return topic

    return write_to(
        add,
        lambda store, _, topic: store.outbox.claim(
            topics=[topic], limit=count, at=NOW, until=NOW + timedelta(minutes=1)
        ),
    )


def _many_authors(count: int) -> Operation:
    return write(
        lambda store, _: store.authors.create_bulk(
            [AuthorData(name=f"author {number}") for number in range(count)], at=NOW
        )
    )


def _many_books(count: int) -> Operation:
    return write(
        lambda store, samples: store.books.create_bulk(
            [
                samples.book(author_id=samples.authors[number % 100], tags=_TAGS)
                for number in range(count)
            ],
            at=NOW,
        )
    )


WRITES: dict[str, Operation] = {
    "authors.create": write(_new_author),
    "authors.change": write_to(
        _new_author, lambda store, _, author: store.authors.change(author, {"name": "y"})
    ),
    "authors.change[nothing]": write_to(
        _new_author, lambda store, _, author: store.authors.change(author, {})
    ),
    "authors.delete": write_to(_new_author, lambda store, _, author: store.authors.delete(author)),
    "authors.create_bulk": _many_authors(1),
    "authors.create_bulk[100]": _many_authors(100),
    "authors.create_bulk[1000]": _many_authors(1000),
    "books.create": write(lambda store, samples: store.books.create(samples.book(), at=NOW)),
    "books.create[tags]": write(_new_book),
    "books.create[new tags]": write(
        lambda store, samples: store.books.create(
            samples.book(tags=sorted(uuid4().hex for _ in range(3))), at=NOW
        )
    ),
    "books.create[tags=20]": write(_new_book_with_many_tags),
    "books.replace": write_to(
        _new_book,
        lambda store, samples, book: store.books.replace(
            book, samples.book(), at=NOW, expected=None
        ),
    ),
    "books.replace[tags]": write_to(
        _new_book,
        lambda store, samples, book: store.books.replace(
            book, samples.book(tags=_MANY_TAGS[20:22]), at=NOW, expected=None
        ),
    ),
    "books.replace[expected]": write_to(
        _new_book,
        lambda store, samples, book: store.books.replace(
            book, samples.book(tags=_TAGS), at=NOW, expected=[1, 2]
        ),
    ),
    "books.replace[tags=20]": write_to(
        _new_book_with_many_tags,
        lambda store, samples, book: store.books.replace(
            book, samples.book(tags=_MANY_TAGS[20:]), at=NOW, expected=None
        ),
    ),
    "books.change": write_to(
        _new_book,
        lambda store, _, book: store.books.change(book, {"stock": 9}, at=NOW, expected=None),
    ),
    "books.change[nothing]": write_to(
        _new_book, lambda store, _, book: store.books.change(book, {}, at=NOW, expected=None)
    ),
    "books.change[expected]": write_to(
        _new_book,
        lambda store, _, book: store.books.change(book, {"stock": 9}, at=NOW, expected=[1, 2]),
    ),
    "books.change[tags]": write_to(
        _new_book,
        lambda store, _, book: store.books.change(
            book, {"tags": ["islands", "tag 1"]}, at=NOW, expected=None
        ),
    ),
    "books.delete": write_to(
        _new_book, lambda store, _, book: store.books.delete(book, expected=None)
    ),
    "books.delete[expected]": write_to(
        _new_book, lambda store, _, book: store.books.delete(book, expected=[1])
    ),
    "books.create_bulk": _many_books(1),
    "books.create_bulk[100]": _many_books(100),
    "books.create_bulk[1000]": _many_books(1000),
    "books.upsert": write(
        lambda store, samples: store.books.upsert(samples.book(tags=_TAGS), at=NOW)
    ),
    "books.upsert[existing]": write_to(
        _known_book, lambda store, _, known: store.books.upsert(known, at=NOW)
    ),
    "users.create": write(_new_user),
    "users.delete": write_to(_new_user, lambda store, _, user: store.users.delete(user)),
    "users.set_password_hash": write_to(
        _new_user, lambda store, _, user: store.users.set_password_hash(user, uuid4().hex)
    ),
    "users.set_admin": write_to(
        _new_user, lambda store, _, user: store.users.set_admin(user, True)
    ),
    "tokens.add": write(_new_token),
    "tokens.use": write_to(
        _new_token, lambda store, _, token: store.tokens.use(token.digest, at=NOW)
    ),
    "tokens.use[again]": write_to(
        _used_token, lambda store, _, token: store.tokens.use(token.digest, at=NOW)
    ),
    "tokens.revoke": write_to(
        _new_token, lambda store, _, token: store.tokens.revoke(token.family)
    ),
    "tokens.delete_expired": write_to(
        _expired_token, lambda store, *_: store.tokens.delete_expired(before=NOW)
    ),
    "orders.place": write(_new_order),
    "orders.place[lines=50]": write(_new_long_order),
    "orders.place[key]": write(
        lambda store, samples: store.orders.place(samples.order(1, 2, 3, token=uuid4().hex))
    ),
    "orders.place[replayed]": write_to(
        _used_key,
        lambda store, samples, token: store.orders.place(samples.order(1, 2, 3, token=token)),
    ),
    "orders.cancel": write_to(
        _new_order, lambda store, _, order: store.orders.cancel(order, at=NOW)
    ),
    "orders.cancel[lines=50]": write_to(
        _new_long_order, lambda store, _, order: store.orders.cancel(order, at=NOW)
    ),
    "outbox.add": _many_messages(1),
    "outbox.add[100]": _many_messages(100),
    "outbox.publish": _publish(1),
    "outbox.publish[100]": _publish(100),
    "outbox.claim": _claim(1),
    "outbox.claim[100]": _claim(100),
    "outbox.finish": write_to(
        _new_message, lambda store, _, message: store.outbox.finish(message, at=NOW)
    ),
    "outbox.retry": write_to(
        _new_message,
        lambda store, _, message: store.outbox.retry(message, due_at=NOW, error="in vain"),
    ),
    "outbox.bury": write_to(
        _new_message,
        lambda store, _, message: store.outbox.bury(message, at=NOW, error="given up"),
    ),
    "outbox.replay": write_to(
        _dead_letter, lambda store, _, message: store.outbox.replay(message, at=NOW)
    ),
    "outbox.purge": write_to(
        _handled_message,
        lambda store, *_: store.outbox.purge(before=NOW + timedelta(microseconds=1)),
    ),
}
