"""Memberships that are over, and which application led to the one before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table; whoever is a candidate now was no member before."""
    op.create_table(
        "past_membership",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("number", sa.String(length=12), nullable=True),
        sa.Column("card_number", sa.String(length=8), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("file_entered_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("left_as", sa.String(length=24), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_past_membership_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_past_membership_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_membership")),
        sa.UniqueConstraint("case_id", name=op.f("uq_past_membership_case_id")),
        sa.UniqueConstraint("number", name=op.f("uq_past_membership_number")),
        sa.UniqueConstraint("card_number", name=op.f("uq_past_membership_card_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_past_membership_person_id"), "past_membership", ["person_id"])
    op.add_column("candidate", sa.Column("previous_id", BigId, nullable=True))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("candidate", "previous_id")
    op.drop_table("past_membership")
