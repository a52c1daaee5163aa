"""Lists of candidates checked against the places of a plan."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create the tables; nothing was checked yet."""
    op.create_table(
        "quota_check",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("fitting", sa.Integer(), nullable=False),
        sa.Column("asked_by", BigId, nullable=True),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_check_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_check_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_check")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quota_check_unit", "quota_check", ["unit_id", "id"])
    op.create_table(
        "quota_check_line",
        sa.Column("id", BigId, nullable=False),
        sa.Column("check_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("class_id", BigId, nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("giver_id", BigId, nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["quota_check.id"], name=op.f("fk_quota_check_line_check_id")),
        sa.ForeignKeyConstraint(["class_id"], ["unit.id"], name=op.f("fk_quota_check_line_class_id")),
        sa.ForeignKeyConstraint(["giver_id"], ["unit.id"], name=op.f("fk_quota_check_line_giver_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_check_line")),
        sa.UniqueConstraint("check_id", "case_id", name=op.f("uq_quota_check_line_check_id_case_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("quota_check_line")
    op.drop_table("quota_check")
