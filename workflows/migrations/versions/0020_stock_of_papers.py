"""The stock of numbered papers: accounts, named copies, handovers, movements, monthly counts."""

import sqlalchemy as sa
from alembic import op

from workflows.migrations import append_only

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)

BALANCES = ("blank", "transit", "bound", "void", "lost", "taken_in", "passed_on")
BALANCED = "blank + transit + bound + void + lost = taken_in - passed_on"
NOT_NEGATIVE = " AND ".join(f"{balance} >= 0" for balance in BALANCES)
BOUND = sa.text("state = 'bound'")


def upgrade() -> None:
    """Create the tables; nobody keeps a stock yet."""
    _create_account()
    _create_copy()
    _create_handover()
    _create_count()
    _create_movement()
    append_only.protect("stock_movement")


def downgrade() -> None:
    """Drop them."""
    append_only.unprotect("stock_movement")
    for table in ("stock_movement", "stock_count", "stock_handover", "stock_copy", "stock_account"):
        op.drop_table(table)


def _create_account() -> None:
    op.create_table(
        "stock_account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        *(sa.Column(balance, sa.Integer(), nullable=False) for balance in BALANCES),
        sa.Column("prefix", sa.String(length=3), nullable=True),
        sa.CheckConstraint(BALANCED, name=op.f("ck_stock_account_balanced")),
        sa.CheckConstraint(NOT_NEGATIVE, name=op.f("ck_stock_account_not_negative")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_stock_account_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_account")),
        sa.UniqueConstraint("prefix", name=op.f("uq_stock_account_prefix")),
        sa.UniqueConstraint("unit_id", "kind", name=op.f("uq_stock_account_unit_id_kind")),
    )


def _create_copy() -> None:
    op.create_table(
        "stock_copy",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("serial", sa.String(length=12), nullable=False),
        sa.Column("copy_no", sa.Integer(), nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("bound_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.CheckConstraint("copy_no > 0", name=op.f("ck_stock_copy_copy_no")),
        sa.ForeignKeyConstraint(["account_id"], ["stock_account.id"], name=op.f("fk_stock_copy_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_copy")),
    )
    op.create_index(op.f("ix_stock_copy_account_id"), "stock_copy", ["account_id"])
    op.create_index(op.f("ix_stock_copy_case_id"), "stock_copy", ["case_id"])
    for name, columns in {
        "uq_stock_copy_case": ["kind", "case_id"],
        "uq_stock_copy_serial": ["kind", "serial"],
    }.items():
        op.create_index(name, "stock_copy", columns, unique=True, sqlite_where=BOUND, postgresql_where=BOUND)
    op.create_index("uq_stock_copy_copy_no", "stock_copy", ["kind", "serial", "copy_no"], unique=True)


def _create_handover() -> None:
    op.create_table(
        "stock_handover",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("from_unit_id", BigId, nullable=False),
        sa.Column("to_unit_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("list_no", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("sent_by", BigId, nullable=True),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("difference", sa.String(length=400), nullable=False),
        sa.Column("received_by", BigId, nullable=True),
        sa.Column("settled_at", Moment, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_stock_handover_amount")),
        sa.CheckConstraint(
            "counted IS NULL OR (counted >= 0 AND counted <= amount)", name=op.f("ck_stock_handover_counted")
        ),
        sa.CheckConstraint("received_by IS NULL OR received_by <> sent_by", name=op.f("ck_stock_handover_two_people")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_stock_handover_from_unit_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_stock_handover_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_handover")),
    )
    op.create_index(op.f("ix_stock_handover_from_unit_id"), "stock_handover", ["from_unit_id"])
    op.create_index("ix_stock_handover_to", "stock_handover", ["to_unit_id", "state"])


def _create_count() -> None:
    op.create_table(
        "stock_count",
        sa.Column("id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.String(length=400), nullable=False),
        sa.Column("counted_by", BigId, nullable=True),
        sa.Column("counted_at", Moment, nullable=False),
        sa.Column("confirmed_by", BigId, nullable=True),
        sa.Column("confirmed_at", Moment, nullable=True),
        sa.CheckConstraint("expected >= 0 AND counted >= 0", name=op.f("ck_stock_count_not_negative")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> counted_by", name=op.f("ck_stock_count_two_people")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["stock_account.id"], name=op.f("fk_stock_count_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sa.UniqueConstraint("account_id", "month", name=op.f("uq_stock_count_account_id_month")),
    )


def _create_movement() -> None:
    op.create_table(
        "stock_movement",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("from_account", BigId, nullable=True),
        sa.Column("from_shelf", sa.String(length=24), nullable=True),
        sa.Column("to_account", BigId, nullable=False),
        sa.Column("to_shelf", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("copy_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_stock_movement_amount")),
        sa.ForeignKeyConstraint(["copy_id"], ["stock_copy.id"], name=op.f("fk_stock_movement_copy_id")),
        sa.ForeignKeyConstraint(["from_account"], ["stock_account.id"], name=op.f("fk_stock_movement_from_account")),
        sa.ForeignKeyConstraint(["to_account"], ["stock_account.id"], name=op.f("fk_stock_movement_to_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    for column in ("copy_id", "from_account", "to_account"):
        op.create_index(op.f(f"ix_stock_movement_{column}"), "stock_movement", [column])
