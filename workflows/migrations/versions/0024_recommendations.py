"""Rounds of recommendation for Party membership, places per branch, and the recommendations made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
RUNNING = sa.text("state <> 'closed'")
LIVE = sa.text("state IN ('listed', 'recommended', 'kept', 'determined')")


def upgrade() -> None:
    """Create the tables; nobody has been recommended yet."""
    op.create_table(
        "recommendation_round",
        sa.Column("id", BigId, nullable=False),
        sa.Column("committee_id", BigId, nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("term", sa.String(length=40), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_by", BigId, nullable=True),
        sa.Column("confirmed_at", Moment, nullable=True),
        sa.Column("closed_at", Moment, nullable=True),
        sa.CheckConstraint("share BETWEEN 1 AND 100", name=op.f("ck_recommendation_round_share")),
        sa.ForeignKeyConstraint(["committee_id"], ["unit.id"], name=op.f("fk_recommendation_round_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_round")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recommendation_round_committee_id"), "recommendation_round", ["committee_id"])
    op.create_index(
        "uq_recommendation_round_running",
        "recommendation_round",
        ["committee_id", "product"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_table(
        "recommendation_places",
        sa.Column("id", BigId, nullable=False),
        sa.Column("round_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("proposed", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("proposed >= 0 AND members >= 0", name=op.f("ck_recommendation_places_proposed")),
        sa.CheckConstraint("taken BETWEEN 0 AND places", name=op.f("ck_recommendation_places_taken")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["recommendation_round.id"], name=op.f("fk_recommendation_places_round_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_recommendation_places_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_places")),
        sa.UniqueConstraint("round_id", "unit_id", name=op.f("uq_recommendation_places_round_id_unit_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recommendation_places_unit_id"), "recommendation_places", ["unit_id"])
    _recommendation()


def _recommendation() -> None:
    op.create_table(
        "recommendation",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("round_id", BigId, nullable=True),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("holds_place", sa.Boolean(), nullable=False),
        sa.Column("recommended_on", sa.Date(), nullable=True),
        sa.Column("votes", Json, nullable=True),
        sa.Column("passed_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("party_unit_id", BigId, nullable=True),
        sa.Column("determined_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("warned_days", sa.Integer(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.CheckConstraint(
            "determined_on IS NULL OR determined_on >= recommended_on", name=op.f("ck_recommendation_determined")
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= recommended_on", name=op.f("ck_recommendation_validity")
        ),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_recommendation_party_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recommendation_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["recommendation_round.id"], name=op.f("fk_recommendation_round_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_recommendation_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
        sa.UniqueConstraint("case_id", name=op.f("uq_recommendation_case_id")),
        sqlite_autoincrement=True,
    )
    for column in ("party_unit_id", "person_id", "round_id", "unit_id"):
        op.create_index(op.f(f"ix_recommendation_{column}"), "recommendation", [column])
    op.create_index("ix_recommendation_validity", "recommendation", ["state", "valid_until"])
    op.create_index(
        "uq_recommendation_live",
        "recommendation",
        ["person_id", "product"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("recommendation", "recommendation_places", "recommendation_round"):
        op.drop_table(table)
