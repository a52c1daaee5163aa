"""What was submitted for one item of a batch alone, such as the votes for one candidate of a meeting."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the column."""
    op.add_column("batch_item", sa.Column("content", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("batch_item", "content")
