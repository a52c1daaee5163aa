"""Control by ratio: a class may not be admitted over its limit, a unit over its limit gets fewer places than last year.

Both are refused with the figures they rest on. What was never counted cannot be measured: a class without a head count
is admitted to with a warning or not at all, as the parameter `uncounted_admission` says; without last year's places
there is no cut.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import head_counts, past_shares, quota_news, ratios, rules_in_force, units
from workflows.domain.columns import reference
from workflows.domain.head_counts import Counts, HeadCountReport, Standing
from workflows.domain.members import Candidate
from workflows.domain.numbering import HOLDING, Place
from workflows.domain.quota_ledger import Plan
from workflows.domain.ratios import Mark, Ratio, Scope
from workflows.domain.rules_in_force import Rules
from workflows.domain.units import Unit, UnitKind
from workflows.errors import InvalidData, Refusal
from workflows.journal import Actor, Event

LONGEST_REASON, SHORTEST_REASON = 400, 10
MOST_EXTRA = 200


class RatioException(Base):
    """A county lets a class admit some more over its limit in one plan; with reason, never taken back."""

    __tablename__ = "ratio_exception"
    __table_args__ = (CheckConstraint("extra > 0", name="extra"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id")
    extra: Mapped[int]
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    granted_by: Mapped[int | None] = mapped_column(BigId)
    granted_unit_id: Mapped[int | None] = mapped_column(BigId)
    granted_at: Mapped[datetime]


class RatioExceeded(Refusal):
    """One more admission would take the class over its limit."""

    code = "ratio.exceeded"
    sentence = (
        "“{unit}”是毕业班，截至{as_of}有学生 {students} 人、团员 {members} 人，本年度已占用名额 {held} 个；"
        "再接收 1 人，团学比为 {after}，超过上限 {limit}%，最多还能接收 {room} 人。"
    )
    remedy = "人数有误的，请学校更正填报；确有必要的，请旗县团委说明理由批准例外。"
    rule = "毕业班团学比：初中不超过30%，高中阶段不超过60%"
    article = "内团办发〔2020〕14号；中学共青团改革实施方案（2016）"


class ClassNotCounted(Refusal):
    """Nobody has reported the head count of a class, and the rules want it first."""

    code = "ratio.not_counted"
    sentence = "“{unit}”没有填报截至{as_of}的人数，无法核对团学比，不能预留名额。"
    remedy = "请学校团委在“名额—人数填报”中填报该班级的学生数和团员数，再办理。"
    rule = "未填报人数的班级先填报、后预留名额（本级规则定为“填报后方可办理”）"


class CeilingExceeded(Refusal):
    """A unit whose ratio is over its limit would get more places than last year's less the cut."""

    code = "ratio.ceiling_exceeded"
    sentence = (
        "“{unit}”毕业班团学比超过上限，名额须较上年压减 {rate}%：上年 {last_year} 个，本年最多 {most} 个，"
        "已下达 {had} 个，再下达 {wanted} 个即超出。"
    )
    remedy = "请减少到 {left} 个以内。"
    rule = "团学比超限的单位，名额较上年压减"
    article = "内团办发〔2020〕14号"


class ExceptionWrong(InvalidData):
    """An exception needs a class, a number of admissions and a reason."""

    code = "ratio.exception_wrong"
    sentence = "例外未能批准。"
    remedy = "请按各栏的提示修改。"
    rule = "超过团学比上限接收团员，须由旗县团委说明理由批准"


@dataclass(frozen=True)
class Room:
    """A graduating class as control sees it; `held` are places held for it, `extra` what exceptions allow."""

    unit: Unit
    ratio: Ratio
    held: int
    extra: int

    @property
    def left(self) -> int:
        """How many more the class may admit. A class over its limit already may admit what exceptions allow."""
        return max(self.ratio.most, self.ratio.members) + self.extra - self.ratio.members - self.held


