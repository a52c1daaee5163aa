"""Requests and lateral transfers of places, closed plans, and the passages and events of numbers."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from workflows.migrations import append_only

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
Moment = sa.DateTime(timezone=True)

APPEND_ONLY = ("number_event", "number_passage")

OWN_OPEN = sa.text("forwards_id IS NULL AND (state = 'waiting' OR state = 'forwarded')")
NOT_RELEASED = sa.text("state <> 'released'")
HELD = sa.text("state <> 'released' AND state <> 'expired'")

BALANCES = ("free", "reserved", "used", "allotted_in", "passed_on")
BALANCED = "free + reserved + used = allotted_in - passed_on"
NOT_NEGATIVE = "free >= 0 AND reserved >= 0 AND used >= 0 AND allotted_in >= 0 AND passed_on >= 0"
BALANCED_WITH_EXPIRED = "free + reserved + used + expired = allotted_in - passed_on"
NOT_NEGATIVE_WITH_EXPIRED = (
    "free >= 0 AND reserved >= 0 AND used >= 0 AND expired >= 0 AND allotted_in >= 0 AND passed_on >= 0"
)


def upgrade() -> None:
    """Create the tables, let places expire, and read the passages made so far from the journal."""
    op.add_column("quota_plan", sa.Column("closed_at", Moment, nullable=True))
    _change_accounts(NOT_NEGATIVE_WITH_EXPIRED, BALANCED_WITH_EXPIRED, expired=True)
    _change_holders(HELD)
    _create_number_event()
    _create_number_passage()
    _create_quota_request()
    _create_quota_transfer()
    _remember_passages()
    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Drop the tables; refused by the constraint when places have expired."""
    append_only.unprotect(*APPEND_ONLY)
    for table in ("quota_transfer", "quota_request", "number_passage", "number_event"):
        op.drop_table(table)
    _change_holders(NOT_RELEASED)
    _change_accounts(NOT_NEGATIVE, BALANCED, expired=False)
    op.drop_column("quota_plan", "closed_at")


def _change_holders(held: sa.TextClause) -> None:
    """An expired place no longer keeps its case from another one."""
    op.drop_index("uq_place_active_case", table_name="place")
    op.create_index("uq_place_active_case", "place", ["case_id"], unique=True, sqlite_where=held, postgresql_where=held)


