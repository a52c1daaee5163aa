"""What became of each place that was ever taken: by whom, when, for which case; the explanation behind the balances."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.numbering import Place, PlaceState
from workflows.domain.people import Person
from workflows.domain.quota_ledger import MovementKind, Plan, QuotaMovement
from workflows.domain.units import Unit

LABELS = {
    PlaceState.RESERVED: "已预留",
    PlaceState.VOID: "志愿书作废，待换发",
    PlaceState.USED: "已使用",
    PlaceState.FILED: "已归档",
    PlaceState.RELEASED: "已释放",
    PlaceState.EXPIRED: "已失效",
}

_SIGNED = (MovementKind.RESERVE, MovementKind.USE, MovementKind.RELEASE, MovementKind.EXPIRE)


@dataclass(frozen=True)
class PlaceUse:
    """One place that was taken; `taken_by` and `ended_by` are the names of the officers, empty for the system."""

    place: Place
    unit_name: str
    taken_by: str
    ended_at: datetime | None
    ended_by: str
    reason: str


def uses_of(
    session: Session,
    plan: Plan,
    below: Unit,
    *,
    states: Collection[PlaceState] = tuple(PlaceState),
    number: str = "",
    after: int = 0,
    limit: int = 100,
) -> list[PlaceUse]:
    """The places of a unit and of everything that reports to it, in the order in which they were taken.

    `number` is the beginning of a member number; `after` the id of the last place already seen.
    """
    query = (
        select(Place, Unit.name)
        .join(Unit, Unit.id == Place.unit_id)
        .where(
            Place.plan_id == plan.id,
            Unit.path.startswith(below.path, autoescape=True),
            Place.state.in_(list(states)),
            Place.id > after,
        )
        .order_by(Place.id)
        .limit(limit)
    )
    if number:
        query = query.where(Place.number.startswith(number, autoescape=True))
    found = session.execute(query).all()
    signed = _signatures(session, plan, {place.case_id for place, _ in found})
    return [_use(place, unit_name, signed) for place, unit_name in found]


_Signatures = dict[tuple[int | None, MovementKind], list[tuple[QuotaMovement, str]]]


def _signatures(session: Session, plan: Plan, case_ids: Collection[int]) -> _Signatures:
    """Who took and ended the places of these cases, oldest first; a case may have taken one more than once."""
    query = (
        select(QuotaMovement, Person.name)
        .outerjoin(Person, Person.id == QuotaMovement.person_id)
        .where(QuotaMovement.plan_id == plan.id, QuotaMovement.case_id.in_(case_ids), QuotaMovement.kind.in_(_SIGNED))
        .order_by(QuotaMovement.id)
    )
    found: _Signatures = {}
    for movement, name in session.execute(query):
        found.setdefault((movement.case_id, movement.kind), []).append((movement, name or ""))
    return found


def _use(place: Place, unit_name: str, signed: _Signatures) -> PlaceUse:
    ended_at = place.used_at or place.released_at
    ending = [MovementKind.USE] if place.used_at else [MovementKind.RELEASE, MovementKind.EXPIRE]
    _, taken_by = _nearest(signed.get((place.case_id, MovementKind.RESERVE), []), place.reserved_at)
    ends = [each for kind in ending for each in signed.get((place.case_id, kind), [])]
    last, ended_by = _nearest(ends, ended_at) if ended_at else (None, "")
    return PlaceUse(place, unit_name, taken_by, ended_at, ended_by, last.reason if last else "")


def _nearest(signed: list[tuple[QuotaMovement, str]], at: datetime) -> tuple[QuotaMovement | None, str]:
    """The movement that was written with the place: they bear the same moment, up to the time between two lines."""
    return min(signed, key=lambda each: abs(each[0].at - at), default=(None, ""))
