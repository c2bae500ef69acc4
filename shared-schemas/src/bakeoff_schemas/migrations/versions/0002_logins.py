"""Log-ins: who is an administrator, and the tokens that renew a log-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.migrations.columns import COLUMNS, Family

revision = "0002_logins"
down_revision = "0001_bookstore"


def upgrade() -> None:
    """Add a column to the users, and a table beside them; nobody becomes an administrator."""
    family: Family = context.config.attributes["family"]
    column = COLUMNS[family]
    if not context.is_offline_mode():
        _refuse_what_is_there()
    # The default stays: a service of the release before goes on adding users, and SQLite could only
    # drop a default by making the table anew.
    op.add_column(
        "users", sa.Column("is_admin", column.boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "refresh_tokens",
        # SHA-256 in hexadecimal digits.
        sa.Column("digest", column.text(64), primary_key=True),
        sa.Column("family", column.uuid, nullable=False),
        sa.Column("user_id", column.uuid, nullable=False),
        sa.Column("created_at", column.timestamp, nullable=False),
        sa.Column("expires_at", column.timestamp, nullable=False),
        sa.Column("used_at", column.timestamp),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_refresh_tokens_user_id", ondelete="CASCADE"
        ),
        **column.options,
    )
    for name in ("user_id", "family", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{name}", "refresh_tokens", [name])


def _refuse_what_is_there() -> None:
    """Stop before the first change rather than halfway: MySQL cannot roll any of them back."""
    inspector = sa.inspect(op.get_bind())
    tables = inspector.get_table_names()
    columns = inspector.get_columns("users") if "users" in tables else []
    present = ["the column users.is_admin"] * any(one["name"] == "is_admin" for one in columns)
    present += ["the table refresh_tokens"] * ("refresh_tokens" in tables)
    if present:
        raise MigrationError(
            f"there is already {' and '.join(present)}, although the migration {revision} is not "
            "recorded: an interrupted migration left that, or another application made it. Drop "
            "it, and migrate again"
        )


def downgrade() -> None:
    """Drop both with what is in them."""
    op.drop_table("refresh_tokens")
    op.drop_column("users", "is_admin")
