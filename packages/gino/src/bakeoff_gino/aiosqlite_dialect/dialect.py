"""The dialect, which joins SQLAlchemy 1.3's for SQLite and GINO's interface of drivers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from gino.dialects import base
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.context import AiosqliteExecutionContext
from bakeoff_gino.aiosqlite_dialect.cursor import DBAPICursor
from bakeoff_gino.aiosqlite_dialect.opening import Init, Opener
from bakeoff_gino.aiosqlite_dialect.pool import Pool
from bakeoff_gino.aiosqlite_dialect.transaction import Transaction, check_mode
from bakeoff_gino.aiosqlite_dialect.types import AiosqliteCompiler, AiosqliteTypeCompiler

_OF_SQLITE3 = ("uri", "detect_types", "cached_statements", "factory")
_OF_OPENER = frozenset(("pragmas", "timeout", "iter_chunk_size", *_OF_SQLITE3))
_OF_POOL = frozenset(("min_size", "max_size"))


class AiosqliteDBAPI(base.BaseDBAPI):
    """What SQLAlchemy needs to know of a driver; errors go through as they are."""

    paramstyle = "qmark"
    Error = sqlite3.Error
    sqlite_version_info = sqlite3.sqlite_version_info

    @staticmethod
    def Binary(x: Any) -> memoryview:
        return memoryview(x)


class AiosqliteDialect(SQLiteDialect_pysqlite, base.AsyncDialectMixin):
    """`sqlite+aiosqlite://`: create_engine takes the arguments in `init_kwargs`."""

    driver = "aiosqlite"
    dbapi_class = AiosqliteDBAPI
    statement_compiler = AiosqliteCompiler
    type_compiler = AiosqliteTypeCompiler
    execution_ctx_cls = AiosqliteExecutionContext
    cursor_cls = DBAPICursor
    support_prepare = True
    support_returning = sqlite3.sqlite_version_info >= (3, 35)
    init_kwargs = _OF_OPENER | _OF_POOL | {"bakery", "init", "begin"}

    def __init__(
        self,
        *args: Any,
        bakery: Any = None,
        init: Init | None = None,
        begin: str = "DEFERRED",
        **kwargs: Any,
    ) -> None:
        """`begin` is the mode of transactions that name none."""
        self._opener_kwargs = {name: kwargs.pop(name) for name in _OF_OPENER & kwargs.keys()}
        self._pool_kwargs = {name: kwargs.pop(name) for name in _OF_POOL & kwargs.keys()}
        self._init_hook = init
        self._begin = check_mode(begin)
        super().__init__(*args, **kwargs)
        self._init_mixin(bakery)

    @classmethod
    def dbapi(cls) -> type[AiosqliteDBAPI]:
        return cls.dbapi_class

    async def init_pool(self, url: Any, loop: Any, pool_class: Any = None) -> Any:
        (filename,), options = self.create_connect_args(url)
        # Connections are in autocommit unless GINO begins a transaction.
        options.pop("isolation_level", None)
        opener = Opener(filename, init=self._init_hook, **{**options, **self._opener_kwargs})
        if pool_class is None:
            pool_class = Pool
        return await pool_class(url, loop, opener=opener, **self._pool_kwargs)

    def transaction(
        self, raw_conn: Connection, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Transaction:
        return Transaction(raw_conn, *args, begin=self._begin, **kwargs)

    async def has_schema(self, connection: Any, schema: str) -> bool:
        rows = await connection.all("PRAGMA database_list")
        return schema in (row[1] for row in rows)

    async def has_table(self, connection: Any, table_name: str, schema: str | None = None) -> bool:
        """Also a temporary one, and a view."""
        quote = self.identifier_preparer.quote_identifier
        for place in ("main", "temp") if schema is None else (schema,):
            if await connection.all(f"PRAGMA {quote(place)}.table_info({quote(table_name)})"):
                return True
        return False
