"""What the Party side has made known of a person: dated events from outside, and nothing of the Party file.

The Party branch or the Party committee enters them, or imports its monthly list; the League never types them. A row is
never changed: a correction is a later row that names the one it takes the place of, with who and why. A person has at
most one standing event of a kind, the last of its chain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Date, ForeignKey, Index, String, Text, and_, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import past_memberships, people, units
from workflows.domain.columns import reference, word
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person
from workflows.domain.units import Unit
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

LONGEST_DOCUMENT = 120
SHORTEST_REASON, LONGEST_REASON = 5, 500
YOUNGEST = 18
"""Years of age from which on a person may apply for the Party (党章第一条)."""


class PartyEventKind(StrEnum):
    """The steps of the Party's procedure that the League is told of, and that its opinion was heard."""

    PARTY_APPLICATION = "party_application"
    ACTIVIST_FILED = "activist_filed"
    TARGET_FILED = "target_filed"
    ACCEPTED = "accepted"
    """As a probationary member; the day of the Party branch meeting."""
    APPROVED = "approved"
    FULL_MEMBER = "full_member"
    OPINION_HEARD = "opinion_heard"
    """Of the League, about somebody from 28 to 35, who is not recommended by it."""

    @property
    def label(self) -> str:
        """The Chinese words for this step."""
        return _LABELS[self]

    @property
    def step(self) -> int | None:
        """Its number among the 25 steps of the Party's procedure; None for what is none of them."""
        return _STEPS.get(self)


_LABELS = {
    PartyEventKind.PARTY_APPLICATION: "递交入党申请书",
    PartyEventKind.ACTIVIST_FILED: "入党积极分子备案",
    PartyEventKind.TARGET_FILED: "发展对象备案",
    PartyEventKind.ACCEPTED: "支部大会接收为预备党员",
    PartyEventKind.APPROVED: "上级党委批准预备党员",
    PartyEventKind.FULL_MEMBER: "上级党委批准转正",
    PartyEventKind.OPINION_HEARD: "发展党员时听取团组织意见（28至35周岁）",
}

_STEPS = {
    PartyEventKind.PARTY_APPLICATION: 1,
    PartyEventKind.ACTIVIST_FILED: 4,
    PartyEventKind.TARGET_FILED: 8,
    PartyEventKind.ACCEPTED: 15,
    PartyEventKind.APPROVED: 17,
    PartyEventKind.FULL_MEMBER: 24,
}


