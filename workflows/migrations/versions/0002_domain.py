"""Domain: units, people, posts, accounts, members, places and numbers. The ledger is append-only from the start."""

import sqlalchemy as sa
from alembic import op

from workflows.migrations import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
PathText = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")

TABLES = (
    "quota_plan",
    "unit",
    "number_block",
    "person",
    "place",
    "quota_account",
    "account",
    "candidate",
    "league_member",
    "post",
    "quota_movement",
    "substitution",
)
"""In the order in which they refer to one another."""

APPEND_ONLY = ("quota_movement",)


def upgrade() -> None:
    """Create the tables, and the triggers that refuse to change what was written."""
    _create_quota_plan()
    _create_unit()
    _create_number_block()
    _create_person()
    _create_place()
    _create_quota_account()
    _create_account()
    _create_candidate()
    _create_league_member()
    _create_post()
    _create_quota_movement()
    _create_substitution()
    append_only.protect(*APPEND_ONLY)


def downgrade() -> None:
    """Drop the tables."""
    append_only.unprotect(*APPEND_ONLY)
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_quota_plan() -> None:
    op.create_table(
        "quota_plan",
        sa.Column("id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.CheckConstraint("total > 0", name=op.f("ck_quota_plan_total")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_plan")),
        sa.UniqueConstraint("year", name=op.f("uq_quota_plan_year")),
    )


