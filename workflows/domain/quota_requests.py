"""Requests for more places (申请追加): a waiting line at the unit above, which grants, grants in part, refuses or
puts the request to the unit above itself.

A request stays open until everything it asks for is granted, or the rest is refused, withdrawn or lapses with its plan.
Forwarding makes a second request, of the unit in between; its answer brings the first back into the line.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import quota_allotments, quota_ledger, quota_news, units
from workflows.domain.columns import reference, word
from workflows.domain.quota_ledger import Plan, QuotaMovement
from workflows.domain.quota_refusals import (
    AmountWrong,
    NothingToAskAbove,
    RequestAnswered,
    RequestOpen,
    check_amount,
    check_reason,
)
from workflows.errors import NotFound
from workflows.journal import Actor, Event


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    FORWARDED = "forwarded"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        """What the asker reads."""
        return _LABELS[self]


_LABELS = {
    RequestState.WAITING: "排队等待",
    RequestState.FORWARDED: "已转报上级",
    RequestState.GRANTED: "已批准",
    RequestState.REFUSED: "不予批准",
    RequestState.WITHDRAWN: "已撤回",
    RequestState.LAPSED: "计划关闭，申请失效",
}

OPEN = (RequestState.WAITING, RequestState.FORWARDED)

_OWN_OPEN = text("forwards_id IS NULL AND (state = 'waiting' OR state = 'forwarded')")


class QuotaRequest(Base):
    """One request; `granted` never exceeds `amount`, and a unit has one of its own open at a time."""

    __tablename__ = "quota_request"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("granted >= 0 AND granted <= amount", name="granted"),
        Index(
            "uq_quota_request_own_open",
            "plan_id",
            "unit_id",
            unique=True,
            sqlite_where=_OWN_OPEN,
            postgresql_where=_OWN_OPEN,
        ),
        Index("ix_quota_request_line", "asked_unit_id", "plan_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id")
    asked_unit_id: Mapped[int] = reference("unit.id", index=False)
    amount: Mapped[int]
    granted: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[RequestState] = mapped_column(word(RequestState))
    forwards_id: Mapped[int | None] = reference("quota_request.id", nullable=True)
    asked_by: Mapped[int | None] = mapped_column(BigId)
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(400), default="")
    answered_by: Mapped[int | None] = mapped_column(BigId)
    answered_at: Mapped[datetime | None]

    @property
    def rest(self) -> int:
        """How many places are still asked for."""
        return self.amount - self.granted

    @property
    def is_open(self) -> bool:
        """Whether somebody may still act on it."""
        return self.state in OPEN


def ask(session: Session, plan: Plan, unit_id: int, amount: int, reason: str, actor: Actor) -> QuotaRequest:
    """Ask the unit above for more places.

    Raises AmountWrong, ReasonMissing, PlanClosed, NothingToAskAbove, RequestOpen (one of its own waits already).
    """
    check_amount(amount)
    reason = check_reason(reason)
    quota_ledger.lock_plan(session, plan)
    units.lock(session, unit_id)
    query = select(QuotaRequest).where(
        QuotaRequest.plan_id == plan.id,
        QuotaRequest.unit_id == unit_id,
        QuotaRequest.forwards_id.is_(None),
        QuotaRequest.state.in_(OPEN),
    )
    waiting = session.scalars(query).first()
    if waiting is not None:
        raise RequestOpen(unit=units.get(session, unit_id).name, amount=waiting.amount)
    return _put(session, plan, unit_id, amount, reason, actor, None)


def forward(session: Session, request_id: int, reason: str, actor: Actor) -> QuotaRequest:
    """Put what is left of a waiting request to the unit above the one asked; answers the new request.

    Raises NotFound, RequestAnswered, PlanClosed, NothingToAskAbove, ReasonMissing.
    """
    reason = check_reason(reason)
    plan = quota_ledger.lock_plan(session, session.get_one(Plan, get(session, request_id).plan_id))
    below = _locked(session, request_id, RequestState.WAITING)
    above = _put(session, plan, below.asked_unit_id, below.rest, reason, actor, below.id)
    below.state = RequestState.FORWARDED
    _record(session, Event.REQUEST_FORWARDED, below, actor, forwarded_as=above.id)
    quota_news.tell(session, below.unit_id, f"{_asked(session, below)}已转报{_name(session, above)}：{reason}")
    return above


def grant(session: Session, request_id: int, amount: int, actor: Actor, answer: str = "") -> QuotaMovement:
    """Pass `amount` places down to the asker; what is still asked for stays in the line.

    Raises NotFound, RequestAnswered, AmountWrong, PlanClosed, QuotaExhausted, NumbersExhausted.
    """
    request = _locked(session, request_id, *OPEN)
    check_amount(amount)
    if amount > request.rest:
        raise AmountWrong(fields={"amount": f"尚需{request.rest}个，不能批准更多"})
    plan = session.get_one(Plan, request.plan_id)
    told = answer.strip() or f"批准追加申请：{request.reason}"[:400]
    movement = quota_allotments.allot(session, plan, request.asked_unit_id, request.unit_id, amount, actor, told)
    request.granted += amount
    _answered(request, actor, answer)
    if request.rest == 0:
        _recall_forwarded(session, request, actor)
        request.state = RequestState.GRANTED
        _back_in_line(session, request)
    _record(session, Event.REQUEST_ANSWERED, request, actor, movement=movement.id)
    rest = f"其余 {request.rest} 个继续排队。" if request.rest else ""
    said = f"{_name(session, request)}批准 {amount} 个，名额与编号已下达。{rest}"
    quota_news.tell(session, request.unit_id, f"{_asked(session, request)}有答复：{said}{_told(answer)}")
    return movement


def refuse(session: Session, request_id: int, reason: str, actor: Actor) -> QuotaRequest:
    """Refuse what is left of a request, with the reason; raises NotFound, RequestAnswered, ReasonMissing."""
    request = _locked(session, request_id, *OPEN)
    _answered(request, actor, check_reason(reason))
    _recall_forwarded(session, request, actor)
    request.state = RequestState.REFUSED
    _back_in_line(session, request)
    _record(session, Event.REQUEST_ANSWERED, request, actor)
    said = f"{_name(session, request)}不予批准尚余的 {request.rest} 个。{_told(reason)}"
    quota_news.tell(session, request.unit_id, f"{_asked(session, request)}有答复：{said}")
    return request


def withdraw(session: Session, request_id: int, actor: Actor) -> QuotaRequest:
    """The asker no longer wants what is left; raises NotFound, RequestAnswered."""
    request = _locked(session, request_id, *OPEN)
    _recall_forwarded(session, request, actor)
    request.state = RequestState.WITHDRAWN
    _back_in_line(session, request)
    _record(session, Event.REQUEST_WITHDRAWN, request, actor)
    _tell_withdrawn(session, request)
    return request


def lapse_all(session: Session, plan: Plan) -> int:
    """The plan is closed: every open request lapses; how many there were."""
    query = select(QuotaRequest).where(QuotaRequest.plan_id == plan.id, QuotaRequest.state.in_(OPEN))
    found = list(session.scalars(query.order_by(QuotaRequest.id).with_for_update()))
    for request in found:
        request.state = RequestState.LAPSED
        said = f"{_asked(session, request)}未及答复，{plan.year}年度的计划已关闭，申请失效。"
        quota_news.tell(session, request.unit_id, said)
    session.flush()
    return len(found)


def get(session: Session, request_id: int) -> QuotaRequest:
    """The request; raises NotFound."""
    found = session.get(QuotaRequest, request_id)
    if found is None:
        raise NotFound(what="追加申请")
    return found


def waiting_at(session: Session, plan: Plan, unit_id: int) -> list[QuotaRequest]:
    """The line at a unit: open requests of units below, first come first."""
    query = select(QuotaRequest).where(
        QuotaRequest.asked_unit_id == unit_id, QuotaRequest.plan_id == plan.id, QuotaRequest.state.in_(OPEN)
    )
    return list(session.scalars(query.order_by(QuotaRequest.id)))


def made_by(session: Session, plan: Plan, unit_id: int) -> list[QuotaRequest]:
    """What a unit has asked for in this plan, newest first."""
    query = select(QuotaRequest).where(QuotaRequest.unit_id == unit_id, QuotaRequest.plan_id == plan.id)
    return list(session.scalars(query.order_by(QuotaRequest.id.desc())))


def position(session: Session, request: QuotaRequest) -> int | None:
    """The request's place in its line, from 1; None when it is no longer open."""
    if not request.is_open:
        return None
    line = [each.id for each in waiting_at(session, session.get_one(Plan, request.plan_id), request.asked_unit_id)]
    return line.index(request.id) + 1


def chain_of(session: Session, request: QuotaRequest) -> list[QuotaRequest]:
    """The request and, one above the other, what it was forwarded as."""
    found = [request]
    while True:
        query = select(QuotaRequest).where(QuotaRequest.forwards_id == found[-1].id).order_by(QuotaRequest.id.desc())
        above = session.scalars(query).first()
        if above is None:
            return found
        found.append(above)


def _put(
    session: Session, plan: Plan, unit_id: int, amount: int, reason: str, actor: Actor, forwards_id: int | None
) -> QuotaRequest:
    unit = units.get(session, unit_id)
    if unit.parent_id is None:
        raise NothingToAskAbove(unit=unit.name)
    request = QuotaRequest(
        plan_id=plan.id,
        unit_id=unit_id,
        asked_unit_id=unit.parent_id,
        amount=amount,
        granted=0,
        reason=reason,
        state=RequestState.WAITING,
        forwards_id=forwards_id,
        asked_by=actor.person_id,
        asked_at=clock.now(),
        answer="",
    )
    session.add(request)
    session.flush()
    _record(session, Event.PLACES_REQUESTED, request, actor, amount=amount)
    wanted = f"{unit.name}申请追加 {amount} 个名额，等您答复。理由：{reason}"
    quota_news.tell(session, request.asked_unit_id, f"{wanted}。{quota_news.WHERE}")
    return request


