"""Forecasts of ratios, kept with their day."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "ratio_forecast",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("kept_on", sa.Date(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("admissions", sa.Integer(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("margin", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_ratio_forecast_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ratio_forecast_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratio_forecast")),
        sa.UniqueConstraint(
            "plan_id", "unit_id", "scope", "kept_on", name=op.f("uq_ratio_forecast_plan_id_unit_id_scope_kept_on")
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("ratio_forecast")
