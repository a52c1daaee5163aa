"""What a number is now, and how it came to be that: the blocks it passed through, who held it, and when.

The states follow the life of a number: FREE at the unit the plan came to, ALLOCATED to a unit below, RECLAIMED when it
was given back, TRANSFERRED when it came sideways; RESERVED for a candidate, VOID while the spoilt form is replaced,
USED for a member and FILED with his papers; EXPIRED when the plan was closed first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import number_events, numbering
from workflows.domain.number_events import NumberEvent
from workflows.domain.numbering import HOLDING, NumberPassage, Place, PlaceState
from workflows.domain.quota_ledger import NEW_PLACES, UPWARD, MovementKind, Plan, PlanState, QuotaMovement
from workflows.domain.quota_refusals import NumberUnknown


class NumberState(StrEnum):
    """The states of a number."""

    FREE = "free"
    ALLOCATED = "allocated"
    RECLAIMED = "reclaimed"
    TRANSFERRED = "transferred"
    RESERVED = "reserved"
    VOID = "void"
    USED = "used"
    FILED = "filed"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """What a reader calls the state."""
        return _LABELS[self]


_LABELS = {
    NumberState.FREE: "未分配",
    NumberState.ALLOCATED: "已分配到单位",
    NumberState.RECLAIMED: "已收回",
    NumberState.TRANSFERRED: "已横向调剂",
    NumberState.RESERVED: "已预留",
    NumberState.VOID: "志愿书作废，待换发",
    NumberState.USED: "已使用",
    NumberState.FILED: "已归档",
    NumberState.EXPIRED: "已失效",
}

UNHELD = frozenset({NumberState.FREE, NumberState.ALLOCATED, NumberState.RECLAIMED, NumberState.TRANSFERRED})
"""Nobody holds the number; which of these it is says how it came to its unit."""

NEXT: dict[NumberState, frozenset[NumberState]] = {
    **dict.fromkeys(UNHELD, UNHELD - {NumberState.FREE} | {NumberState.RESERVED, NumberState.EXPIRED}),
    NumberState.RESERVED: UNHELD | {NumberState.VOID, NumberState.USED, NumberState.EXPIRED},
    NumberState.VOID: UNHELD | {NumberState.RESERVED, NumberState.EXPIRED},
    NumberState.USED: frozenset({NumberState.FILED}),
    NumberState.FILED: frozenset(),
    NumberState.EXPIRED: frozenset(),
}
"""The one machine of states: what may follow what. A released number is again what it was before, at the same unit."""

_OF_PLACE = {
    PlaceState.RESERVED: NumberState.RESERVED,
    PlaceState.VOID: NumberState.VOID,
    PlaceState.USED: NumberState.USED,
    PlaceState.FILED: NumberState.FILED,
}

_TWELVE_DIGITS = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Passage:
    """One change of hands of a number, as part of a run."""

    at: datetime
    kind: MovementKind
    from_unit_id: int | None
    to_unit_id: int
    first: str
    last: str
    reason: str
    person_id: int | None


@dataclass(frozen=True)
class History:
    """A number's present state and unit, and everything that happened to it, oldest first."""

    number: str
    year: int
    state: NumberState
    unit_id: int
    passages: Sequence[Passage]
    places: Sequence[Place]
    events: Sequence[NumberEvent]


def of(session: Session, number: str) -> History:
    """The history of a number; raises NumberUnknown when no plan has it."""
    plan = _plan_of(session, number)
    passages = _passages(session, plan.id, number) if plan else []
    if plan is None or not passages:
        raise NumberUnknown(number=number)
    query = select(Place).where(Place.number == number, Place.plan_id == plan.id).order_by(Place.id)
    places = list(session.scalars(query.execution_options(populate_existing=True)))
    events = number_events.events_of(session, [place.id for place in places]) if places else []
    return History(
        number=number,
        year=plan.year,
        state=_state(plan, passages, places),
        unit_id=passages[-1].to_unit_id,
        passages=passages,
        places=places,
        events=events,
    )


def _plan_of(session: Session, number: str) -> Plan | None:
    if not _TWELVE_DIGITS.fullmatch(number) or number[4:6] != numbering.PROVINCE:
        return None
    return session.scalars(select(Plan).where(Plan.year == int(number[:4]))).first()


def _passages(session: Session, plan_id: int, number: str) -> list[Passage]:
    query = (
        select(NumberPassage, QuotaMovement)
        .join(QuotaMovement, QuotaMovement.id == NumberPassage.movement_id)
        .where(NumberPassage.plan_id == plan_id, NumberPassage.first <= number, NumberPassage.last >= number)
        .order_by(NumberPassage.id)
    )
    return [
        Passage(
            at=movement.at,
            kind=movement.kind,
            from_unit_id=passage.from_unit_id,
            to_unit_id=passage.to_unit_id,
            first=passage.first,
            last=passage.last,
            reason=movement.reason,
            person_id=movement.person_id,
        )
        for passage, movement in session.execute(query)
    ]


def _state(plan: Plan, passages: Sequence[Passage], places: Sequence[Place]) -> NumberState:
    held = next((place for place in places if place.state in HOLDING), None)
    if held is not None:
        return _OF_PLACE[held.state]
    if plan.state == PlanState.CLOSED:
        return NumberState.EXPIRED
    came_by = passages[-1].kind
    if came_by in NEW_PLACES:
        return NumberState.FREE
    if came_by in UPWARD:
        return NumberState.RECLAIMED
    return NumberState.TRANSFERRED if came_by == MovementKind.TRANSFER_DOWN else NumberState.ALLOCATED
