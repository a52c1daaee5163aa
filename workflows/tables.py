"""Imports every module that declares a table: a table exists for Alembic only if its module has been imported."""

from workflows import idempotency, journal, outbox
from workflows.database import Base
from workflows.domain import (
    accounts,
    calendars,
    corrections,
    evidence,
    head_counts,
    kept_forecasts,
    members,
    number_events,
    numbering,
    party_links,
    past_memberships,
    people,
    postings,
    posts,
    quota_checks,
    quota_control,
    quota_ledger,
    quota_requests,
    quota_transfers,
    rules_in_force,
    split_tables,
    stock_copies,
    stock_counts,
    stock_handovers,
    stock_ledger,
    transfers,
    units,
)
from workflows.engine import job_tables, mailbox
from workflows.engine import tables as engine_tables
from workflows.engine.moving import move_tables
from workflows.operations import notices

metadata = Base.metadata

__all__ = [
    "accounts",
    "calendars",
    "corrections",
    "engine_tables",
    "evidence",
    "head_counts",
    "idempotency",
    "job_tables",
    "journal",
    "kept_forecasts",
    "mailbox",
    "members",
    "metadata",
    "move_tables",
    "notices",
    "number_events",
    "numbering",
    "outbox",
    "past_memberships",
    "people",
    "party_links",
    "postings",
    "posts",
    "quota_checks",
    "quota_control",
    "quota_ledger",
    "quota_requests",
    "quota_transfers",
    "rules_in_force",
    "split_tables",
    "stock_copies",
    "stock_counts",
    "stock_handovers",
    "stock_ledger",
    "transfers",
    "units",
]
