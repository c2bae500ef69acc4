"""What Alembic runs; `runner.py` opens the connection, begins, locks and commits."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
table = attributes["version_table"]

if context.is_offline_mode():
    # The dialect of MariaDB is that of MySQL: SQLAlchemy 1.3 knows no other.
    dialect = attributes["family"].replace("mariadb", "mysql")
    context.configure(dialect_name=dialect, literal_binds=True, version_table=table)
    # Once for the file; the tables of modules are made after the bookstore's.
    if dialect == "sqlite" and table == "alembic_version":
        context.execute("PRAGMA journal_mode = WAL")
else:
    context.configure(connection=attributes["connection"], version_table=table)

with context.begin_transaction():
    context.run_migrations()
