"""What `pybabel extract` cannot see in the source: sentences and titles that `workflows` keeps in classes.

`workflows` knows nothing of translation; its refusals and titles are plain Chinese, and the pages pass them through
gettext. What a bundle says (steps, fields, choices) is not here: it is an administrator's to change.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from webapp.pages import quota_checks, quota_places
from webapp.pages.board import STAGES
from workflows import errors
from workflows.domain import (
    evidence_forms,
    head_count_files,
    head_counts,
    joint_training_refusals,
    joint_training_tables,
    lawful_dates,
    party_events,
    party_links,
    party_units,
    past_shares,
    quota_control,
    quota_correction_refusals,
    quota_uses,
    recognition_facts,
    rule_sets,
    split_proposals,
    two_keys,
    units,
    volunteer_files,
    workbooks,
)
from workflows.domain.corrections import CorrectionStatus
from workflows.domain.evidence_count import Why
from workflows.domain.evidence_forms import Kind
from workflows.domain.lawful_dates import Day
from workflows.domain.number_events import NumberEventKind
from workflows.domain.number_history import NumberState
from workflows.domain.past_memberships import LeftAs
from workflows.domain.posts import PostKind
from workflows.domain.quota_checks import Verdict
from workflows.domain.quota_corrections import CorrectionState as YearCorrectionState
from workflows.domain.quota_ledger import MovementKind
from workflows.domain.quota_requests import RequestState
from workflows.domain.quota_transfers import TransferState
from workflows.domain.ratios import Mark, Scope
from workflows.domain.recognition_tables import ActKind
from workflows.domain.recommendation_rounds import Product, RoundState
from workflows.domain.recommendations import State as RecommendationState
from workflows.domain.rules_in_force import State
from workflows.domain.split_tables import ProposalState
from workflows.domain.stock_copies import CopyState
from workflows.domain.stock_handovers import HandoverState
from workflows.domain.stock_ledger import Shelf, StockKind, StockMovementKind
from workflows.domain.transfers import TransferStatus
from workflows.domain.units import UnitKind
from workflows.engine import forms, repairs
from workflows.operations import evidence_files, lawful_days
from workflows.operations import head_counts as entering
from workflows.operations import party_events as entering_of_the_party
from workflows.operations import past_shares as entering_shares
from workflows.operations.posts import IN_PLACE_OF

PLACE_STATES = (
    *(Mark, Scope, ProposalState, RequestState, TransferState, NumberEventKind, NumberState),
    YearCorrectionState,
)

RECOMMENDING = (Product, RoundState, RecommendationState)

RECOGNISING = (two_keys.Side, two_keys.State, ActKind)

TRAINING = (joint_training_tables.TrainingState, joint_training_tables.Verdict)

STOCK = (StockKind, Shelf, StockMovementKind, CopyState, HandoverState)

COLUMNS_OF_PLACES = ("预留", "使用", "释放", "已用", "年终失效", *quota_places.COLUMNS)

ROOMS = ("webapp.api", "webapp.pages")
"""A refusal is known once its module is imported; the application imports the rest."""


def from_workflows(_file: Any, *_keywords: Any, **_options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """Every message of `messages`, in the shape Babel asks of an extraction method."""
    for message in messages():
        yield 1, "gettext", message, []


def messages() -> list[str]:
    """Every refusal's sentence and rule, and every title a page shows, each once and in a stable order."""
    _import_every_room()
    ours = [refusal for refusal in errors.every_refusal() if refusal.__module__.startswith(("workflows.", "webapp."))]
    found = [text for refusal in ours for text in (refusal.sentence, refusal.remedy, refusal.rule) if text]
    parameters = [each for rule_set in rule_sets.ALL.values() for each in rule_set.parameters.values()]
    values = [*rule_sets.TITLES.values(), *(each.unit for each in parameters if not each.unit.isascii())]
    values += [word for each in parameters for word in each.words.values()]
    values += [rule_set.title for rule_set in rule_sets.ALL.values()]
    values += [dispute.note for dispute in rule_sets.DISPUTES.values()]
    titles = [kind.label for kinds in (PostKind, UnitKind, MovementKind, State, CorrectionStatus) for kind in kinds]
    titles += [
        kind.label for kinds in (TransferStatus, LeftAs, *RECOMMENDING, *RECOGNISING, *TRAINING) for kind in kinds
    ]
    titles += [*IN_PLACE_OF.values(), *joint_training_refusals.WORDS]
    days = [*(day.label for day in Day), *lawful_dates.RULES, *lawful_days.WORDS, *forms.WORDS, repairs.UPSETS]
    found += [errors.OWN_PRACTICE, errors.OF_EVERY_FIELD, *titles, *STAGES, *values]
    return list(dict.fromkeys([*found, *_of_evidence(), *_of_places(), *_of_the_party(), *days]))


def _of_evidence() -> list[str]:
    forms = [each for form in evidence_forms.FORMS.values() for each in form]
    choices = [label for each in forms for _, label in each.choices]
    labels = [*(kind.label for kind in Kind), *(each.label for each in forms), *choices]
    said = (*evidence_forms.WORDS, *volunteer_files.REASONS, *workbooks.REASONS, *evidence_files.FAULTS)
    return [*labels, *said, *(why.sentence for why in Why)]


def _of_places() -> list[str]:
    labels = [kind.label for kinds in (*PLACE_STATES, *STOCK) for kind in kinds]
    files = (*head_count_files.WORDS, *entering.FAULTS, *entering_shares.FAULTS)
    labels += [*quota_uses.LABELS.values(), *COLUMNS_OF_PLACES, *quota_checks.COLUMNS]
    labels += [text for verdict in Verdict for text in (verdict.label, verdict.sentence) if text]
    said = (head_counts, split_proposals, quota_control, quota_correction_refusals, past_shares)
    return [*labels, *files, *(word for room in said for word in room.WORDS)]


def _of_the_party() -> list[str]:
    steps = [kind.label for kind in party_events.PartyEventKind]
    said = (*party_events.WORDS, *party_links.WORDS, *party_units.WORDS, *entering_of_the_party.FAULTS)
    return [*steps, *said, *recognition_facts.TITLES.values(), units.PARENT_WRONG]


def _import_every_room() -> None:
    import_module("webapp.app")
    for room in ROOMS:
        for module in iter_modules(import_module(room).__path__, f"{room}."):
            import_module(module.name)
