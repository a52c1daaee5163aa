"""Of what kind a public notice is: of activists, of development targets, of new members."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every notice so far was one of development targets."""
    op.add_column("posting", sa.Column("kind", sa.String(length=24), nullable=False, server_default="target"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("posting", "kind")
