"""Rules that units have tightened for everything below them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "rule_tightening",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("parameter", sa.String(length=60), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("approver_unit_id", BigId, nullable=False),
        sa.Column("proposed_by", BigId, nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("decided_by", BigId, nullable=True),
        sa.Column("decided_at", Moment, nullable=True),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("withdrawn_by", BigId, nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f("ck_rule_tightening_term")),
        sa.ForeignKeyConstraint(["approver_unit_id"], ["unit.id"], name=op.f("fk_rule_tightening_approver_unit_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rule_tightening_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_tightening")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rule_tightening_unit_id"), "rule_tightening", ["unit_id"])
    op.create_index("ix_rule_tightening_waiting", "rule_tightening", ["approver_unit_id", "state"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("rule_tightening")
