"""Jobs and incidents; a timer may wait for a person, a step record may correct another."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
UNRESOLVED = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    """Create the tables and add the columns."""
    _create_job()
    _create_incident()
    op.add_column("due_timer", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("step_record", sa.Column("corrects_id", BigId, nullable=True))
    op.add_column("step_record", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the columns and the tables."""
    op.drop_column("step_record", "reason")
    op.drop_column("step_record", "corrects_id")
    op.drop_column("due_timer", "held")
    op.drop_table("incident")
    op.drop_table("job")


def _create_job() -> None:
    op.create_table(
        "job",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("run_at", Moment, nullable=False),
        sa.Column("sent_at", Moment, nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_job_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("case_id", "task", name=op.f("uq_job_case_id_task")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_due", "job", ["status", "run_at"], unique=False)


def _create_incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source_id", BigId, nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("resolved_at", Moment, nullable=True),
        sa.Column("resolution", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_incident_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_list", "incident", ["resolved_at", "id"], unique=False)
    op.create_index("ix_incident_unit", "incident", ["unit_id", "resolved_at"], unique=False)
    op.create_index(
        "uq_incident_unresolved",
        "incident",
        ["case_id", "kind", "source_id"],
        unique=True,
        sqlite_where=UNRESOLVED,
        postgresql_where=UNRESOLVED,
    )
