"""School holidays of units; which level has been told of which step that is long overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "school_holiday",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("entered_at", Moment, nullable=False),
        sa.Column("removed_by", BigId, nullable=True),
        sa.Column("removed_at", Moment, nullable=True),
        sa.CheckConstraint("last >= first", name=op.f("ck_school_holiday_dates")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_school_holiday_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_holiday")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_school_holiday_unit_id"), "school_holiday", ["unit_id"])
    op.create_table(
        "escalation",
        sa.Column("work_item_id", BigId, autoincrement=False, nullable=False),
        sa.Column("unit_id", BigId, autoincrement=False, nullable=False),
        sa.Column("post_kind", sa.String(length=40), nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("told_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_escalation_case_id")),
        sa.PrimaryKeyConstraint("work_item_id", "unit_id", "post_kind", name=op.f("pk_escalation")),
    )
    op.create_index(op.f("ix_escalation_case_id"), "escalation", ["case_id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("escalation")
    op.drop_table("school_holiday")
