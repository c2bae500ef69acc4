"""The outbox: what happened, written in the transaction in which it happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from bakeoff_schemas.migrate import MigrationError
from bakeoff_schemas.migrations.columns import COLUMNS, Family

revision = "0003_outbox"
down_revision = "0002_logins"


def upgrade() -> None:
    """Add one table; nothing of before changes."""
    family: Family = context.config.attributes["family"]
    column = COLUMNS[family]
    if not context.is_offline_mode():
        _refuse_what_is_there()
    op.create_table(
        "outbox",
        sa.Column("id", column.uuid, primary_key=True),
        sa.Column("topic", column.text(50), nullable=False),
        sa.Column("payload", column.json, nullable=False),
        sa.Column("created_at", column.timestamp, nullable=False),
        # Null until it is published.
        sa.Column("position", column.bigint),
        sa.Column("attempts", column.integer, nullable=False),
        # Null where nobody has to handle it, or nobody has to any more.
        sa.Column("due_at", column.timestamp),
        sa.Column("handled_at", column.timestamp),
        sa.Column("failed_at", column.timestamp),
        sa.Column("error", column.text(500)),
        sa.UniqueConstraint("position", name="uq_outbox_position"),
        **column.options,
    )
    # The unpublished in their order are those whose position is null, so that one index serves all
    # databases; MySQL has no partial index.
    op.create_index("ix_outbox_unpublished", "outbox", ["position", "created_at", "id"])
    # Also for what is purged, which is due never and created before some time.
    op.create_index("ix_outbox_due_at", "outbox", ["due_at", "created_at", "id"])
    op.create_index("ix_outbox_failed_at", "outbox", ["failed_at", "id"])


def _refuse_what_is_there() -> None:
    """Name what an interrupted migration left: MySQL cannot roll a CREATE TABLE back."""
    if "outbox" in sa.inspect(op.get_bind()).get_table_names():
        raise MigrationError(
            f"there is already the table outbox, although the migration {revision} is not "
            "recorded: an interrupted migration left that, or another application made it. Drop "
            "it, and migrate again"
        )


def downgrade() -> None:
    """Drop the table with what is in it."""
    op.drop_table("outbox")