def insist_on_room(session: Session, plan: Plan, unit_id: int, *, case_id: int | None = None) -> None:
    """Raises RatioExceeded when one more admission would take a graduating class over its limit.

    The class's head count is locked until the transaction ends, so that two cases do not take the last room. A place
    the case holds already is not counted again. A class of a controlled stage that nobody has counted is refused with
    ClassNotCounted where the rules say so; else its committee is told when the first place is taken. Others pass.
    """
    report = _report_of(session, plan, unit_id, lock=True)
    if report is None:
        _mind_that_nobody_counted(session, plan, unit_id, case_id)
        return
    room = _room(session, plan, unit_id, report, but_for=case_id)
    if room is None or room.left >= 1:
        return
    after = Ratio(room.ratio.students, room.ratio.members, room.ratio.limit, 0, admissions=room.held + 1)
    raise RatioExceeded(
        unit=room.unit.name,
        as_of=head_counts.day_for(plan.year).isoformat(),
        students=room.ratio.students,
        members=room.ratio.members,
        held=room.held,
        after=ratios.percent(after.next),
        limit=room.ratio.limit,
        room=max(0, room.left),
    )


def room_of(session: Session, plan: Plan, unit_id: int, *, but_for: int | None = None) -> Room | None:
    """The room of a class; None for what is no graduating class of a controlled stage, or was never counted."""
    report = _report_of(session, plan, unit_id)
    return None if report is None else _room(session, plan, unit_id, report, but_for=but_for)


def must_be_counted_first(session: Session, plan: Plan, unit_id: int) -> bool:
    """Whether nobody has counted a class of a controlled stage, and the rules want that before a place is taken."""
    if _report_of(session, plan, unit_id) is not None:
        return False
    return is_controlled(session, unit_id) and _wants_counting(rules_in_force.of_unit(session, unit_id))


def is_controlled(session: Session, unit_id: int) -> bool:
    """Whether the unit is a class of a stage that has a limit, so that it ought to be counted."""
    line = units.line_of(session, unit_id)
    stage = next((each.field for each in reversed(line) if each.field is not None), None)
    return line[-1].kind == UnitKind.BRANCH and stage is not None and ratios.scope_of(stage) is not None


def _wants_counting(rules: Rules) -> bool:
    return str(rules.values["uncounted_admission"].value) == "refuse"


def _mind_that_nobody_counted(session: Session, plan: Plan, unit_id: int, case_id: int | None) -> None:
    if not is_controlled(session, unit_id):
        return
    unit, as_of = units.get(session, unit_id), head_counts.day_for(plan.year).isoformat()
    rule_set = rules_in_force.named_or_of_year(plan.rule_set, plan.year)
    if _wants_counting(rules_in_force.of_unit(session, unit_id, rule_set=rule_set)):
        raise ClassNotCounted(unit=unit.name, as_of=as_of)
    committee = next((each for each in reversed(units.line_of(session, unit_id)) if each.kind in units.APPROVING), None)
    if committee is not None and not held_by_class(session, plan, unit, but_for=case_id):
        said = f"{unit.name}没有填报截至{as_of}的人数，已为该班级的申请人预留名额，团学比无法核对。"
        quota_news.tell(session, committee.id, f"{said}请在“名额—人数填报”中补报。")


def _report_of(session: Session, plan: Plan, unit_id: int, *, lock: bool = False) -> HeadCountReport | None:
    return head_counts.standing_of(session, unit_id, head_counts.day_for(plan.year), lock=lock)


def _room(
    session: Session, plan: Plan, unit_id: int, report: HeadCountReport, *, but_for: int | None = None
) -> Room | None:
    unit, lines = units.get(session, unit_id), head_counts.lines_of(session, report.id)
    if unit.kind != UnitKind.BRANCH:
        return None
    scope = ratios.scope_of(lines[0].stage) if lines and lines[0].is_graduating else None
    if scope is None:
        return None
    ratio = ratios.of_scope(Counts(tuple(lines)), scope, ratios.limits_for(session, unit_id))
    held = held_by_class(session, plan, unit, but_for=but_for).get(unit_id, 0)
    return Room(unit, ratio, held, _extra(session, plan, unit_id))


