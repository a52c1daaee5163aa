"""Corrections of people's names and identity numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
OPEN = sa.text("status = 'proposed'")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "person_correction",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("name_before", sa.String(length=80), nullable=False),
        sa.Column("name_after", sa.String(length=80), nullable=False),
        sa.Column("identity_before", sa.String(length=24), nullable=False),
        sa.Column("identity_after", sa.String(length=24), nullable=False),
        sa.Column("identity_proposed", sa.LargeBinary(), nullable=True),
        sa.Column("changes_number", sa.Boolean(), nullable=False),
        sa.Column("birth_before", sa.Date(), nullable=False),
        sa.Column("birth_after", sa.Date(), nullable=False),
        sa.Column("sex_before", sa.String(length=24), nullable=False),
        sa.Column("sex_after", sa.String(length=24), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("age_fault", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("proposed_by", BigId, nullable=True),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_correction_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_correction")),
        sa.UniqueConstraint("case_id", name=op.f("uq_person_correction_case_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_person_correction_person_id"), "person_correction", ["person_id"])
    op.create_index(
        "uq_person_correction_open",
        "person_correction",
        ["person_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("person_correction")
