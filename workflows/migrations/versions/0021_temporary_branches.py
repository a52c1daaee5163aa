"""Whether a branch is a temporary one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no branch so far is temporary."""
    op.add_column("unit", sa.Column("is_temporary", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("unit", "is_temporary")