def held_by_class(session: Session, plan: Plan, top: Unit, *, but_for: int | None = None) -> dict[int, int]:
    """How many places of the plan are held, reserved or used, for candidates of each branch within `top`."""
    query = (
        select(Candidate.unit_id, func.count())
        .join(Place, Place.case_id == Candidate.case_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .where(Place.plan_id == plan.id, Place.state.in_(HOLDING), Unit.path.startswith(top.path, autoescape=True))
        .group_by(Candidate.unit_id)
    )
    if but_for is not None:
        query = query.where(Place.case_id != but_for)
    return dict(session.execute(query).all())


def grant_exception(
    session: Session, plan: Plan, unit_id: int, *, extra: int, reason: str, actor: Actor
) -> RatioException:
    """Let a graduating class admit `extra` more over its limit; raises ExceptionWrong, NotFound. Journalled on it."""
    reason, wrong = reason.strip(), {}
    if isinstance(extra, bool) or not 1 <= extra <= MOST_EXTRA:
        wrong["extra"] = EXTRA_WRONG
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        wrong["reason"] = REASON_WRONG
    if room_of(session, plan, unit_id) is None:
        wrong["unit_id"] = NO_CLASS
    if wrong:
        raise ExceptionWrong(fields=wrong)
    row = RatioException(
        plan_id=plan.id,
        unit_id=unit_id,
        extra=extra,
        reason=reason,
        granted_by=actor.person_id,
        granted_unit_id=actor.unit_id,
        granted_at=clock.now(),
    )
    session.add(row)
    session.flush()
    facts: dict[str, Any] = {"exception": row.id, "year": plan.year, "extra": extra, "reason": reason}
    chain = journal.unit_chain(unit_id)
    journal.record(session, Event.RATIO_EXCEPTION_GRANTED, chain=chain, actor=actor, **facts)
    return row


def exceptions_of(session: Session, plan: Plan, unit_id: int) -> list[RatioException]:
    """The exceptions granted to a class in a plan, oldest first."""
    query = select(RatioException).where(RatioException.plan_id == plan.id, RatioException.unit_id == unit_id)
    return list(session.scalars(query.order_by(RatioException.id)))


def insist_on_ceilings(session: Session, plan: Plan, from_unit_id: int, amounts: Mapping[int, int]) -> None:
    """Raises CeilingExceeded when a unit over its ratio would get more than last year's places less the cut.

    `amounts` is by unit id, as `quotas.allot_many` takes it. Last year's places are those of the system's plan, or as
    somebody entered them; of whom neither is known, nothing is refused.
    """
    last = past_shares.of_year(session, plan.year - 1, amounts)
    if session.scalar(select(Plan.id).where(Plan.year == plan.year - 1)) is not None:
        last = dict.fromkeys(amounts, 0) | last  # whom that plan passed over had nothing
    if not last:
        return
    above, below = units.get(session, from_unit_id), _units(session, [key for key in amounts if key in last])
    had = past_shares.in_ledger(session, plan.year, amounts)
    standing = Standing(session, above, head_counts.day_for(plan.year))
    limits = ratios.limits_below(session, above, below)
    for unit in below:
        counts, rate = standing.of(unit), limits[unit.id].reduction
        if not any(ratios.of_scope(counts, scope, limits[unit.id]).mark_now is Mark.RED for scope in Scope):
            continue
        last_year, has, wanted = last[unit.id], had.get(unit.id, 0), amounts[unit.id]
        most = last_year * (100 - rate) // 100
        if has + wanted > most:
            facts: dict[str, Any] = {"rate": rate, "last_year": last_year, "most": most, "had": has, "wanted": wanted}
            raise CeilingExceeded(unit=unit.name, left=max(0, most - has), **facts)


def _units(session: Session, unit_ids: Collection[int]) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.id.in_(unit_ids)).order_by(Unit.code)))


def _extra(session: Session, plan: Plan, unit_id: int) -> int:
    return sum(each.extra for each in exceptions_of(session, plan, unit_id))


EXTRA_WRONG = "应为1至200的整数"
REASON_WRONG = "请说明理由，10至400个字"
NO_CLASS = "只能为已填报人数的毕业班批准例外"
WORDS = (EXTRA_WRONG, REASON_WRONG, NO_CLASS)
"""Everything said of a single field."""
