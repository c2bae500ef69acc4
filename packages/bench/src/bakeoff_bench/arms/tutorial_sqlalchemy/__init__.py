"""The taught scenarios as SQLAlchemy's documentation shows them to somebody new to it.

Models and engine follow "Asynchronous I/O (asyncio)", section "Synopsis - ORM"
(docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html); loading follows the Unified Tutorial,
"Working with ORM Related Objects" (tutorial/orm_related_objects.html): `selectinload` for a
collection, `joinedload` for a many-to-one; adding follows "Session Basics"
(orm/session_basics.html), and foreign keys of SQLite its own page (dialects/sqlite.html).
Nothing else of the engine or the session is set but the size of the pool.
"""

from __future__ import annotations

from bakeoff_bench.arms.tutorial_sqlalchemy.arm import make

__all__ = ["make"]
