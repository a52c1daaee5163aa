"""Who waits for a paper of a unit's stock, and whose paper bears a number."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import members, quota_places, stock_copies, units
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember, MemberStatus
from workflows.domain.numbering import RESERVING, Place
from workflows.domain.quota_refusals import NoPlaceHeld
from workflows.domain.stock_copies import CopyState, StockCopy
from workflows.domain.stock_ledger import StockAccount, StockKind
from workflows.domain.stock_refusals import NoCopyOut, NoStockKept
from workflows.domain.units import Unit, UnitKind

GIVES_NONE_OUT = (UnitKind.REGION, UnitKind.PREFECTURE)
"""They pass copies on to the units below; whoever applies there applies at a unit of theirs."""


def waiting_for_forms(session: Session, unit_id: int, *, limit: int = 50) -> list[Place]:
    """The places, by number, whose holders are given forms of this unit's stock and have none yet."""
    area = _area(session, StockKind.FORM, unit_id)
    out = select(StockCopy.id).where(
        StockCopy.kind == StockKind.FORM, StockCopy.case_id == Place.case_id, StockCopy.state == CopyState.BOUND
    )
    query = select(Place).where(Place.unit_id.in_(area), Place.state.in_(RESERVING), ~out.exists())
    return list(session.scalars(query.order_by(Place.number).limit(limit))) if area else []


def waiting_for_cards(session: Session, unit_id: int, *, limit: int = 50) -> list[Candidate]:
    """The admitted, by unit and day of application, who are given cards of this unit's stock and have none yet."""
    area = _area(session, StockKind.CARD, unit_id)
    out = select(StockCopy.id).where(
        StockCopy.kind == StockKind.CARD, StockCopy.case_id == Candidate.case_id, StockCopy.state == CopyState.BOUND
    )
    query = (
        select(Candidate)
        .join(LeagueMember, LeagueMember.person_id == Candidate.person_id)
        .where(
            Candidate.unit_id.in_(area),
            Candidate.status == CandidateStatus.ADMITTED,
            Candidate.case_id.is_not(None),
            LeagueMember.status == MemberStatus.ACTIVE,
            LeagueMember.card_number.is_(None),
            ~out.exists(),
        )
        .order_by(Candidate.unit_id, Candidate.applied_on, Candidate.id)
    )
    return list(session.scalars(query.limit(limit))) if area else []


def copy_in_use(session: Session, unit_id: int, serial: str) -> StockCopy:
    """The copy of this unit's stock with this number that is in somebody's hands; raises NoCopyOut."""
    query = (
        select(StockCopy)
        .join(StockAccount, StockAccount.id == StockCopy.account_id)
        .where(StockAccount.unit_id == unit_id, StockCopy.serial == serial, StockCopy.state == CopyState.BOUND)
    )
    found = session.scalars(query).first()
    if found is None:
        raise NoCopyOut(kind="志愿书或团员证", fields={"serial": "本单位没有发出这个编号的志愿书或团员证"})
    return found


def giver_of(session: Session, kind: StockKind, case_id: int) -> int:
    """The unit whose stock the applicant of the case is given his paper of; raises NotFound, NoPlaceHeld, NoStockKept.

    A form comes from the stock nearest to his place, a card from the one nearest to his branch.
    """
    unit_id = members.get_of_case(session, case_id).unit_id
    if kind == StockKind.FORM:
        place = quota_places.place_of(session, case_id)
        if place is None:
            raise NoPlaceHeld()
        unit_id = place.unit_id
    found = stock_copies.keeper(session, kind, unit_id)
    if found is None:
        raise NoStockKept(unit=units.get(session, unit_id).name, kind=kind.label)
    return found


def _area(session: Session, kind: StockKind, unit_id: int) -> list[int]:
    """The unit and what lies below it, without units that have a nearer stock; nothing where no stock is kept."""
    top = units.get(session, unit_id)
    below = Unit.path.startswith(top.path, autoescape=True)
    keepers = select(Unit.id, Unit.path).join(StockAccount, StockAccount.unit_id == Unit.id)
    kept = dict(session.execute(keepers.where(below, StockAccount.kind == kind)).all())
    if top.kind in GIVES_NONE_OUT or kept.pop(top.id, None) is None:
        return []
    nearer = tuple(kept.values())
    rows = session.execute(select(Unit.id, Unit.path).where(below))
    return [found for found, path in rows if not path.startswith(nearer)]