def _change_accounts(not_negative: str, balanced: str, *, expired: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _make_accounts_again(not_negative, balanced, expired=expired)
        return
    for name in ("not_negative", "balanced"):
        op.drop_constraint(op.f(f"ck_quota_account_{name}"), "quota_account", type_="check")
    if expired:
        op.add_column("quota_account", sa.Column("expired", sa.Integer(), server_default="0", nullable=False))
    else:
        op.drop_column("quota_account", "expired")
    op.create_check_constraint(op.f("ck_quota_account_not_negative"), "quota_account", not_negative)
    op.create_check_constraint(op.f("ck_quota_account_balanced"), "quota_account", balanced)


def _make_accounts_again(not_negative: str, balanced: str, *, expired: bool) -> None:
    """SQLite changes a constraint only with the table. References to it are held open until its rows are back."""
    columns = ", ".join(("id", "plan_id", "unit_id", *BALANCES))
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TEMPORARY TABLE accounts_kept AS SELECT {columns} FROM quota_account")  # noqa: S608
    op.drop_table("quota_account")
    new = [sa.Column("expired", sa.Integer(), server_default="0", nullable=False)] if expired else []
    op.create_table(
        "quota_account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in BALANCES),
        *new,
        sa.CheckConstraint(balanced, name=op.f("ck_quota_account_balanced")),
        sa.CheckConstraint(not_negative, name=op.f("ck_quota_account_not_negative")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_account_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_account_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_account")),
        sa.UniqueConstraint("plan_id", "unit_id", name=op.f("uq_quota_account_plan_id_unit_id")),
    )
    op.create_index(op.f("ix_quota_account_unit_id"), "quota_account", ["unit_id"], unique=False)
    op.execute(f"INSERT INTO quota_account ({columns}) SELECT {columns} FROM accounts_kept")  # noqa: S608
    op.execute("DROP TABLE accounts_kept")


def _create_number_event() -> None:
    op.create_table(
        "number_event",
        sa.Column("id", BigId, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_number_event_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_number_event_place_id"), "number_event", ["place_id"], unique=False)


def _create_number_passage() -> None:
    op.create_table(
        "number_passage",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("movement_id", BigId, nullable=False),
        sa.Column("from_unit_id", BigId, nullable=True),
        sa.Column("to_unit_id", BigId, nullable=False),
        sa.Column("first", sa.String(length=12), nullable=False),
        sa.Column("last", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_number_passage_from_unit_id")),
        sa.ForeignKeyConstraint(["movement_id"], ["quota_movement.id"], name=op.f("fk_number_passage_movement_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_number_passage_plan_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_number_passage_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_passage")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_number_passage_movement_id"), "number_passage", ["movement_id"], unique=False)
    op.create_index("ix_number_passage_run", "number_passage", ["plan_id", "first", "last"], unique=False)


def _create_quota_request() -> None:
    op.create_table(
        "quota_request",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("asked_unit_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("forwards_id", BigId, nullable=True),
        sa.Column("asked_by", BigId, nullable=True),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_quota_request_amount")),
        sa.CheckConstraint("granted >= 0 AND granted <= amount", name=op.f("ck_quota_request_granted")),
        sa.ForeignKeyConstraint(["asked_unit_id"], ["unit.id"], name=op.f("fk_quota_request_asked_unit_id")),
        sa.ForeignKeyConstraint(["forwards_id"], ["quota_request.id"], name=op.f("fk_quota_request_forwards_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_request_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_request_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_request")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quota_request_forwards_id"), "quota_request", ["forwards_id"], unique=False)
    op.create_index(op.f("ix_quota_request_unit_id"), "quota_request", ["unit_id"], unique=False)
    op.create_index("ix_quota_request_line", "quota_request", ["asked_unit_id", "plan_id", "state"], unique=False)
    op.create_index(
        "uq_quota_request_own_open",
        "quota_request",
        ["plan_id", "unit_id"],
        unique=True,
        sqlite_where=OWN_OPEN,
        postgresql_where=OWN_OPEN,
    )


def _create_quota_transfer() -> None:
    op.create_table(
        "quota_transfer",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("from_unit_id", BigId, nullable=False),
        sa.Column("to_unit_id", BigId, nullable=False),
        sa.Column("over_unit_id", BigId, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("offered_by", BigId, nullable=True),
        sa.Column("offered_at", Moment, nullable=False),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("answered_by", BigId, nullable=True),
        sa.Column("answered_at", Moment, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_quota_transfer_amount")),
        sa.CheckConstraint("from_unit_id <> to_unit_id", name=op.f("ck_quota_transfer_two_units")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["unit.id"], name=op.f("fk_quota_transfer_from_unit_id")),
        sa.ForeignKeyConstraint(["over_unit_id"], ["unit.id"], name=op.f("fk_quota_transfer_over_unit_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_transfer_plan_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["unit.id"], name=op.f("fk_quota_transfer_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_transfer")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quota_transfer_from_unit_id"), "quota_transfer", ["from_unit_id"], unique=False)
    op.create_index(op.f("ix_quota_transfer_to_unit_id"), "quota_transfer", ["to_unit_id"], unique=False)
    op.create_index("ix_quota_transfer_over", "quota_transfer", ["over_unit_id", "plan_id", "state"], unique=False)


def _remember_passages() -> None:
    """Every movement of numbers so far told its runs in the journal, in the chains of both accounts."""
    connection = op.get_bind()
    entry = sa.table("journal_entry", sa.column("id"), sa.column("event"), sa.column("facts", Json))
    events = ("plan:issued", "places:allotted", "places:returned")
    told = sa.select(entry.c.facts).where(entry.c.event.in_(events)).order_by(entry.c.id)
    facts = {found["movement"]: found for found in connection.scalars(told)}
    account = sa.table("quota_account", sa.column("id"), sa.column("plan_id"), sa.column("unit_id"))
    owners = {row.id: row for row in connection.execute(sa.select(account.c.id, account.c.plan_id, account.c.unit_id))}
    columns = ("plan_id", "movement_id", "from_unit_id", "to_unit_id", "first", "last")
    passage = sa.table("number_passage", *(sa.column(name) for name in columns))
    rows = [row for movement in sorted(facts) for row in _runs(facts[movement], owners)]
    if rows:
        connection.execute(sa.insert(passage), rows)


def _runs(facts: dict[str, Any], owners: dict[int, Any]) -> Iterator[dict[str, Any]]:
    target, source = owners[facts["to_account"]], owners.get(facts["from_account"])
    for run in facts["numbers"]:
        first, last = run.split("–")
        yield {
            "plan_id": target.plan_id,
            "movement_id": facts["movement"],
            "from_unit_id": source.unit_id if source else None,
            "to_unit_id": target.unit_id,
            "first": first,
            "last": last,
        }
