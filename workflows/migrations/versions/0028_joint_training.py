"""Joint training of activists by League and Party: plans, mentors, assessments, reports of thoughts."""

import sqlalchemy as sa
from alembic import op

from workflows.migrations import append_only

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('running', 'ready')")
APPEND_ONLY = ("joint_assessment", "joint_plan")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "joint_training",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("recommendation_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("party_unit_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("recognised_on", sa.Date(), nullable=False),
        sa.Column("least_months", sa.Integer(), nullable=False),
        sa.Column("interval_months", sa.Integer(), nullable=False),
        sa.Column("extended_until", sa.Date(), nullable=True),
        sa.Column("ready_on", sa.Date(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= recognised_on", name=op.f("ck_joint_training_ended")),
        sa.CheckConstraint(
            "state NOT IN ('ready', 'completed') OR ready_on IS NOT NULL", name=op.f("ck_joint_training_ready")
        ),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_joint_training_party_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_joint_training_person_id")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name=op.f("fk_joint_training_recommendation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_joint_training_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_training")),
        sa.UniqueConstraint("case_id", name=op.f("uq_joint_training_case_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("joint_training", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joint_training_party_unit_id"), ["party_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_training_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_training_recommendation_id"), ["recommendation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_training_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "uq_joint_training_live", ["person_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
        )

    op.create_table(
        "joint_assessment",
        sa.Column("id", BigId, nullable=False),
        sa.Column("training_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("league_view", sa.String(length=24), nullable=False),
        sa.Column("league_opinion", sa.Text(), nullable=False),
        sa.Column("league_on", sa.Date(), nullable=False),
        sa.Column("league_by", BigId, nullable=True),
        sa.Column("party_view", sa.String(length=24), nullable=False),
        sa.Column("party_opinion", sa.Text(), nullable=False),
        sa.Column("party_on", sa.Date(), nullable=False),
        sa.Column("party_by", BigId, nullable=True),
        sa.Column("result", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extended_until", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(["training_id"], ["joint_training.id"], name=op.f("fk_joint_assessment_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_assessment")),
        sa.UniqueConstraint("training_id", "number", name=op.f("uq_joint_assessment_training_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "joint_mentor",
        sa.Column("id", BigId, nullable=False),
        sa.Column("training_id", BigId, nullable=False),
        sa.Column("side", sa.String(length=24), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_joint_mentor_until")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_joint_mentor_person_id")),
        sa.ForeignKeyConstraint(["training_id"], ["joint_training.id"], name=op.f("fk_joint_mentor_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_mentor")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("joint_mentor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joint_mentor_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_mentor_training_id"), ["training_id"], unique=False)

    op.create_table(
        "joint_plan",
        sa.Column("id", BigId, nullable=False),
        sa.Column("training_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("league_part", sa.Text(), nullable=False),
        sa.Column("party_part", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("drafted_on", sa.Date(), nullable=False),
        sa.Column("drafted_by", BigId, nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_by", BigId, nullable=True),
        sa.ForeignKeyConstraint(["training_id"], ["joint_training.id"], name=op.f("fk_joint_plan_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_plan")),
        sa.UniqueConstraint("training_id", "version", name=op.f("uq_joint_plan_training_id_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "thought_report",
        sa.Column("id", BigId, nullable=False),
        sa.Column("training_id", BigId, nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("entered_by", BigId, nullable=True),
        sa.Column("entered_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["training_id"], ["joint_training.id"], name=op.f("fk_thought_report_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thought_report")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("thought_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_thought_report_training_id"), ["training_id"], unique=False)

    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Undo."""
    append_only.unprotect(*APPEND_ONLY)
    with op.batch_alter_table("thought_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_thought_report_training_id"))

    op.drop_table("thought_report")
    op.drop_table("joint_plan")
    with op.batch_alter_table("joint_mentor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_joint_mentor_training_id"))
        batch_op.drop_index(batch_op.f("ix_joint_mentor_person_id"))

    op.drop_table("joint_mentor")
    op.drop_table("joint_assessment")
    with op.batch_alter_table("joint_training", schema=None) as batch_op:
        batch_op.drop_index("uq_joint_training_live", sqlite_where=LIVE, postgresql_where=LIVE)
        batch_op.drop_index(batch_op.f("ix_joint_training_unit_id"))
        batch_op.drop_index(batch_op.f("ix_joint_training_recommendation_id"))
        batch_op.drop_index(batch_op.f("ix_joint_training_person_id"))
        batch_op.drop_index(batch_op.f("ix_joint_training_party_unit_id"))

    op.drop_table("joint_training")
