"""A place from the candidate's pre-review to the member's file: reserve, use, release, file; its form spoilt, replaced.

The recipe of scarce things: lock the account, check, take, journal, in the caller's transaction; the constraints of
account and place stand behind each check.
"""

from collections.abc import Callable
from datetime import date

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import kept
from workflows.domain import number_events, numbering, quota_allotments, quota_ledger, units
from workflows.domain.number_events import NumberEventKind
from workflows.domain.numbering import HOLDING, RESERVING, USING, Place, PlaceState
from workflows.domain.quota_ledger import (
    Bucket,
    Lock,
    MovementKind,
    Plan,
    PlanState,
    QuotaAccount,
    current_plan,
    lock_accounts,
)
from workflows.domain.quota_refusals import (
    NoPlaceHeld,
    NumberIsVoid,
    NumberOfAnotherYear,
    NumbersExhausted,
    PlaceIsUsed,
    QuotaExhausted,
    check_reason,
)
from workflows.domain.units import NothingAbove, Unit
from workflows.journal import Actor


def account_drawn_on(session: Session, unit_id: int) -> int:
    """Whose places a candidate of the unit (a branch) takes: the nearest unit's that holds some of the current plan.

    A class with places of its own draws on them, and on nothing else even when they have run out; any other draws on
    those of the committee that approves its admissions. Raises NothingAbove.
    """
    committee, below = _from_committee(session, unit_id)
    holding = quota_ledger.with_places_now(session, below) if below else []
    return max(holding, key=below.index, default=committee.id)


def drawn_on(session: Session, unit_id: int) -> tuple[Plan, int]:
    """The current plan, and whose places of it a candidate of the unit takes. Raises NothingAbove, NoPlan."""
    committee, below = _from_committee(session, unit_id)
    plan, holding = quota_ledger.plan_and_holders(session, below)
    return plan, max(holding, key=below.index, default=committee.id)


def _from_committee(session: Session, unit_id: int) -> tuple[Unit, list[int]]:
    """The committee that approves the unit's admissions, and the units from below it down to this one."""
    line = units.line_of(session, unit_id)
    committee = next((unit for unit in reversed(line) if unit.kind in units.APPROVING), None)
    if committee is None:
        raise NothingAbove(unit=line[-1].name, kind="或".join(kind.label for kind in units.APPROVING))
    return committee, [unit.id for unit in line[line.index(committee) + 1 :]]


def reserve(
    session: Session,
    *,
    unit_id: int,
    case_id: int,
    actor: Actor,
    year: int | None = None,
    plan: Plan | None = None,
    lock: Lock = lock_accounts,
    after_check: Callable[[], object] | None = None,
) -> Place:
    """Take one free place of the unit (the school) and bind a number to the case; again, the same place.

    It is a place of the current plan, given as `plan` where it is known. With `year`, one of that very year's plan;
    there is none when that plan is closed or not yet issued. Raises QuotaExhausted or NumbersExhausted, both saying
    what to do. `lock` and `after_check` are seams for the race tests: they widen the window between check and take, and
    take the lock away to show what it is for.
    """
    held = place_of(session, case_id)
    if held is not None:
        return held
    unit = units.get(session, unit_id)
    plan = quota_ledger.open_plan_of(session, year) if year is not None else plan or current_plan(session)
    if plan is None:
        raise QuotaExhausted(unit=unit.name, free=0, wanted=1)
    account = quota_allotments.locked_account(session, plan, unit, lock)
    if account.free < 1:
        raise QuotaExhausted(unit=unit.name, free=account.free, wanted=1)
    if after_check is not None:
        after_check()
    number = numbering.draw(session, plan.id, unit_id)
    if number is None:
        raise NumbersExhausted(unit=unit.name, left=0, wanted=1)
    place = Place(
        plan_id=plan.id,
        unit_id=unit_id,
        case_id=case_id,
        number=number,
        state=PlaceState.RESERVED,
        reserved_at=clock.now(),
    )
    session.add(place)
    quota_ledger.move_within(
        session,
        account,
        MovementKind.RESERVE,
        Bucket.FREE,
        Bucket.RESERVED,
        case_id=case_id,
        reason="预审通过",
        actor=actor,
        number=number,
    )
    return place


def use(session: Session, *, case_id: int, actor: Actor, joined_on: date | None = None) -> Place:
    """The candidate of the case is admitted: the reserved place and its number are used for good; again, the same.

    With `joined_on`, the number must be of that day's year. Raises NoPlaceHeld, NumberOfAnotherYear, NumberIsVoid.
    """
    account, place = _locked_place(session, case_id)
    if account is None or place is None:
        raise NoPlaceHeld()
    if joined_on is not None:
        check_year(place, joined_on)
    if place.state in USING:
        return place
    if place.state == PlaceState.VOID:
        raise NumberIsVoid(number=place.number)
    place.state, place.used_at = PlaceState.USED, clock.now()
    quota_ledger.move_within(
        session,
        account,
        MovementKind.USE,
        Bucket.RESERVED,
        Bucket.USED,
        case_id=case_id,
        reason="审批通过",
        actor=actor,
        number=place.number,
    )
    return place


