"""An inbox's items in its own order, and its counts, from one index; a small index for items of one person."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HAS_PERSON = sa.text("person_id IS NOT NULL")


def upgrade() -> None:
    """Make the indexes anew."""
    op.drop_index("ix_work_item_inbox", "work_item")
    op.drop_index("ix_work_item_person", "work_item")
    op.create_index("ix_work_item_inbox", "work_item", ["unit_id", "post_kind", "due_on", "id", "step", "person_id"])
    op.create_index(
        "ix_work_item_person",
        "work_item",
        ["person_id", "due_on", "id"],
        sqlite_where=HAS_PERSON,
        postgresql_where=HAS_PERSON,
    )


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index("ix_work_item_inbox", "work_item")
    op.drop_index("ix_work_item_person", "work_item")
    op.create_index("ix_work_item_inbox", "work_item", ["unit_id", "post_kind", "due_on", "id"])
    op.create_index("ix_work_item_person", "work_item", ["person_id", "due_on", "id"])
