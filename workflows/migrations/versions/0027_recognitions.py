"""Joint recognition by League and Party: the row both sides read, what the facts were, and what was done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from workflows.migrations import append_only

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
LIVE = sa.text("state IN ('open', 'recognised', 'suspended')")
TWO_KEYS = (
    "state <> 'recognised' OR (league_digest IS NOT NULL AND party_digest IS NOT NULL"
    " AND league_digest = digest AND party_digest = digest)"
)
TWO_PEOPLE = "league_signed_by IS NULL OR league_signed_by <> party_signed_by"
APPEND_ONLY = ("recognition_act", "recognition_facts")


def upgrade() -> None:
    """Create the tables; nobody is recognised yet."""
    _recognitions()
    _acts()
    _facts()
    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    append_only.unprotect(*APPEND_ONLY)
    op.drop_table("recognition_facts")
    op.drop_table("recognition_act")
    op.drop_table("recognition")


def _recognitions() -> None:
    op.create_table(
        "recognition",
        sa.Column("id", BigId, nullable=False),
        sa.Column("recommendation_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("league_unit_id", BigId, nullable=False),
        sa.Column("party_unit_id", BigId, nullable=False),
        sa.Column("league_case_id", BigId, nullable=True),
        sa.Column("party_case_id", BigId, nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("league_digest", sa.String(length=64), nullable=True),
        sa.Column("league_signed_by", BigId, nullable=True),
        sa.Column("league_signed_for", BigId, nullable=True),
        sa.Column("party_digest", sa.String(length=64), nullable=True),
        sa.Column("party_signed_by", BigId, nullable=True),
        sa.Column("party_signed_for", BigId, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint(TWO_KEYS, name=op.f("ck_recognition_two_keys")),
        sa.CheckConstraint(TWO_PEOPLE, name=op.f("ck_recognition_two_people")),
        sa.ForeignKeyConstraint(["league_unit_id"], ["unit.id"], name=op.f("fk_recognition_league_unit_id")),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_recognition_party_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recognition_person_id")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"], ["recommendation.id"], name=op.f("fk_recognition_recommendation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition")),
        sa.UniqueConstraint("league_case_id", name=op.f("uq_recognition_league_case_id")),
        sa.UniqueConstraint("party_case_id", name=op.f("uq_recognition_party_case_id")),
        sqlite_autoincrement=True,
    )
    for column in ("recommendation_id", "person_id", "league_unit_id", "party_unit_id", "state"):
        op.create_index(op.f(f"ix_recognition_{column}"), "recognition", [column])
    op.create_index(
        "uq_recognition_live",
        "recognition",
        ["recommendation_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _acts() -> None:
    op.create_table(
        "recognition_act",
        sa.Column("id", BigId, nullable=False),
        sa.Column("recognition_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("side", sa.String(length=24), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["recognition_id"], ["recognition.id"], name=op.f("fk_recognition_act_recognition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_act")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_recognition_act_recognition_id"), "recognition_act", ["recognition_id"])


def _facts() -> None:
    op.create_table(
        "recognition_facts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("recognition_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("gathered_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["recognition_id"], ["recognition.id"], name=op.f("fk_recognition_facts_recognition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition_facts")),
        sa.UniqueConstraint("recognition_id", "number", name=op.f("uq_recognition_facts_recognition_id_number")),
        sqlite_autoincrement=True,
    )
