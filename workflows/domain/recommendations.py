"""Recommendations for Party membership (推优入党): the record of one person, from the list to the Party's answer.

The record is the League's and belongs to the branch that made it; it is valid where the person is, for some years from
the day of the recommendation meeting (推荐时间). While one is live nobody is recommended a second time as the same.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Date, Index, String, Text, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import recommendation_rounds as rounds
from workflows.domain.columns import reference, word
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.recommendation_refusals import DayWrong, NotAMember, NotOnRecord, RecommendedAlready
from workflows.domain.recommendation_rounds import Product
from workflows.errors import NotFound
from workflows.journal import Actor, Event

LONGEST_DOCUMENT = 120


class State(StrEnum):
    """How far a recommendation has come, or how it ended."""

    LISTED = "listed"
    """A candidate of the round; holds a place."""
    RECOMMENDED = "recommended"
    """Approved by the committee above and passed to the Party."""
    KEPT = "kept"
    """The Party has not determined the person for now; the recommendation stays valid."""
    DETERMINED = "determined"
    """The Party has determined the person as what was recommended."""
    NOT_ACCEPTED = "not_accepted"
    """The Party has not accepted the recommendation, and it is not kept."""
    NOT_PASSED = "not_passed"
    """The recommendation meeting did not adopt it; possible again in the next round."""
    REMOVED = "removed"
    """Taken off the list: not approved above, not recommended after examination, or an objection upheld."""
    REFUSED = "refused"
    """The committee above did not agree."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """The validity has run out without admission to the Party."""

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _LABELS[self]


_LABELS = {
    State.LISTED: "候选人",
    State.RECOMMENDED: "已向党组织推荐",
    State.KEPT: "暂未确定，有效期内保留",
    State.DETERMINED: "党组织已确定",
    State.NOT_ACCEPTED: "党组织未接收",
    State.NOT_PASSED: "推优大会未通过",
    State.REMOVED: "未列入推荐",
    State.REFUSED: "上级团委不同意",
    State.WITHDRAWN: "已撤回",
    State.EXPIRED: "有效期满",
}

LIVE = (State.LISTED, State.RECOMMENDED, State.KEPT, State.DETERMINED)
"""States in which nobody is recommended a second time as the same."""

VALID = (State.RECOMMENDED, State.KEPT, State.DETERMINED)
"""States whose validity runs out some day."""

_LIVE_SQL = "state IN ('listed', 'recommended', 'kept', 'determined')"


class Recommendation(Base):
    """One recommendation of one person; `unit_id` is the branch that made it, wherever the person is now.

    `recommended_on` is the day of the recommendation meeting, `determined_on` the day the Party determined, and
    `valid_until` the last day on which it counts. `case_id` and `round_id` are None for a record entered from paper.
    """

    __tablename__ = "recommendation"
    __table_args__ = (
        Index(
            "uq_recommendation_live",
            "person_id",
            "product",
            unique=True,
            sqlite_where=text(_LIVE_SQL),
            postgresql_where=text(_LIVE_SQL),
        ),
        Index("ix_recommendation_validity", "state", "valid_until"),
        CheckConstraint("valid_until IS NULL OR valid_until >= recommended_on", name="validity"),
        CheckConstraint("determined_on IS NULL OR determined_on >= recommended_on", name="determined"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    product: Mapped[Product] = mapped_column(word(Product))
    unit_id: Mapped[int] = reference("unit.id")
    round_id: Mapped[int | None] = reference("recommendation_round.id", nullable=True)
    case_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    state: Mapped[State] = mapped_column(word(State))
    holds_place: Mapped[bool] = mapped_column(Boolean)
    recommended_on: Mapped[date | None] = mapped_column(Date)
    votes: Mapped[dict[str, Any] | None]
    """What the meeting counted: persons and ballots, as it was minuted."""
    passed_on: Mapped[date | None] = mapped_column(Date)
    """The day the committee above passed it to the Party."""
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT), default="")
    party_unit_id: Mapped[int | None] = reference("unit.id", nullable=True)
    determined_on: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it ended, or why the Party has not determined the person for now."""
    warned_days: Mapped[int | None]
    """Before how many days the last reminder of the end of validity was sent."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def list_candidate(
    session: Session,
    *,
    person_id: int,
    product: Product,
    unit_id: int,
    case_id: int,
    actor: Actor,
    lock: rounds.Lock = rounds.lock_row,
) -> Recommendation:
    """Put a member of the branch on the list and take a place of the open round; again for the same case, the same.

    Raises NotAMember, RecommendedAlready, and what `recommendation_rounds.take` raises. Journalled.
    """
    known = of_case(session, case_id)
    if known is not None:
        return known
    member = session.get(LeagueMember, person_id)
    if member is None or member.status != MemberStatus.ACTIVE or member.unit_id != unit_id:
        raise NotAMember()
    running = live_of(session, person_id, product)
    if running is not None and not is_over(running):
        raise _already(running)
    if running is not None:
        expire(session, running, actor)
    taken = rounds.take(session, unit_id=unit_id, product=product, lock=lock)
    row = Recommendation(
        person_id=person_id,
        product=product,
        unit_id=unit_id,
        round_id=taken.id,
        case_id=case_id,
        state=State.LISTED,
        holds_place=True,
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:  # two offices listed the same person in the same moment
        raise RecommendedAlready(product=product.label, until="办理中") from error
    _journal(session, Event.RECOMMENDATION_LISTED, row, actor, product=product.value, round=taken.id)
    return row


def recommend(
    session: Session,
    *,
    case_id: int,
    recommended_on: date,
    votes: Mapping[str, Any],
    passed_on: date,
    document: str,
    years: int,
    party_unit_id: int | None,
    actor: Actor,
) -> Recommendation:
    """The committee above has agreed and passed the recommendation to the Party; valid for `years` from the meeting.

    Raises NotFound, NotOnRecord, DayWrong. Again, the same. Journalled.
    """
    row = locked_of_case(session, case_id)
    if row.state == State.RECOMMENDED:
        return row
    _insist(row, State.LISTED)
    if passed_on > clock.today():
        raise DayWrong(fields={"passed_on": "推荐日期不能晚于今天"})
    if passed_on < recommended_on:
        raise DayWrong(fields={"passed_on": f"不能早于推优大会（{recommended_on}）"})
    row.state, row.recommended_on, row.passed_on = State.RECOMMENDED, recommended_on, passed_on
    row.votes, row.document, row.party_unit_id = dict(votes), document.strip()[:LONGEST_DOCUMENT], party_unit_id
    row.valid_until = end_of_validity(recommended_on, years)
    session.flush()
    until = row.valid_until.isoformat()
    _journal(session, Event.RECOMMENDATION_MADE, row, actor, happened_on=passed_on, valid_until=until)
    return row


def end_of_validity(recommended_on: date, years: int) -> date:
    """The last day on which a recommendation counts: the same day `years` later (民法典第二百零二条, how terms end).

    A 29 February without its like ends on the last day of that month.
    """
    try:
        return recommended_on.replace(year=recommended_on.year + years)
    except ValueError:
        return date(recommended_on.year + years, 2, 28)


def determine(session: Session, *, case_id: int, determined_on: date, actor: Actor) -> Recommendation:
    """The Party has determined the person as what was recommended; raises NotOnRecord, DayWrong. Journalled."""
    row = locked_of_case(session, case_id)
    if row.state == State.DETERMINED and row.determined_on == determined_on:
        return row
    _insist(row, State.RECOMMENDED, State.KEPT)
    if determined_on > clock.today():
        raise DayWrong(fields={"decided_on": "确定时间不能晚于今天"})
    if row.passed_on is not None and determined_on < row.passed_on:
        raise DayWrong(fields={"decided_on": f"不能早于向党组织推荐之日（{row.passed_on}）"})
    if row.valid_until is not None and determined_on > row.valid_until:
        raise DayWrong(fields={"decided_on": f"推荐的有效期到{row.valid_until}为止"})
    row.state, row.determined_on, row.reason = State.DETERMINED, determined_on, ""
    session.flush()
    _journal(session, Event.RECOMMENDATION_SETTLED, row, actor, happened_on=determined_on, state=row.state.value)
    return row


def take_back(session: Session, *, case_id: int, reason: str, actor: Actor) -> Recommendation:
    """What was determined does not stand any more: the joint recognition behind it was suspended. Journalled.

    The recommendation itself stays valid; not determined, nothing changes. Raises NotFound.
    """
    row = locked_of_case(session, case_id)
    if row.state != State.DETERMINED:
        return row
    row.state, row.determined_on, row.reason = State.KEPT, None, reason.strip()
    session.flush()
    _journal(session, Event.RECOMMENDATION_SETTLED, row, actor, state=row.state.value)
    return row


def keep(session: Session, *, case_id: int, reason: str, decided_on: date, actor: Actor) -> Recommendation:
    """The Party does not determine the person for now; the recommendation stays valid. Journalled."""
    row = locked_of_case(session, case_id)
    _insist(row, State.RECOMMENDED, State.KEPT)
    row.state, row.reason = State.KEPT, reason.strip()
    session.flush()
    _journal(session, Event.RECOMMENDATION_SETTLED, row, actor, happened_on=decided_on, state=row.state.value)
    return row


def end(session: Session, *, case_id: int, state: State, reason: str, actor: Actor) -> Recommendation | None:
    """The recommendation ends otherwise than by the Party's determining; None when there is none on record.

    The place of one that was not passed to the Party is free again; later it counts as used. Ending again changes
    nothing. Raises NotOnRecord for a state that ends nothing. Journalled.
    """
    row = of_case(session, case_id, lock=True)
    if row is None or row.state == state:
        return row
    if state in LIVE:
        raise NotOnRecord(state=state.label)
    _insist(row, *LIVE)
    was_listed = row.state == State.LISTED
    row.state, row.reason, row.ended_at = state, reason.strip() or row.reason, clock.now()
    session.flush()
    if was_listed:
        _free_place(session, row)
    _journal(session, Event.RECOMMENDATION_SETTLED, row, actor, state=state.value)
    return row


def _free_place(session: Session, row: Recommendation) -> None:
    if row.holds_place and row.round_id is not None:
        rounds.give_back(session, round_id=row.round_id, unit_id=row.unit_id)
        row.holds_place = False
        session.flush()


def expire(session: Session, row: Recommendation, actor: Actor) -> None:
    """The validity is over; what the Party determined, and when, stays on record. Journalled."""
    row.state, row.ended_at = State.EXPIRED, clock.now()
    session.flush()
    _journal(session, Event.RECOMMENDATION_SETTLED, row, actor, state=row.state.value)


def running_out(session: Session, by: date) -> Sequence[Recommendation]:
    """Valid recommendations whose last day is `by` or earlier, locked; whom another night's work holds is left out."""
    query = select(Recommendation).where(Recommendation.state.in_(VALID), Recommendation.valid_until <= by)
    return session.scalars(query.order_by(Recommendation.id).with_for_update(skip_locked=True)).all()


