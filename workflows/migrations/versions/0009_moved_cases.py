"""Cases moved to another version of their process, what each move replaced, and batches of moves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "move_batch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("to_bundle_id", BigId, nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("place", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["to_bundle_id"], ["bundle.id"], name=op.f("fk_move_batch_to_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_move_batch_person_id"), "move_batch", ["person_id"])

    op.create_table(
        "case_move",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("from_bundle_id", BigId, nullable=False),
        sa.Column("to_bundle_id", BigId, nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.LargeBinary(), nullable=False),
        sa.Column("rows_before", Json, nullable=False),
        sa.Column("history", Json, nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("summary", Json, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_at", Moment, nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("can_undo", sa.Boolean(), nullable=False),
        sa.Column("undone_at", Moment, nullable=True),
        sa.Column("undone_by", BigId, nullable=True),
        sa.Column("undone_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_case_move_case_id")),
        sa.ForeignKeyConstraint(["from_bundle_id"], ["bundle.id"], name=op.f("fk_case_move_from_bundle_id")),
        sa.ForeignKeyConstraint(["to_bundle_id"], ["bundle.id"], name=op.f("fk_case_move_to_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_move")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_move_case", "case_move", ["case_id", "id"])

    op.create_table(
        "move_batch_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("move_id", BigId, nullable=True),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["move_batch.id"], name=op.f("fk_move_batch_item_batch_id")),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_move_batch_item_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_batch_item")),
        sa.UniqueConstraint("batch_id", "case_id", name=op.f("uq_move_batch_item_batch_id_case_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "moved_item",
        sa.Column("work_item_id", BigId, nullable=False),
        sa.Column("move_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(["move_id"], ["case_move.id"], name=op.f("fk_moved_item_move_id")),
        sa.PrimaryKeyConstraint("work_item_id", "move_id", name=op.f("pk_moved_item")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("moved_item")
    op.drop_table("move_batch_item")
    op.drop_table("case_move")
    op.drop_table("move_batch")
