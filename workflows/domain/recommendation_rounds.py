"""Rounds of recommendation for Party membership (推优入党): a term's places per branch, taken and given back.

The grassroots committee opens a round for a term and a product. Places are proposed as a share of each branch's
members, edited by the committee, and may be taken once it has confirmed them. The recipe of scarce things: lock the
branch's row, check, take, journal, in the caller's transaction; the constraint of the row stands behind the check.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import branches, units
from workflows.domain.columns import reference, word
from workflows.domain.recommendation_refusals import (
    LessThanTaken,
    NoPlaceInRound,
    NoRoundOpen,
    OverTheShare,
    PlacesWrong,
    RoundNotDraft,
    RoundOpenAlready,
    RoundOver,
    TermWrong,
)
from workflows.domain.units import APPROVING, Unit, UnitKind
from workflows.errors import NotFound
from workflows.journal import Actor, Event

LONGEST_TERM = 40
LONGEST_BASIS = 200


class Product(StrEnum):
    """What a person is recommended as: (A) 入党积极分子 or (B) 党的发展对象."""

    ACTIVIST = "activist"
    TARGET = "target"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {Product.ACTIVIST: "入党积极分子", Product.TARGET: "党的发展对象"}[self]


class RoundState(StrEnum):
    """Draft: places are being proposed. Open: branches recommend. Closed: nothing more is taken."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return {RoundState.DRAFT: "名额待确认", RoundState.OPEN: "进行中", RoundState.CLOSED: "已结束"}[self]


