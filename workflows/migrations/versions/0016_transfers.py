"""Transfers of candidates between branches, and out of the tree."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
ASKED = sa.text("status = 'asked'")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "transfer",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("candidate_id", BigId, nullable=False),
        sa.Column("from_unit_id", BigId, nullable=False),
        sa.Column("to_unit_id", BigId, nullable=True),
        sa.Column("to_name", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("asked_by", BigId, nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_at", Moment, nullable=True),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_transfer_candidate_id")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_transfer_from_unit_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_transfer_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sqlite_autoincrement=True,
    )
    for column in ("case_id", "from_unit_id", "to_unit_id"):
        op.create_index(op.f(f"ix_transfer_{column}"), "transfer", [column])
    op.create_index(
        "uq_transfer_asked", "transfer", ["case_id"], unique=True, sqlite_where=ASKED, postgresql_where=ASKED
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("transfer")