def of_case(session: Session, case_id: int, *, lock: bool = False) -> Recommendation | None:
    """The record a case works on, if there is one yet."""
    query = select(Recommendation).where(Recommendation.case_id == case_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def locked_of_case(session: Session, case_id: int) -> Recommendation:
    """The record a case works on, locked until the transaction ends; raises NotFound."""
    found = of_case(session, case_id, lock=True)
    if found is None:
        raise NotFound(what="推荐")
    return found


def get(session: Session, recommendation_id: int) -> Recommendation:
    """The record; raises NotFound."""
    found = session.get(Recommendation, recommendation_id)
    if found is None:
        raise NotFound(what="推荐")
    return found


def of_person(session: Session, person_id: int) -> Sequence[Recommendation]:
    """Every recommendation of a person, wherever it was made, the latest first."""
    query = select(Recommendation).where(Recommendation.person_id == person_id)
    return session.scalars(query.order_by(Recommendation.id.desc())).all()


def live_of(session: Session, person_id: int, product: Product) -> Recommendation | None:
    """The recommendation that is not ended; it bars a second one unless `is_over`."""
    query = select(Recommendation).where(
        Recommendation.person_id == person_id, Recommendation.product == product, Recommendation.state.in_(LIVE)
    )
    return session.scalars(query).first()


def is_over(row: Recommendation) -> bool:
    """Whether the last day of validity has passed, marked or not."""
    return row.valid_until is not None and row.valid_until < clock.today()


def of_round(session: Session, round_id: int) -> Sequence[Recommendation]:
    """Every recommendation made in a round, in the order in which they were listed."""
    query = select(Recommendation).where(Recommendation.round_id == round_id)
    return session.scalars(query.order_by(Recommendation.id)).all()


def _already(row: Recommendation) -> RecommendedAlready:
    until = f"有效期至{row.valid_until}" if row.valid_until else row.state.label
    return RecommendedAlready(product=row.product.label, until=until)


def _insist(row: Recommendation, *states: State) -> None:
    if row.state not in states:
        raise NotOnRecord(state=row.state.label)


def _journal(
    session: Session,
    event: Event,
    row: Recommendation,
    actor: Actor,
    happened_on: date | None = None,
    **facts: Any,
) -> None:
    """No name and no reason: an entry tells who by number, and what became of it."""
    chain = journal.case_chain(row.case_id) if row.case_id else journal.unit_chain(row.unit_id)
    journal.record(session, event, chain=chain, actor=actor, happened_on=happened_on, recommendation=row.id, **facts)
