"""Reviews of books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from bakeoff_schemas.migrations.columns import COLUMNS

revision = "0001_reviews"
down_revision = None


def upgrade() -> None:
    """Each review belongs to a book of the bookstore, and goes with it."""
    column = COLUMNS[context.config.attributes["family"]]
    op.create_table(
        "reviews",
        sa.Column("id", column.identity, primary_key=True),
        sa.Column(
            "book_id",
            column.bigint,
            sa.ForeignKey("books.id", name="fk_reviews_book_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("text", column.text(2000), nullable=False),
        **column.options,
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("reviews")
