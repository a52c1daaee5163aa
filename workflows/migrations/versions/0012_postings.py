"""Public notices: the sheets and the candidates on them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
UP = sa.text("taken_down_at IS NULL")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "posting",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("contact", sa.String(length=100), nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_posting_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("token", name=op.f("uq_posting_token")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posting_sheet", "posting", ["unit_id", "posted_on"])
    op.create_table(
        "posted_candidate",
        sa.Column("id", BigId, nullable=False),
        sa.Column("posting_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("class_name", sa.String(length=60), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("activist_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("taken_down_at", Moment, nullable=True),
        sa.Column("why", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_posted_candidate_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posted_candidate")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_posted_candidate_posting_id"), "posted_candidate", ["posting_id"])
    op.create_index(op.f("ix_posted_candidate_case_id"), "posted_candidate", ["case_id"])
    op.create_index("ix_posted_candidate_ends", "posted_candidate", ["taken_down_at", "ends_on"])
    op.create_index(
        "uq_posted_candidate_up",
        "posted_candidate",
        ["case_id"],
        unique=True,
        sqlite_where=UP,
        postgresql_where=UP,
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("posted_candidate")
    op.drop_table("posting")
