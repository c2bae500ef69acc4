"""The statements of the orders."""

from __future__ import annotations

from bakeoff_raw.sql.pages import Listing
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import ORDER

_LINES = "JOIN order_lines ON order_lines.order_id = orders.id"
_IN_ORDER = "ORDER BY order_lines.position"
GET = statement(f"SELECT {ORDER} FROM orders {_LINES} WHERE orders.id = :id {_IN_ORDER}")
STATUS = statement("SELECT status FROM orders WHERE id = :id")
LISTING = Listing(
    table="orders",
    columns=ORDER,
    joins=f"LEFT {_LINES}",
    within=", order_lines.position",
)

# A row if the key is new. Key and order are committed together, so that on MySQL a key without an
# order is one that has just been claimed.
_CLAIM = """
    INSERT INTO idempotency_keys (token, fingerprint, created_at)
    VALUES (:token, :fingerprint, :at)
"""
CLAIM = statement(
    f"{_CLAIM} ON CONFLICT (token) DO NOTHING RETURNING token",
    mysql=f"""
        {_CLAIM} ON DUPLICATE KEY UPDATE token = token;
        SELECT token FROM idempotency_keys WHERE token = :token
        AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.idempotency_key = :token)
    """,
)
CLAIMED = statement(f"""
    SELECT {ORDER}, idempotency_keys.fingerprint
    FROM idempotency_keys JOIN orders ON orders.idempotency_key = idempotency_keys.token {_LINES}
    WHERE idempotency_keys.token = :token {_IN_ORDER}
""")
CUSTOMER = statement("SELECT 1 FROM users WHERE id = :id")
_LOCK = "SELECT id, price, stock FROM books WHERE id IN :ids ORDER BY id"
LOCK = statement(
    f"{_LOCK} FOR UPDATE",
    # The weaker lock lets other transactions refer to the book.
    postgresql=f"{_LOCK} FOR NO KEY UPDATE",
    # The transaction has locked the whole database.
    sqlite=_LOCK,
)

# `lines` is JSON: [[position, book_id, quantity, unit_price], …]
_ORDER = """
    INSERT INTO orders (id, customer_id, status, total, placed_at, idempotency_key)
    VALUES (:id, :customer_id, 'placed', :total, :at, :token)
"""
_ORDER_LINES = """
    INSERT INTO order_lines (order_id, position, book_id, quantity, unit_price)
    SELECT :id, line.position, line.book_id, line.quantity, line.unit_price
"""
_TAKE = """
    stock = books.stock - line.quantity, version = books.version + 1, updated_at = :at
"""
_MYSQL_LINES = """
    JSON_TABLE(:lines, '$[*]' COLUMNS (
        position INT PATH '$[0]', book_id BIGINT PATH '$[1]',
        quantity INT PATH '$[2]', unit_price DECIMAL(10, 2) PATH '$[3]'
    )) AS line
"""
_SQLITE_LINES = """
    (SELECT value ->> 0 AS position, value ->> 1 AS book_id,
            value ->> 2 AS quantity, value ->> 3 AS unit_price
     FROM json_each(:lines)) AS line
"""
SELL = statement(
    postgresql=f"""
        WITH line AS MATERIALIZED (
            SELECT (item ->> 0)::smallint AS position, (item ->> 1)::bigint AS book_id,
                   (item ->> 2)::integer AS quantity, (item ->> 3)::numeric AS unit_price
            FROM jsonb_array_elements(:lines::jsonb) AS item
        ), taken AS (
            UPDATE books SET {_TAKE} FROM line WHERE books.id = line.book_id
        ), placed AS (
            {_ORDER}
        )
        {_ORDER_LINES.replace(":id", ":id::uuid")} FROM line
    """,
    mysql=f"""
        UPDATE {_MYSQL_LINES} STRAIGHT_JOIN books ON books.id = line.book_id
        SET books.stock = books.stock - line.quantity, books.version = books.version + 1,
            books.updated_at = :at;
        {_ORDER};
        {_ORDER_LINES} FROM {_MYSQL_LINES}
    """,
    sqlite=f"""
        UPDATE books SET {_TAKE} FROM {_SQLITE_LINES} WHERE books.id = line.book_id;
        {_ORDER};
        {_ORDER_LINES} FROM {_SQLITE_LINES}
    """,
)

_CANCEL = "UPDATE orders SET status = 'cancelled' WHERE id = :id AND status = 'placed'"
CANCEL = statement(
    postgresql=f"""
        WITH orders AS ({_CANCEL} RETURNING *) SELECT {ORDER} FROM orders {_LINES} {_IN_ORDER}
    """,
    mysql=f"""
        {_CANCEL};
        SELECT {ORDER} FROM orders {_LINES} WHERE orders.id = :id AND ROW_COUNT() > 0 {_IN_ORDER}
    """,
    sqlite=f"""
        {_CANCEL};
        SELECT {ORDER} FROM orders {_LINES} WHERE orders.id = :id AND changes() > 0 {_IN_ORDER}
    """,
)
_GIVE_BACK = """
    stock = books.stock + order_lines.quantity, version = books.version + 1, updated_at = :at
"""
PUT_BACK = statement(
    f"""
        UPDATE books SET {_GIVE_BACK} FROM order_lines
        WHERE order_lines.order_id = :id AND books.id = order_lines.book_id
    """,
    mysql="""
        UPDATE order_lines JOIN books ON books.id = order_lines.book_id
        SET books.stock = books.stock + order_lines.quantity, books.version = books.version + 1,
            books.updated_at = :at
        WHERE order_lines.order_id = :id
    """,
)
