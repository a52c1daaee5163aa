"""Head counts, proposals to split places, and exceptions from a ratio. What was reported or granted is append-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from workflows.migrations import append_only

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

TABLES = ("head_count_report", "head_count", "ratio_exception")


def upgrade() -> None:
    """Create the tables, and the triggers that refuse to change what was written."""
    _create_head_counts()
    _create_ratio_exception()
    _create_split_proposal()
    _create_split_line()
    append_only.protect(*TABLES)


def downgrade() -> None:
    """Drop them."""
    append_only.unprotect(*TABLES)
    for table in ("split_line", "split_proposal", *reversed(TABLES)):
        op.drop_table(table)


def _create_head_counts() -> None:
    op.create_table(
        "head_count_report",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("youth", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.CheckConstraint("youth >= 0", name=op.f("ck_head_count_report_youth")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_head_count_report_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_count_report")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_head_count_report_unit", "head_count_report", ["unit_id", "as_of"])
    op.create_table(
        "head_count",
        sa.Column("id", BigId, nullable=False),
        sa.Column("report_id", BigId, nullable=False),
        sa.Column("stage", sa.String(length=24), nullable=False),
        sa.Column("is_graduating", sa.Boolean(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("applicants", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "applicants >= 0 AND applicants <= students - members", name=op.f("ck_head_count_applicants")
        ),
        sa.CheckConstraint(
            "students >= 0 AND members >= 0 AND members <= students", name=op.f("ck_head_count_members")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["head_count_report.id"], name=op.f("fk_head_count_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_count")),
        sa.UniqueConstraint(
            "report_id", "stage", "is_graduating", name=op.f("uq_head_count_report_id_stage_is_graduating")
        ),
        sqlite_autoincrement=True,
    )


def _create_ratio_exception() -> None:
    op.create_table(
        "ratio_exception",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("granted_by", BigId, nullable=True),
        sa.Column("granted_unit_id", BigId, nullable=True),
        sa.Column("granted_at", Moment, nullable=False),
        sa.CheckConstraint("extra > 0", name=op.f("ck_ratio_exception_extra")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_ratio_exception_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ratio_exception_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratio_exception")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ratio_exception_unit_id"), "ratio_exception", ["unit_id"])


def _create_split_proposal() -> None:
    op.create_table(
        "split_proposal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("reserve", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("seen_movement", BigId, nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", BigId, nullable=True),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("settled_by", BigId, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint("total >= 0 AND reserve >= 0 AND left_over >= 0", name=op.f("ck_split_proposal_amounts")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_split_proposal_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_split_proposal_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_proposal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_split_proposal_unit_id"), "split_proposal", ["unit_id"])
    op.create_index(
        "uq_split_proposal_open",
        "split_proposal",
        ["plan_id", "unit_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_split_line() -> None:
    op.create_table(
        "split_line",
        sa.Column("id", BigId, nullable=False),
        sa.Column("proposal_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("applicants", sa.Integer(), nullable=True),
        sa.Column("had", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=True),
        sa.Column("figures", Json, nullable=False),
        sa.Column("limits", Json, nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.Column("exact", sa.String(length=60), nullable=False),
        sa.Column("proposed", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("changed_by", BigId, nullable=True),
        sa.Column("changed_at", Moment, nullable=True),
        sa.CheckConstraint("proposed >= 0 AND amount >= 0", name=op.f("ck_split_line_amounts")),
        sa.ForeignKeyConstraint(["proposal_id"], ["split_proposal.id"], name=op.f("fk_split_line_proposal_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_split_line_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_line")),
        sa.UniqueConstraint("proposal_id", "unit_id", name=op.f("uq_split_line_proposal_id_unit_id")),
        sqlite_autoincrement=True,
    )
