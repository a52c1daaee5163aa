"""Corrections of closed years, and last year's places as entered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from workflows.migrations import append_only

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; what was entered of last year is append-only."""
    op.create_table(
        "past_share",
        sa.Column("id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_past_share_amount")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_past_share_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_share")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_past_share_unit", "past_share", ["unit_id", "year"])

    op.create_table(
        "quota_correction",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("from_unit_id", BigId, nullable=False),
        sa.Column("to_unit_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("over_unit_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("document_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("entered_by", BigId, nullable=False),
        sa.Column("entered_at", Moment, nullable=False),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.Column("movements", Json, nullable=False),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (settled_by IS NOT NULL AND settled_by <> entered_by)",
            name=op.f("ck_quota_correction_two_people"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_quota_correction_amount")),
        sa.CheckConstraint("from_unit_id <> to_unit_id", name=op.f("ck_quota_correction_two_units")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_quota_correction_from_unit_id")),
        sa.ForeignKeyConstraint(["over_unit_id"], ["unit.id"], name=op.f("fk_quota_correction_over_unit_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_correction_plan_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_quota_correction_to_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_correction_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_correction")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quota_correction_from_unit_id", "quota_correction", ["from_unit_id"])
    op.create_index("ix_quota_correction_over", "quota_correction", ["over_unit_id", "state"])
    op.create_index("ix_quota_correction_plan_id", "quota_correction", ["plan_id"])
    op.create_index("ix_quota_correction_to_unit_id", "quota_correction", ["to_unit_id"])
    append_only.protect("past_share")


def downgrade() -> None:
    """Drop them."""
    append_only.unprotect("past_share")
    op.drop_table("quota_correction")
    op.drop_table("past_share")
