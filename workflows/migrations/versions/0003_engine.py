"""Engine: bundles, cases, work items, records, due times, batches; and the notices of the operations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

TABLES = (
    "batch",
    "bundle",
    "notice",
    "batch_item",
    "bundle_file",
    "process_case",
    "due_timer",
    "step_record",
    "work_item",
)
"""In the order in which they refer to one another."""


def upgrade() -> None:
    """Create the tables."""
    _create_batch()
    _create_bundle()
    _create_notice()
    _create_batch_item()
    _create_bundle_file()
    _create_process_case()
    _create_due_timer()
    _create_step_record()
    _create_work_item()


def downgrade() -> None:
    """Drop the tables."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_batch() -> None:
    op.create_table(
        "batch",
        sa.Column("id", BigId, nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_person_id"), "batch", ["person_id"], unique=False)


def _create_bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("id", BigId, nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("published_at", Moment, nullable=False),
        sa.Column("published_by", BigId, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("process", "version", name=op.f("uq_bundle_process_version")),
    )


def _create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("post_kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("read_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"], unique=False)
    op.create_index(op.f("ix_notice_person_id"), "notice", ["person_id"], unique=False)
    op.create_index("ix_notice_post", "notice", ["unit_id", "post_kind", "read_at"], unique=False)


def _create_batch_item() -> None:
    op.create_table(
        "batch_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("work_item_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_item_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_item")),
        sa.UniqueConstraint("batch_id", "work_item_id", name=op.f("uq_batch_item_batch_id_work_item_id")),
    )


def _create_bundle_file() -> None:
    op.create_table(
        "bundle_file",
        sa.Column("bundle_id", BigId, nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.id"], name=op.f("fk_bundle_file_bundle_id")),
        sa.PrimaryKeyConstraint("bundle_id", "path", name=op.f("pk_bundle_file")),
    )


def _create_process_case() -> None:
    op.create_table(
        "process_case",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bundle_id", BigId, nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("subject_id", BigId, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("started_by", BigId, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("ended_step", sa.String(length=80), nullable=True),
        sa.Column("ended_label", sa.String(length=200), nullable=True),
        sa.Column("result", sa.String(length=40), nullable=True),
        sa.Column("last_step_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.id"], name=op.f("fk_process_case_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_case")),
    )
    op.create_index(op.f("ix_process_case_bundle_id"), "process_case", ["bundle_id"], unique=False)
    op.create_index(op.f("ix_process_case_subject_id"), "process_case", ["subject_id"], unique=False)
    op.create_index("ix_process_case_unit_open", "process_case", ["unit_id", "ended_at"], unique=False)


def _create_due_timer() -> None:
    op.create_table(
        "due_timer",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("attached_to", sa.String(length=80), nullable=True),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_due_timer_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_timer")),
        sa.UniqueConstraint("case_id", "task", name=op.f("uq_due_timer_case_id_task")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_due_timer_due_at"), "due_timer", ["due_at"], unique=False)


def _create_step_record() -> None:
    op.create_table(
        "step_record",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("work_item_id", BigId, nullable=True),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("outcome_label", sa.String(length=80), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_step_record_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_record")),
    )
    op.create_index("ix_step_record_case", "step_record", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_step_record_work_item_id"), "step_record", ["work_item_id"], unique=False)


def _create_work_item() -> None:
    op.create_table(
        "work_item",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("post_kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_work_item_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("case_id", "task", name=op.f("uq_work_item_case_id_task")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_item_inbox", "work_item", ["unit_id", "post_kind", "due_on", "id"], unique=False)
    op.create_index("ix_work_item_person", "work_item", ["person_id", "due_on", "id"], unique=False)
