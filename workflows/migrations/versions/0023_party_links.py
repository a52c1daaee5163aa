"""Which Party units work with which League units."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
OPEN = sa.text("until IS NULL")


def upgrade() -> None:
    """Create the table; nothing is linked yet."""
    op.create_table(
        "party_link",
        sa.Column("id", BigId, nullable=False),
        sa.Column("party_unit_id", BigId, nullable=False),
        sa.Column("league_unit_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("entered_by", BigId, nullable=True),
        sa.Column("entered_at", Moment, nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_party_link_term")),
        sa.ForeignKeyConstraint(["league_unit_id"], ["unit.id"], name=op.f("fk_party_link_league_unit_id")),
        sa.ForeignKeyConstraint(["party_unit_id"], ["unit.id"], name=op.f("fk_party_link_party_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_link")),
        sqlite_autoincrement=True,
    )
    for column in ("league_unit_id", "party_unit_id"):
        op.create_index(op.f(f"ix_party_link_{column}"), "party_link", [column])
    op.create_index(
        "uq_party_link_open",
        "party_link",
        ["league_unit_id", "kind"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("party_link")
