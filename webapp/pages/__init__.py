"""The pages people see: thin views that parse, call `workflows`, commit and render."""

from flask import Flask

from webapp import assets
from webapp.pages import (
    account,
    batches,
    board,
    branches,
    cases,
    evidence,
    evidence_files,
    furniture,
    head_counts,
    holidays,
    home,
    inbox,
    incidents,
    leaving,
    lessons,
    minutes,
    moves,
    new_case,
    numbers,
    past_shares,
    postings,
    processes,
    quota,
    quota_changes,
    quota_checks,
    quota_corrections,
    quota_places,
    quota_split,
    ratios,
    rule_sets,
    stock,
    transfers,
    work_items,
)

BLUEPRINTS = (
    account.bp,
    home.bp,
    board.bp,
    new_case.bp,
    inbox.bp,
    work_items.bp,
    cases.bp,
    minutes.bp,
    transfers.bp,
    leaving.bp,
    evidence.bp,
    postings.bp,
    evidence_files.bp,
    lessons.bp,
    batches.bp,
    incidents.bp,
    quota.bp,
    quota_split.bp,
    head_counts.bp,
    ratios.bp,
    quota_changes.bp,
    quota_checks.bp,
    quota_corrections.bp,
    past_shares.bp,
    quota_places.bp,
    stock.bp,
    numbers.bp,
    branches.bp,
    holidays.bp,
    rule_sets.bp,
    processes.bp,
    moves.bp,
)


def init_app(app: Flask) -> None:
    """Give the templates what every page shows."""
    assets.init_app(app)
    furniture.init_app(app)
