"""Messages and signals between cases: what is awaited, and messages that nobody has taken yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)
ONE_RECEIVER = sa.text("kind = 'message'")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "awaited_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["process_case.id"], name=op.f("fk_awaited_event_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaited_event")),
        sa.UniqueConstraint("case_id", "task", name=op.f("uq_awaited_event_case_id_task")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_awaited_event_name", "awaited_event", ["kind", "name", "key"])
    op.create_index(
        "uq_awaited_message",
        "awaited_event",
        ["name", "key"],
        unique=True,
        sqlite_where=ONE_RECEIVER,
        postgresql_where=ONE_RECEIVER,
    )
    op.create_table(
        "kept_message",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("sender_case_id", BigId, nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["sender_case_id"], ["process_case.id"], name=op.f("fk_kept_message_sender_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_message")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_kept_message_name", "kept_message", ["name", "key", "id"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("kept_message")
    op.drop_table("awaited_event")
