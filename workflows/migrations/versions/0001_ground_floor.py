"""Ground floor: journal, seals, outbox, idempotency keys. The journal is append-only from the start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from workflows.migrations import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

TABLES = (
    "idempotency_key",
    "journal_chain",
    "journal_entry",
    "journal_seal",
    "journal_sealed_head",
    "outbox",
)
"""In the order in which they refer to one another."""

APPEND_ONLY = (
    "journal_entry",
    "journal_seal",
    "journal_sealed_head",
)


def upgrade() -> None:
    """Create the tables, and the triggers that refuse to change what was written."""
    _create_idempotency_key()
    _create_journal_chain()
    _create_journal_entry()
    _create_journal_seal()
    _create_journal_sealed_head()
    _create_outbox()
    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Drop the tables."""
    append_only.unprotect(*APPEND_ONLY)
    for table in reversed(TABLES):
        op.drop_table(table)
    append_only.forget()


def _create_idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)


def _create_journal_chain() -> None:
    op.create_table(
        "journal_chain",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("sealed_length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_journal_chain")),
    )


def _create_journal_entry() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("id", BigId, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", Moment, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("post_id", BigId, nullable=True),
        sa.Column("for_person_id", BigId, nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("chain", "position", name=op.f("uq_journal_entry_chain_position")),
    )
    op.create_index(op.f("ix_journal_entry_event"), "journal_entry", ["event"], unique=False)
    op.create_index(op.f("ix_journal_entry_person_id"), "journal_entry", ["person_id"], unique=False)
    op.create_index(op.f("ix_journal_entry_unit_id"), "journal_entry", ["unit_id"], unique=False)


def _create_journal_seal() -> None:
    op.create_table(
        "journal_seal",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sealed_at", Moment, nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_seal")),
    )


def _create_journal_sealed_head() -> None:
    op.create_table(
        "journal_sealed_head",
        sa.Column("seal_id", BigId, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seal_id", "chain", name=op.f("pk_journal_sealed_head")),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("sent_at", Moment, nullable=True),
        sa.Column("done_at", Moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_open", "outbox", ["done_at", "sent_at"], unique=False)
