"""What the Party side has made known of people, and the lists it came in."""

import sqlalchemy as sa
from alembic import op

from workflows.migrations import append_only

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
FIRST = sa.text("corrects_id IS NULL")
APPEND_ONLY = ("party_event", "party_event_file")


def upgrade() -> None:
    """Create the tables; nothing was told yet."""
    _files()
    _events()
    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    append_only.unprotect(*APPEND_ONLY)
    op.drop_table("party_event")
    op.drop_table("party_event_file")


def _files() -> None:
    op.create_table(
        "party_event_file",
        sa.Column("id", BigId, nullable=False),
        sa.Column("party_unit_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=False),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_party_event_file_party_unit_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_party_event_file_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_event_file")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_party_event_file_party_unit_id"), "party_event_file", ["party_unit_id"])


def _events() -> None:
    op.create_table(
        "party_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("party_unit_id", BigId, nullable=False),
        sa.Column("league_unit_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("is_league_member", sa.Boolean(), nullable=True),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("recorded_by", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("file_id", BigId, nullable=True),
        sa.Column("corrects_id", BigId, nullable=True),
        sa.Column("is_struck", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["corrects_id"], ["party_event.id"], name=op.f("fk_party_event_corrects_id")),
        sa.ForeignKeyConstraint(["file_id"], ["party_event_file.id"], name=op.f("fk_party_event_file_id")),
        sa.ForeignKeyConstraint(["league_unit_id"], ["unit.id"], name=op.f("fk_party_event_league_unit_id")),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_party_event_party_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_party_event_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_party_event_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_event")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_party_event_corrects_id")),
        sqlite_autoincrement=True,
    )
    for column in ("file_id", "league_unit_id", "party_unit_id", "person_id"):
        op.create_index(op.f(f"ix_party_event_{column}"), "party_event", [column])
    op.create_index("ix_party_event_day", "party_event", ["kind", "happened_on"])
    op.create_index(
        "uq_party_event_chain",
        "party_event",
        ["person_id", "kind"],
        unique=True,
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )
