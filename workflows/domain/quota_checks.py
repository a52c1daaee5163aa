"""Would there be a place for each of them? A list of candidates checked in the order of their applications.

A check takes nothing. Who comes earlier in the list and would get a place counts against who comes later, in the same
account and the same graduating class; so the answer is about the whole list, not about each candidate alone. It holds
for the moment each line was looked at: places move on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal, outbox
from workflows.database import Base, BigId, Json
from workflows.domain import head_counts, quota_control, quota_ledger, quota_places, units
from workflows.domain.columns import reference, word
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.numbering import HOLDING, Place
from workflows.domain.quota_control import ClassNotCounted, RatioExceeded
from workflows.domain.quota_ledger import Plan
from workflows.domain.quota_refusals import QuotaExhausted
from workflows.domain.units import NothingAbove, Unit
from workflows.errors import NotFound, Refusal, filled, together
from workflows.journal import Actor, Event

OUTBOX_KIND = "quota.check"

LONGEST_LIST = 1_000

PORTION = 25
"""Candidates looked at in one transaction; after each the page shows how far the check has come."""


class Verdict(StrEnum):
    """What a check says of one candidate."""

    WAITING = "waiting"
    FITS = "fits"
    NO_PLACE = "no_place"
    RATIO = "ratio"
    NOT_COUNTED = "not_counted"
    HAS_PLACE = "has_place"
    ENDED = "ended"
    NO_COMMITTEE = "no_committee"

    @property
    def label(self) -> str:
        """What stands in the column of results."""
        return _LABELS[self]

    @property
    def sentence(self) -> str:
        """Why, with the facts of the line to be filled in."""
        return _SENTENCES[self]

    @property
    def behind(self) -> type[Refusal] | None:
        """The refusal the candidate's case would meet; it has the rule and what would help."""
        return _BEHIND.get(self)


_LABELS = {
    Verdict.WAITING: "等待核对",
    Verdict.FITS: "可以安排",
    Verdict.NO_PLACE: "名额不足",
    Verdict.RATIO: "超团学比",
    Verdict.NOT_COUNTED: "未填报人数",
    Verdict.HAS_PLACE: "已有名额",
    Verdict.ENDED: "申请已结束",
    Verdict.NO_COMMITTEE: "无法确定名额单位",
}

_SENTENCES = {
    Verdict.WAITING: "",
    Verdict.FITS: "“{unit}”空余名额 {free} 个，名单中排在前面的占 {ahead} 个，尚有名额。",
    Verdict.NO_PLACE: "“{unit}”空余名额 {free} 个，名单中排在前面的占 {ahead} 个，没有剩余。",
    Verdict.RATIO: (
        "“{unit}”是毕业班，有学生 {students} 人、团员 {members} 人，已占用名额 {held} 个，"
        "名单中排在前面的占 {ahead} 个；再接收 1 人，超过团学比上限 {limit}%。"
    ),
    Verdict.NOT_COUNTED: "“{unit}”没有填报截至{as_of}的人数，无法核对团学比；按本级规则，填报后方可预留名额。",
    Verdict.HAS_PLACE: "本人已占有名额，不再计算。",
    Verdict.ENDED: "该申请已经办结或终止，不再计算。",
    Verdict.NO_COMMITTEE: "“{unit}”的上级中没有可审批发展团员的团委。",
}

_BEHIND: dict[Verdict, type[Refusal]] = {
    Verdict.NO_PLACE: QuotaExhausted,
    Verdict.RATIO: RatioExceeded,
    Verdict.NOT_COUNTED: ClassNotCounted,
    Verdict.NO_COMMITTEE: NothingAbove,
}


class QuotaCheck(Base):
    """A list of candidates of a unit, to be checked against the places of one plan."""

    __tablename__ = "quota_check"
    __table_args__ = (Index("ix_quota_check_unit", "unit_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    fitting: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[int | None] = mapped_column(BigId)
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class QuotaCheckLine(Base):
    """One candidate of a check. Ids are in the order in which candidates are looked at."""

    __tablename__ = "quota_check_line"
    __table_args__ = (UniqueConstraint("check_id", "case_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    check_id: Mapped[int] = reference("quota_check.id", index=False)
    case_id: Mapped[int] = mapped_column(BigId)
    class_id: Mapped[int] = reference("unit.id", index=False)
    """The branch the candidate applies at."""
    applied_on: Mapped[date] = mapped_column(Date)
    verdict: Mapped[Verdict] = mapped_column(word(Verdict))
    giver_id: Mapped[int | None] = reference("unit.id", nullable=True, index=False)
    """Whose places the candidate would draw on."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json)

    def why(self, translate: Any = str) -> str:
        """The reason and what would help, in the reader's language."""
        reason, behind = filled(self.verdict.sentence, self.facts, translate), self.verdict.behind
        return together(reason, filled(behind.remedy, self.facts, translate)) if behind else reason


class NobodyToCheck(Refusal):
    """A check needs a candidate."""

    code = "quota.nobody_to_check"
    sentence = "没有可以核对的申请人。"
    remedy = "请至少勾选一人；申请人到达预审或等待名额时列入名单。"
    rule = "批量核对针对等待预审或等待名额的申请人（本系统做法）"


class TooManyToCheck(Refusal):
    """A check has an upper size."""

    code = "quota.too_many_to_check"
    sentence = "一次最多核对 {most} 人，现有 {wanted} 人。"
    remedy = "请按下级单位分别核对。"
    rule = "一次批量核对的人数有上限（本系统做法）"


@dataclass(frozen=True)
class _Found:
    """What was found for one candidate."""

    verdict: Verdict
    facts: dict[str, Any]
    giver_id: int | None = None


def ask(session: Session, plan: Plan, unit: Unit, case_ids: Sequence[int], actor: Actor) -> QuotaCheck:
    """Keep that the candidates of these cases are to be checked by the worker; journalled on the unit.

    Raises NobodyToCheck, TooManyToCheck; NotFound when a case is no application within the unit.
    """
    wanted = set(case_ids)
    if not wanted:
        raise NobodyToCheck()
    if len(wanted) > LONGEST_LIST:
        raise TooManyToCheck(most=LONGEST_LIST, wanted=len(wanted))
    listed = _candidates(session, unit, wanted)
    if len(listed) != len(wanted):
        raise NotFound(what="案卷")
    check = QuotaCheck(
        plan_id=plan.id, unit_id=unit.id, total=len(listed), asked_by=actor.person_id, asked_at=clock.now()
    )
    session.add(check)
    session.flush()
    for candidate in listed:
        line = {"case_id": candidate.case_id, "class_id": candidate.unit_id, "applied_on": candidate.applied_on}
        session.add(QuotaCheckLine(check_id=check.id, verdict=Verdict.WAITING, facts={}, **line))
        session.flush()  # one by one: the ids are the order
    outbox.post(session, OUTBOX_KIND, check=check.id)
    facts: dict[str, Any] = {"check": check.id, "year": plan.year, "candidates": check.total}
    chain = journal.unit_chain(unit.id)
    journal.record(session, Event.QUOTA_CHECK_ASKED, chain=chain, actor=actor, **facts)
    return check


def do_portion(session: Session, check_id: int) -> bool:
    """Look at the next candidates of a check; whether more are left. What was looked at once stays as it is.

    The check's row is locked, so that two workers at one check go on from each other.
    """
    check = _locked(session, check_id)
    query = select(QuotaCheckLine).where(QuotaCheckLine.check_id == check.id, QuotaCheckLine.verdict == Verdict.WAITING)
    plan = session.get_one(Plan, check.plan_id)
    for line in session.scalars(query.order_by(QuotaCheckLine.id).limit(PORTION)).all():
        found = _look_at(session, plan, line)
        line.verdict, line.facts, line.giver_id = found.verdict, found.facts, found.giver_id
        check.done += 1
        check.fitting += found.verdict is Verdict.FITS
        session.flush()
    return check.done < check.total


def end(session: Session, check_id: int) -> QuotaCheck:
    """All were looked at; journalled once."""
    check = _locked(session, check_id)
    if check.ended_at is None and check.done == check.total:
        check.ended_at = clock.now()
        facts: dict[str, Any] = {"check": check.id, "candidates": check.total, "fitting": check.fitting}
        chain, actor = journal.unit_chain(check.unit_id), Actor(person_id=check.asked_by)
        journal.record(session, Event.QUOTA_CHECK_ENDED, chain=chain, actor=actor, **facts)
    return check


def get(session: Session, check_id: int) -> QuotaCheck:
    """A check; raises NotFound."""
    check = session.get(QuotaCheck, check_id)
    if check is None:
        raise NotFound(what="名额核对")
    return check


def lines_of(session: Session, check: QuotaCheck) -> list[QuotaCheckLine]:
    """The candidates of a check in the order in which they are looked at."""
    query = select(QuotaCheckLine).where(QuotaCheckLine.check_id == check.id)
    return list(session.scalars(query.order_by(QuotaCheckLine.id)))


def latest(session: Session, unit_id: int, limit: int = 10) -> list[QuotaCheck]:
    """The unit's last checks, newest first."""
    query = select(QuotaCheck).where(QuotaCheck.unit_id == unit_id)
    return list(session.scalars(query.order_by(QuotaCheck.id.desc()).limit(limit)))


def _locked(session: Session, check_id: int) -> QuotaCheck:
    return session.get_one(QuotaCheck, check_id, with_for_update=True, populate_existing=True)


def _candidates(session: Session, unit: Unit, case_ids: set[int]) -> list[Candidate]:
    query = (
        select(Candidate)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Candidate.case_id.in_(case_ids), Unit.path.startswith(unit.path, autoescape=True))
        .order_by(Candidate.applied_on, Candidate.case_id)
    )
    return list(session.scalars(query))


def _look_at(session: Session, plan: Plan, line: QuotaCheckLine) -> _Found:
    status = session.scalar(select(Candidate.status).where(Candidate.case_id == line.case_id))
    if quota_places.place_of(session, line.case_id) is not None:
        return _Found(Verdict.HAS_PLACE, {})
    if status != CandidateStatus.APPLYING:
        return _Found(Verdict.ENDED, {})
    try:
        giver = units.get(session, quota_places.account_drawn_on(session, line.class_id))
    except NothingAbove as refusal:
        return _Found(Verdict.NO_COMMITTEE, refusal.facts)
    # In the order in which the case meets them: the class's ratio, then the account.
    return _over_ratio(session, plan, line, giver) or _by_account(session, plan, line, giver)


def _over_ratio(session: Session, plan: Plan, line: QuotaCheckLine, giver: Unit) -> _Found | None:
    room = quota_control.room_of(session, plan, line.class_id)
    if room is None:
        if not quota_control.must_be_counted_first(session, plan, line.class_id):
            return None
        name, as_of = units.get(session, line.class_id).name, head_counts.day_for(plan.year)
        return _Found(Verdict.NOT_COUNTED, {"unit": name, "as_of": as_of.isoformat()}, giver.id)
    ahead = _ahead(session, line, class_id=line.class_id)
    if room.left - ahead >= 1:
        return None
    ratio = room.ratio
    facts = {"unit": room.unit.name, "students": ratio.students, "members": ratio.members, "limit": ratio.limit}
    return _Found(Verdict.RATIO, {**facts, "held": room.held, "ahead": ahead}, giver.id)


def _by_account(session: Session, plan: Plan, line: QuotaCheckLine, giver: Unit) -> _Found:
    account = quota_ledger.account_of(session, plan.id, giver.id)
    free, ahead = account.free if account else 0, _ahead(session, line, giver_id=giver.id)
    verdict = Verdict.FITS if free - ahead >= 1 else Verdict.NO_PLACE
    return _Found(verdict, {"unit": giver.name, "free": free, "ahead": ahead}, giver.id)


def _ahead(session: Session, line: QuotaCheckLine, **same: int) -> int:
    """How many earlier in the list would get a place of the same account or class.

    Who has taken it meanwhile is counted by the account itself.
    """
    holding = select(Place.id).where(Place.case_id == QuotaCheckLine.case_id, Place.state.in_(HOLDING)).exists()
    query = (
        select(func.count())
        .select_from(QuotaCheckLine)
        .filter_by(check_id=line.check_id, verdict=Verdict.FITS, **same)
        .where(QuotaCheckLine.id < line.id, ~holding)
    )
    return session.scalar(query) or 0