def _locked(session: Session, request_id: int, *wanted: RequestState) -> QuotaRequest:
    """The request under the lock, after those that it carries further up: the order in which they were made."""
    ids = [get(session, request_id).id]
    while (below := get(session, ids[-1]).forwards_id) is not None:
        ids.append(below)
    query = select(QuotaRequest).where(QuotaRequest.id.in_(ids)).order_by(QuotaRequest.id).with_for_update()
    request = list(session.scalars(query.execution_options(populate_existing=True)))[-1]
    if request.state not in wanted:
        raise RequestAnswered(state=request.state.label)
    return request


def _answered(request: QuotaRequest, actor: Actor, answer: str) -> None:
    request.answer, request.answered_by, request.answered_at = answer.strip(), actor.person_id, clock.now()


def _recall_forwarded(session: Session, request: QuotaRequest, actor: Actor) -> None:
    """What was put further up for a request that has ended is wanted no longer."""
    above = next(
        (each for each in chain_of(session, request)[1:2] if each.is_open and request.state == RequestState.FORWARDED),
        None,
    )
    if above is not None:
        above = _locked(session, above.id, *OPEN)
        _recall_forwarded(session, above, actor)
        above.state = RequestState.WITHDRAWN
        _record(session, Event.REQUEST_WITHDRAWN, above, actor)
        _tell_withdrawn(session, above)


def _back_in_line(session: Session, request: QuotaRequest) -> None:
    """A forwarded request has its answer from above: it waits again where it was put."""
    if request.forwards_id is not None:
        below = get(session, request.forwards_id)
        if below.state == RequestState.FORWARDED:
            below.state = RequestState.WAITING


def _name(session: Session, request: QuotaRequest) -> str:
    """Of the unit asked."""
    return quota_news.name_of(session, request.asked_unit_id)


def _asked(session: Session, request: QuotaRequest) -> str:
    """What was asked for, as the asker remembers it."""
    return f"{quota_news.name_of(session, request.unit_id)}追加 {request.amount} 个名额的申请"


def _told(answer: str) -> str:
    return f"说明：{answer.strip()}" if answer.strip() else ""


def _tell_withdrawn(session: Session, request: QuotaRequest) -> None:
    quota_news.tell(session, request.asked_unit_id, f"{_asked(session, request)}已撤回，不必再答复。")


def _record(session: Session, event: Event, request: QuotaRequest, actor: Actor, **facts: Any) -> None:
    session.flush()
    journal.record(
        session,
        event,
        chain=journal.unit_chain(request.unit_id),
        actor=actor,
        request=request.id,
        asked_unit=request.asked_unit_id,
        state=request.state.value,
        granted=request.granted,
        **facts,
    )
