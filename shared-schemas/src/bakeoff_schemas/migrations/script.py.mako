"""${message}."""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say here what changes, and why."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Put everything back as it was."""
    ${downgrades if downgrades else "pass"}