def _create_unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("short_name", sa.String(length=60), nullable=False),
        sa.Column("name_mn", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("field", sa.String(length=24), nullable=True),
        sa.Column("division_code", sa.String(length=6), nullable=True),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("path", PathText, nullable=False),
        sa.Column("has_committee", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
    )
    op.create_index(op.f("ix_unit_division_code"), "unit", ["division_code"], unique=False)
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_index(op.f("ix_unit_path"), "unit", ["path"], unique=False)


def _create_number_block() -> None:
    op.create_table(
        "number_block",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("first", sa.String(length=12), nullable=False),
        sa.Column("last", sa.String(length=12), nullable=False),
        sa.Column("next", sa.String(length=12), nullable=False),
        sa.Column("parent_block_id", BigId, nullable=True),
        sa.CheckConstraint(
            "next >= first AND CAST(next AS BIGINT) <= CAST(last AS BIGINT) + 1",
            name=op.f("ck_number_block_next_within"),
        ),
        sa.ForeignKeyConstraint(["parent_block_id"], ["number_block.id"], name=op.f("fk_number_block_parent_block_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_number_block_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_number_block_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_block")),
    )
    op.create_index("ix_number_block_owner", "number_block", ["plan_id", "unit_id"], unique=False)
    op.create_index(op.f("ix_number_block_parent_block_id"), "number_block", ["parent_block_id"], unique=False)


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sex", sa.String(length=24), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("ethnic_group", sa.String(length=40), nullable=False),
        sa.Column("nationality", sa.String(length=8), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("identity_digest", sa.String(length=64), nullable=True),
        sa.Column("unit_id", BigId, nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("identity_digest", name=op.f("uq_person_identity_digest")),
    )
    op.create_index(op.f("ix_person_unit_id"), "person", ["unit_id"], unique=False)


def _create_place() -> None:
    op.create_table(
        "place",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reserved_at", Moment, nullable=False),
        sa.Column("used_at", Moment, nullable=True),
        sa.Column("released_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_place_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_place_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_case_id"), "place", ["case_id"], unique=False)
    op.create_index(op.f("ix_place_number"), "place", ["number"], unique=False)
    op.create_index("ix_place_owner", "place", ["plan_id", "unit_id", "state"], unique=False)
    op.create_index(
        "uq_place_active_case",
        "place",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'released'"),
        postgresql_where=sa.text("state <> 'released'"),
    )
    op.create_index(
        "uq_place_active_number",
        "place",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state <> 'released'"),
        postgresql_where=sa.text("state <> 'released'"),
    )


def _create_quota_account() -> None:
    op.create_table(
        "quota_account",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("allotted_in", sa.Integer(), nullable=False),
        sa.Column("passed_on", sa.Integer(), nullable=False),
        sa.CheckConstraint("free + reserved + used = allotted_in - passed_on", name=op.f("ck_quota_account_balanced")),
        sa.CheckConstraint(
            "free >= 0 AND reserved >= 0 AND used >= 0 AND allotted_in >= 0 AND passed_on >= 0",
            name=op.f("ck_quota_account_not_negative"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_account_plan_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_quota_account_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_account")),
        sa.UniqueConstraint("plan_id", "unit_id", name=op.f("uq_quota_account_plan_id_unit_id")),
    )
    op.create_index(op.f("ix_quota_account_unit_id"), "quota_account", ["unit_id"], unique=False)


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("person_id", BigId, autoincrement=False, nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", Moment, nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("last_sign_in", Moment, nullable=True),
        sa.Column("session_stamp", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )


def _create_candidate() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("class_name", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_candidate_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_candidate_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("case_id", name=op.f("uq_candidate_case_id")),
    )
    op.create_index(op.f("ix_candidate_person_id"), "candidate", ["person_id"], unique=False)
    op.create_index(op.f("ix_candidate_unit_id"), "candidate", ["unit_id"], unique=False)
    op.create_index(
        "uq_candidate_applying",
        "candidate",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("status = 'applying'"),
        postgresql_where=sa.text("status = 'applying'"),
    )


def _create_league_member() -> None:
    op.create_table(
        "league_member",
        sa.Column("person_id", BigId, autoincrement=False, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=True),
        sa.Column("card_number", sa.String(length=8), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("file_entered_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("may_vote", sa.Boolean(), nullable=False),
        sa.Column("may_introduce", sa.Boolean(), nullable=False),
        sa.Column("is_party_member", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_league_member_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_league_member_unit_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_league_member")),
        sa.UniqueConstraint("card_number", name=op.f("uq_league_member_card_number")),
        sa.UniqueConstraint("number", name=op.f("uq_league_member_number")),
    )
    op.create_index(op.f("ix_league_member_unit_id"), "league_member", ["unit_id"], unique=False)


def _create_post() -> None:
    op.create_table(
        "post",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("unit_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_post_term")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_post_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_person_id"), "post", ["person_id"], unique=False)
    op.create_index(op.f("ix_post_unit_id"), "post", ["unit_id"], unique=False)


def _create_quota_movement() -> None:
    op.create_table(
        "quota_movement",
        sa.Column("id", BigId, nullable=False),
        sa.Column("plan_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("from_account", BigId, nullable=True),
        sa.Column("from_bucket", sa.String(length=24), nullable=True),
        sa.Column("to_account", BigId, nullable=False),
        sa.Column("to_bucket", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_quota_movement_amount")),
        sa.ForeignKeyConstraint(["from_account"], ["quota_account.id"], name=op.f("fk_quota_movement_from_account")),
        sa.ForeignKeyConstraint(["plan_id"], ["quota_plan.id"], name=op.f("fk_quota_movement_plan_id")),
        sa.ForeignKeyConstraint(["to_account"], ["quota_account.id"], name=op.f("fk_quota_movement_to_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_movement")),
    )
    op.create_index(op.f("ix_quota_movement_case_id"), "quota_movement", ["case_id"], unique=False)
    op.create_index(op.f("ix_quota_movement_from_account"), "quota_movement", ["from_account"], unique=False)
    op.create_index(op.f("ix_quota_movement_plan_id"), "quota_movement", ["plan_id"], unique=False)
    op.create_index(op.f("ix_quota_movement_to_account"), "quota_movement", ["to_account"], unique=False)


def _create_substitution() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", BigId, nullable=False),
        sa.Column("post_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_substitution_term")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_substitution_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_substitution_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    op.create_index(op.f("ix_substitution_person_id"), "substitution", ["person_id"], unique=False)
    op.create_index(op.f("ix_substitution_post_id"), "substitution", ["post_id"], unique=False)