class PartyEvent(Base):
    """One event of one person. Triggers refuse to change or delete it.

    `league_unit_id` is the League unit it counts for: the person's on that day. `is_league_member` says whether the
    person was a member then; None where nobody had to say.
    """

    __tablename__ = "party_event"
    __table_args__ = (
        Index("ix_party_event_day", "kind", "happened_on"),
        Index(
            "uq_party_event_chain",
            "person_id",
            "kind",
            unique=True,
            sqlite_where=text("corrects_id IS NULL"),
            postgresql_where=text("corrects_id IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    party_unit_id: Mapped[int] = reference("unit.id")
    league_unit_id: Mapped[int] = reference("unit.id")
    kind: Mapped[PartyEventKind] = mapped_column(word(PartyEventKind))
    happened_on: Mapped[date] = mapped_column(Date)
    is_league_member: Mapped[bool | None] = mapped_column(Boolean)
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = reference("person.id", index=False)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("party_event_file.id"), index=True)
    corrects_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("party_event.id"), unique=True)
    is_struck: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(Text)


class PartyEventFile(Base):
    """A list of the Party side from which events were taken over. Triggers refuse to change or delete it."""

    __tablename__ = "party_event_file"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    party_unit_id: Mapped[int] = reference("unit.id")
    name: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    digest: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    taken: Mapped[int]
    """Of the rows those that were not on record before."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = reference("person.id", index=False)


class PartyEventWrong(InvalidData):
    """An event that cannot be so."""

    code = "party_event.wrong"
    sentence = "填写的党组织信息有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = "各步骤的日期不晚于今天，并依递交申请、积极分子、发展对象、接收、审批、转正的顺序"
    article = "《中国共产党发展党员工作细则》（条号未核实）"


class EventOnRecord(Refusal):
    """An event of this kind stands for the person."""

    code = "party_event.on_record"
    sentence = "此人的“{kind}”已登记为{day}（第 {id} 号）。"
    remedy = "如日期有误，请更正第 {id} 号；重复报送的，不必再登记。"
    rule = "同一人的同一事项只有一条现行记录"


class EventCorrectedAlready(Refusal):
    """Somebody has corrected this row; only the latest stands to be corrected."""

    code = "party_event.corrected_already"
    sentence = "第 {id} 号记录已被第 {by} 号更正。"
    remedy = "请刷新后更正最新的一条。"
    rule = "更正只对现行的一条作出"


class EventReasonNeeded(InvalidData):
    """A correction says why."""

    code = "party_event.reason"
    sentence = "更正须说明理由，5 至 500 个字。"
    remedy = "请写明为什么更正、依据是什么。"
    rule = "更正另立一条并说明理由，原记录保留"


@dataclass(frozen=True)
class Told:
    """What is told of an event; the person and the kind are not among what may be corrected."""

    happened_on: date
    document: str
    party_unit_id: int
    league_unit_id: int
    is_league_member: bool | None = None


def record(
    session: Session, *, person_id: int, kind: PartyEventKind, told: Told, actor: Actor, file_id: int | None = None
) -> PartyEvent:
    """Enter an event; raises PartyEventWrong by field, EventOnRecord, NotFound. Journalled on the Party unit.

    The person's row is locked, so that two offices do not enter the same thing at once. What was struck out before is
    taken up again by a row that corrects it.
    """
    person, rows = _locked_rows(session, person_id)
    last = _last_of(rows, kind)
    if last is not None and not last.is_struck:
        raise EventOnRecord(kind=kind.label, day=last.happened_on.isoformat(), id=last.id)
    _check(session, person, kind, told, rows)
    row = _row(person_id, kind, told, actor)
    row.file_id = file_id
    if last is not None:
        row.corrects_id, row.reason = last.id, ENTERED_AGAIN
    return _keep(session, row, Event.PARTY_EVENT_ENTERED, actor)


def correct(session: Session, *, event_id: int, told: Told | None, reason: str, actor: Actor) -> PartyEvent:
    """Put a row in the place of another, or strike that out (`told` None); the earlier one stays to be read.

    Raises EventReasonNeeded, PartyEventWrong, EventCorrectedAlready, NotFound. Journalled on the Party unit.
    """
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise EventReasonNeeded(fields={"reason": EventReasonNeeded.sentence})
    earlier = get(session, event_id)
    person, rows = _locked_rows(session, earlier.person_id)
    if later := next((row for row in rows if row.corrects_id == earlier.id), None):
        raise EventCorrectedAlready(id=earlier.id, by=later.id)
    if earlier.is_struck:
        raise EventCorrectedAlready(id=earlier.corrects_id, by=earlier.id)
    if told is not None:
        _check(session, person, earlier.kind, told, [row for row in rows if row is not earlier])
    row = _row(earlier.person_id, earlier.kind, told or _as_it_was(earlier), actor)
    row.corrects_id, row.reason, row.is_struck = earlier.id, reason, told is None
    return _keep(session, row, Event.PARTY_EVENT_CORRECTED, actor)


def get(session: Session, event_id: int) -> PartyEvent:
    """The row; raises NotFound."""
    found = session.get(PartyEvent, event_id)
    if found is None:
        raise NotFound(what="党组织信息")
    return found


def of_person(session: Session, person_id: int) -> list[PartyEvent]:
    """Every row of a person, those corrected and struck out as well, in the order in which they were entered."""
    query = select(PartyEvent).where(PartyEvent.person_id == person_id).order_by(PartyEvent.id)
    return list(session.scalars(query))


def standing_of(session: Session, person_ids: Collection[int]) -> dict[int, dict[PartyEventKind, PartyEvent]]:
    """What stands of each of these people, by kind; people of whom nothing was told are left out."""
    found: dict[int, dict[PartyEventKind, PartyEvent]] = {}
    for row in session.scalars(select(PartyEvent).where(PartyEvent.person_id.in_(person_ids), standing())):
        found.setdefault(row.person_id, {})[row.kind] = row
    return found


def day_of(session: Session, person_id: int, kind: PartyEventKind) -> date | None:
    """The day of the person's standing event of this kind; None when the Party side has told of none."""
    row = standing_of(session, [person_id]).get(person_id, {}).get(kind)
    return row.happened_on if row else None


def between(session: Session, kind: PartyEventKind, first: date, last: date, within: Unit) -> Sequence[PartyEvent]:
    """The standing events of a kind from `first` to `last`, both included, that count for the League unit `within` or
    one below it (or, for a Party unit, that it or one below it is the Party unit of), by day."""
    counted = PartyEvent.party_unit_id if within.kind.is_party else PartyEvent.league_unit_id
    query = (
        select(PartyEvent)
        .join(Unit, Unit.id == counted)
        .where(PartyEvent.kind == kind, PartyEvent.happened_on >= first, PartyEvent.happened_on <= last)
        .where(Unit.path.startswith(within.path, autoescape=True), standing())
        .order_by(PartyEvent.happened_on, PartyEvent.id)
    )
    return session.scalars(query).all()


def listed(
    session: Session,
    within: Unit,
    *,
    kind: PartyEventKind | None = None,
    name: str = "",
    before: int | None = None,
    limit: int = 50,
) -> Sequence[tuple[PartyEvent, Person]]:
    """What stands for the unit (Party or League) and those below it, the latest entered first.

    `before` is the id of the last one seen; `name` is a part of the person's.
    """
    counted = PartyEvent.party_unit_id if within.kind.is_party else PartyEvent.league_unit_id
    query = (
        select(PartyEvent, Person)
        .join(Unit, Unit.id == counted)
        .join(Person, Person.id == PartyEvent.person_id)
        .where(Unit.path.startswith(within.path, autoescape=True), standing())
    )
    if kind is not None:
        query = query.where(PartyEvent.kind == kind)
    if name:
        query = query.where(Person.name.contains(name, autoescape=True))
    if before is not None:
        query = query.where(PartyEvent.id < before)
    return [(row, person) for row, person in session.execute(query.order_by(PartyEvent.id.desc()).limit(limit))]


def standing(row: type[PartyEvent] = PartyEvent) -> ColumnElement[bool]:
    """Whether a row (of an alias, where one is given) stands, neither corrected nor struck out: part of a statement."""
    later = aliased(PartyEvent)
    return and_(row.is_struck.is_(False), ~select(later.id).where(later.corrects_id == row.id).exists())


def was_member(session: Session, person_id: int, day: date) -> bool | None:
    """Whether the person was a League member on the day, by the League's own records; None where it has none."""
    member = session.get(LeagueMember, person_id)
    past = past_memberships.of_person(session, person_id)
    if member is None and not past:
        return None
    if member is not None and member.status == MemberStatus.ACTIVE and member.joined_on <= day:
        return True
    return any(each.joined_on <= day <= each.left_on for each in past)


def _locked_rows(session: Session, person_id: int) -> tuple[Person, list[PartyEvent]]:
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    return people.get(session, person_id), of_person(session, person_id)


def _last_of(rows: Collection[PartyEvent], kind: PartyEventKind) -> PartyEvent | None:
    corrected = {row.corrects_id for row in rows}
    return next((row for row in rows if row.kind == kind and row.id not in corrected), None)


def _check(session: Session, person: Person, kind: PartyEventKind, told: Told, others: Collection[PartyEvent]) -> None:
    wrong: dict[str, str] = {}
    if told.happened_on > clock.today():
        wrong["happened_on"] = IN_THE_FUTURE
    elif told.happened_on < _birthday(person.birth_date, YOUNGEST):
        wrong["happened_on"] = TOO_YOUNG
    elif fault := _out_of_order(kind, told.happened_on, others):
        wrong["happened_on"] = fault
    if len(told.document) > LONGEST_DOCUMENT:
        wrong["document"] = DOCUMENT_WRONG
    if not units.get(session, told.party_unit_id).kind.is_party:
        wrong["party_unit_id"] = NO_PARTY_UNIT
    if units.get(session, told.league_unit_id).kind.is_party:
        wrong["league_unit_id"] = NO_LEAGUE_UNIT
    if kind == PartyEventKind.ACCEPTED and told.is_league_member is None:
        wrong["is_league_member"] = MEMBERSHIP_UNKNOWN
    if wrong:
        raise PartyEventWrong(fields=wrong)


def _out_of_order(kind: PartyEventKind, day: date, others: Collection[PartyEvent]) -> str:
    """What stands against the day, by the order of the Party's steps."""
    step = kind.step
    if step is None:
        return ""
    for other in PartyEventKind:
        row = _last_of(others, other)
        if row is None or row.is_struck or other.step is None or other is kind:
            continue
        if other.step < step and row.happened_on > day:
            return TOO_EARLY
        if other.step > step and row.happened_on < day:
            return TOO_LATE
    return ""


def _birthday(born: date, years: int) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _as_it_was(row: PartyEvent) -> Told:
    return Told(row.happened_on, row.document, row.party_unit_id, row.league_unit_id, row.is_league_member)


def _row(person_id: int, kind: PartyEventKind, told: Told, actor: Actor) -> PartyEvent:
    return PartyEvent(
        person_id=person_id,
        kind=kind,
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
        post_id=actor.post_id,
        for_person_id=actor.for_person_id,
        is_struck=False,
        **vars(told),
    )


def _keep(session: Session, row: PartyEvent, event: Event, actor: Actor) -> PartyEvent:
    session.add(row)
    session.flush()
    facts: dict[str, Any] = {"party_event": row.id, "kind": row.kind, "corrects": row.corrects_id}
    journal.record(
        session,
        event,
        chain=journal.unit_chain(row.party_unit_id),
        actor=actor,
        happened_on=row.happened_on,
        struck=row.is_struck,
        file=row.file_id,
        **facts,
    )
    return row


IN_THE_FUTURE = "不能晚于今天"
TOO_YOUNG = "当日未满18周岁，请核对日期和人员"
TOO_EARLY = "早于此人前面步骤的日期"
TOO_LATE = "晚于此人后面步骤的日期"
DOCUMENT_WRONG = "至多120个字"
NO_PARTY_UNIT = "请选择党支部或党委"
NO_LEAGUE_UNIT = "请选择团组织"
MEMBERSHIP_UNKNOWN = "系统中没有此人的团员登记，请写明接收当日是否团员"
ENTERED_AGAIN = "撤销后重新登记"
WORDS = (
    *(IN_THE_FUTURE, TOO_YOUNG, TOO_EARLY, TOO_LATE, DOCUMENT_WRONG),
    *(NO_PARTY_UNIT, NO_LEAGUE_UNIT, MEMBERSHIP_UNKNOWN, ENTERED_AGAIN),
)
"""Everything said of a single field."""