def release(session: Session, *, case_id: int, reason: str, actor: Actor) -> Place | None:
    """Free the place the case holds; None, and nothing happens, when it holds none. Raises PlaceIsUsed.

    A place of a plan that is closed by then does not become free: it expires.
    """
    account, place = _locked_place(session, case_id)
    if account is None or place is None:
        return None
    if place.state in USING:
        raise PlaceIsUsed()
    state = session.scalar(select(Plan.state).where(Plan.id == place.plan_id))
    ended = (PlaceState.RELEASED, MovementKind.RELEASE, Bucket.FREE)
    if state == PlanState.CLOSED:
        ended = (PlaceState.EXPIRED, MovementKind.EXPIRE, Bucket.EXPIRED)
    place.state, kind, target = ended
    place.released_at = clock.now()
    quota_ledger.move_within(
        session,
        account,
        kind,
        Bucket.RESERVED,
        target,
        case_id=case_id,
        reason=reason,
        actor=actor,
        number=place.number,
    )
    return place


def void_copy(session: Session, *, case_id: int, reason: str, actor: Actor) -> Place:
    """The form that bears the reserved number was spoilt: the number stays with the case and waits for another copy.

    Raises ReasonMissing, NoPlaceHeld, PlaceIsUsed (the form of a member is replaced by other proof, see the rules).
    """
    reason = check_reason(reason)
    _account, place = _locked_place(session, case_id)
    if place is None:
        raise NoPlaceHeld()
    if place.state in USING:
        raise PlaceIsUsed()
    if place.state == PlaceState.VOID:
        return place
    place.state = PlaceState.VOID
    number_events.note(session, place, NumberEventKind.VOID, actor, reason)
    return place


def rebind(session: Session, *, case_id: int, reason: str, actor: Actor) -> Place:
    """Another copy for the same person now bears the number; raises NoPlaceHeld. Again, nothing happens."""
    _account, place = _locked_place(session, case_id)
    if place is None:
        raise NoPlaceHeld()
    if place.state == PlaceState.VOID:
        place.state = PlaceState.RESERVED
        number_events.note(session, place, NumberEventKind.REBOUND, actor, reason)
    return place


def file(session: Session, *, case_id: int, actor: Actor) -> Place | None:
    """The member's file is closed, and with it the life of the number; None when the case holds no used place."""
    _account, place = _locked_place(session, case_id)
    if place is None or place.state in RESERVING:
        return None
    if place.state == PlaceState.USED:
        place.state = PlaceState.FILED
        number_events.note(session, place, NumberEventKind.FILED, actor)
    return place


def check_year(place: Place, joined_on: date) -> None:
    """Raise NumberOfAnotherYear unless somebody admitted on this day may bear the place's number."""
    if not numbering.year_fits(place.number, joined_on.year):
        raise NumberOfAnotherYear(number=place.number, year=place.number[:4], joined=joined_on.year)


def place_of(session: Session, case_id: int) -> Place | None:
    """The place a case holds, reserved or used."""
    locked: Place | None = kept(session, _LOCKED).get(case_id)
    if locked is not None and locked.state in HOLDING:
        return locked  # nobody else can have changed it
    query = select(Place).where(Place.case_id == case_id, Place.state.in_(HOLDING))
    return session.scalars(query.execution_options(populate_existing=True)).first()


def places_of(session: Session, plan: Plan, unit_id: int, *, after: str = "", limit: int = 200) -> list[Place]:
    """The places held at the unit itself, by number; `after` is the last number already seen."""
    query = select(Place).where(
        Place.plan_id == plan.id, Place.unit_id == unit_id, Place.state.in_(HOLDING), Place.number > after
    )
    return list(session.scalars(query.order_by(Place.number).limit(limit)))


_HELD_BY_CASE = (
    select(QuotaAccount, Place)
    .join(Place, and_(Place.plan_id == QuotaAccount.plan_id, Place.unit_id == QuotaAccount.unit_id))
    .where(Place.case_id == bindparam("case"), Place.state.in_(HOLDING))
    # Whoever waited for the account is shown the place as the other left it only where that row is locked too.
    .with_for_update(of=(QuotaAccount, Place))
    .execution_options(populate_existing=True)
)

_LOCKED = "locked places"


def _locked_place(session: Session, case_id: int) -> tuple[QuotaAccount | None, Place | None]:
    """The case's place and its account, both as they stand under the account's lock."""
    found = session.execute(_HELD_BY_CASE, {"case": case_id}).first()
    if found is None:
        return None, None
    kept(session, _LOCKED)[case_id] = found[1]
    return found[0], found[1]
