"""Evidence of training, and the files it was taken over from. Both are append-only."""

import sqlalchemy as sa
from alembic import op

from workflows.migrations import append_only

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)

TABLES = ("evidence_file", "evidence")
"""In the order in which they refer to one another."""


def upgrade() -> None:
    """Create the tables, and the triggers that refuse to change what was written."""
    _create_evidence_file()
    _create_evidence()
    append_only.protect(*TABLES)


def downgrade() -> None:
    """Drop the tables."""
    append_only.unprotect(*TABLES)
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_evidence_file() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_evidence_file_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_evidence_file_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_evidence_file_content", "evidence_file", ["unit_id", "digest"], unique=True)


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(length=12), nullable=True),
        sa.Column("conductor", sa.String(length=80), nullable=False),
        sa.Column("witness", sa.String(length=80), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("file_id", BigId, nullable=True),
        sa.Column("corrects_id", BigId, nullable=True),
        sa.Column("is_struck", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["corrects_id"], ["evidence.id"], name=op.f("fk_evidence_corrects_id")),
        sa.ForeignKeyConstraint(["file_id"], ["evidence_file.id"], name=op.f("fk_evidence_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_evidence_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_evidence_corrects_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"])
    op.create_index(op.f("ix_evidence_file_id"), "evidence", ["file_id"])
    op.create_index("ix_evidence_person", "evidence", ["person_id", "happened_on"])