class RecommendationRound(Base):
    """One round of one committee for one product; one at a time is not closed. `share` is in per cent of members."""

    __tablename__ = "recommendation_round"
    __table_args__ = (
        CheckConstraint("share BETWEEN 1 AND 100", name="share"),
        Index(
            "uq_recommendation_round_running",
            "committee_id",
            "product",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    committee_id: Mapped[int] = reference("unit.id")
    product: Mapped[Product] = mapped_column(word(Product))
    term: Mapped[str] = mapped_column(String(LONGEST_TERM))
    basis: Mapped[str] = mapped_column(String(LONGEST_BASIS))
    """What the round rests on: the Party committee's plan of the year, a notice."""
    share: Mapped[int]
    state: Mapped[RoundState] = mapped_column(word(RoundState))
    opened_on: Mapped[date] = mapped_column(Date)
    opened_by: Mapped[int | None] = mapped_column(BigId)
    confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class RoundPlaces(Base):
    """The places of one branch in a round: what its share came to, what the committee gave, what is taken."""

    __tablename__ = "recommendation_places"
    __table_args__ = (
        UniqueConstraint("round_id", "unit_id"),
        CheckConstraint("taken BETWEEN 0 AND places", name="taken"),
        CheckConstraint("proposed >= 0 AND members >= 0", name="proposed"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(BigId, ForeignKey("recommendation_round.id"))
    unit_id: Mapped[int] = reference("unit.id")
    members: Mapped[int]
    proposed: Mapped[int]
    places: Mapped[int]
    taken: Mapped[int]

    @property
    def left(self) -> int:
        """How many may still be taken."""
        return self.places - self.taken


Lock = Callable[[Session, int, int], RoundPlaces | None]


def open_round(
    session: Session, *, committee_id: int, product: Product, term: str, basis: str, share: int, actor: Actor
) -> RecommendationRound:
    """Begin a round with the places that `share` (per cent) of each branch's members comes to, rounded down.

    Raises NotFound for what is no committee that approves admissions, TermWrong, RoundOpenAlready. Journalled.
    """
    committee = units.lock(session, committee_id)
    if committee.kind not in APPROVING:
        raise NotFound(what="基层团委")
    if not 0 < len(term.strip()) <= LONGEST_TERM:
        raise TermWrong(fields={"term": f"请写明学期，不超过{LONGEST_TERM}字"})
    if not 0 < len(basis.strip()) <= LONGEST_BASIS:
        raise TermWrong(fields={"basis": f"请写明依据，不超过{LONGEST_BASIS}字"})
    opened = RecommendationRound(
        committee_id=committee_id,
        product=product,
        term=term.strip(),
        basis=basis.strip(),
        share=share,
        state=RoundState.DRAFT,
        opened_on=clock.today(),
        opened_by=actor.person_id,
    )
    try:
        with session.begin_nested():
            session.add(opened)
            session.flush()
    except IntegrityError as error:
        raise RoundOpenAlready(product=product.label) from error
    found = branches_of(session, committee)
    members = branches.members_of(session, [branch.id for branch in found])
    for branch in found:
        count = members.get(branch.id, 0)
        proposed = proposal(count, share)
        session.add(
            RoundPlaces(
                round_id=opened.id, unit_id=branch.id, members=count, proposed=proposed, places=proposed, taken=0
            )
        )
    session.flush()
    _journal(session, Event.ROUND_OPENED, opened, actor, product=product.value, share=share, branches=len(found))
    return opened


def proposal(members: int, share: int) -> int:
    """How many places `share` per cent of so many members comes to, rounded down: the share is a ceiling."""
    return members * share // 100


def set_places(session: Session, round_id: int, wanted: Mapping[int, int], actor: Actor) -> RecommendationRound:
    """Give branches other numbers of places, by unit id; branches that are not named keep theirs. Journalled.

    While the round is open places may be changed too, but not below what is taken. Raises RoundOver, and by field
    (`places_<unit id>`) PlacesWrong, OverTheShare, LessThanTaken.
    """
    found = lock_round(session, round_id)
    if found.state == RoundState.CLOSED:
        raise RoundOver()
    rows = {row.unit_id: row for row in _locked_rows(session, round_id)}
    for unit_id, places in wanted.items():
        row = rows.get(unit_id)
        if row is None or places < 0:
            raise PlacesWrong(fields={f"places_{unit_id}": "应为不小于0的整数，并属于本轮的支部"})
        ceiling = proposal(row.members, found.share)
        if places > ceiling:
            told = f"团员{row.members}名的{found.share}%，最多{ceiling}个"
            raise OverTheShare(share=found.share, fields={f"places_{unit_id}": told})
        if places < row.taken:
            raise LessThanTaken(fields={f"places_{unit_id}": f"已用{row.taken}个，不能少于已用"})
    changed = {unit_id: places for unit_id, places in wanted.items() if rows[unit_id].places != places}
    for unit_id, places in changed.items():
        rows[unit_id].places = places
    session.flush()
    if changed:
        _journal(session, Event.ROUND_PLACES_SET, found, actor, places={str(key): changed[key] for key in changed})
    return found


def confirm(session: Session, round_id: int, actor: Actor) -> RecommendationRound:
    """From now on the branches may take their places; raises RoundNotDraft. Journalled."""
    found = lock_round(session, round_id)
    if found.state != RoundState.DRAFT:
        raise RoundNotDraft()
    found.state, found.confirmed_at = RoundState.OPEN, clock.now()
    session.flush()
    total = sum(row.places for row in places_of(session, round_id))
    _journal(session, Event.ROUND_CONFIRMED, found, actor, places=total)
    return found


def close(session: Session, round_id: int, actor: Actor) -> RecommendationRound:
    """No place can be taken any more; what is under way goes on with the place it has. Raises RoundOver. Journalled."""
    found = lock_round(session, round_id)
    if found.state == RoundState.CLOSED:
        raise RoundOver()
    found.state, found.closed_at = RoundState.CLOSED, clock.now()
    session.flush()
    taken = sum(row.taken for row in places_of(session, round_id))
    _journal(session, Event.ROUND_CLOSED, found, actor, taken=taken)
    return found


def lock_row(session: Session, round_id: int, unit_id: int) -> RoundPlaces | None:
    """The branch's places in a round, locked until the transaction ends and read afresh."""
    query = select(RoundPlaces).where(RoundPlaces.round_id == round_id, RoundPlaces.unit_id == unit_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()


def take(
    session: Session,
    *,
    unit_id: int,
    product: Product,
    lock: Lock = lock_row,
    after_check: Callable[[], object] | None = None,
) -> RecommendationRound:
    """Take one place of the branch in the round that is open; raises NoRoundOpen, NoPlaceInRound.

    `lock` and `after_check` are seams for the race test: they take the lock away to show what it is for.
    """
    found = open_for(session, unit_id, product)
    if found is None:
        raise NoRoundOpen(product=product.label)
    row = lock(session, found.id, unit_id)
    if row is None or row.left < 1:
        unit = units.get(session, unit_id)
        raise NoPlaceInRound(unit=unit.name, term=found.term, places=row.places if row else 0)
    if after_check is not None:
        after_check()
    # By SQL, so that the constraint sees what another transaction has just done, even when a lock was forgotten.
    row.taken = RoundPlaces.taken + 1
    session.flush()
    return found


def give_back(session: Session, *, round_id: int, unit_id: int) -> None:
    """The place is free again, in a closed round too: its figures stay true. Harmless where the branch has none."""
    row = lock_row(session, round_id, unit_id)
    if row is not None and row.taken > 0:
        row.taken = RoundPlaces.taken - 1
        session.flush()


def open_for(session: Session, unit_id: int, product: Product) -> RecommendationRound | None:
    """The open round in which the branch may recommend, its row held against who closes it."""
    committee = next((unit for unit in reversed(units.line_of(session, unit_id)) if unit.kind in APPROVING), None)
    if committee is None:
        return None
    query = select(RecommendationRound).where(
        RecommendationRound.committee_id == committee.id,
        RecommendationRound.product == product,
        RecommendationRound.state == RoundState.OPEN,
    )
    return session.scalars(query.with_for_update(read=True)).first()


def get(session: Session, round_id: int) -> RecommendationRound:
    """The round; raises NotFound."""
    found = session.get(RecommendationRound, round_id)
    if found is None:
        raise NotFound(what="推优批次")
    return found


def lock_round(session: Session, round_id: int) -> RecommendationRound:
    """The round, locked until the transaction ends and read afresh; raises NotFound."""
    query = select(RecommendationRound).where(RecommendationRound.id == round_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="推优批次")
    return found


def of_committee(session: Session, committee_id: int) -> Sequence[RecommendationRound]:
    """Every round of a committee, the latest first."""
    query = select(RecommendationRound).where(RecommendationRound.committee_id == committee_id)
    return session.scalars(query.order_by(RecommendationRound.id.desc())).all()


def places_of(session: Session, round_id: int) -> Sequence[RoundPlaces]:
    """The places of every branch in a round, in the order of the branches' codes."""
    query = select(RoundPlaces).join(Unit, Unit.id == RoundPlaces.unit_id).where(RoundPlaces.round_id == round_id)
    return session.scalars(query.order_by(Unit.code)).all()


def places_in(session: Session, round_id: int, unit_id: int) -> RoundPlaces | None:
    """The places of one branch in a round."""
    query = select(RoundPlaces).where(RoundPlaces.round_id == round_id, RoundPlaces.unit_id == unit_id)
    return session.scalars(query).first()


def committees_below(session: Session, top: Unit) -> Sequence[Unit]:
    """The committees that report to a unit and may open rounds, by code."""
    below = select(Unit).where(Unit.path.startswith(top.path, autoescape=True), Unit.kind.in_(APPROVING))
    return session.scalars(below.order_by(Unit.code)).all()


def branches_of(session: Session, committee: Unit) -> Sequence[Unit]:
    """The branches that report to a committee, directly or not, by code."""
    query = select(Unit).where(Unit.path.startswith(committee.path, autoescape=True), Unit.kind == UnitKind.BRANCH)
    return session.scalars(query.order_by(Unit.code)).all()


def _locked_rows(session: Session, round_id: int) -> Sequence[RoundPlaces]:
    query = select(RoundPlaces).where(RoundPlaces.round_id == round_id).order_by(RoundPlaces.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _journal(session: Session, event: Event, found: RecommendationRound, actor: Actor, **facts: Any) -> None:
    chain = journal.unit_chain(found.committee_id)
    journal.record(session, event, chain=chain, actor=actor, round=found.id, **facts)
