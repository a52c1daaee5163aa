"""Which Party units work with which League units, and since when.

The Party and the League have trees of their own. A link says that a Party branch (or the Party committee of a school)
works with a League unit and with everything that reports to it, unless a unit nearer to the branch has a link of its
own. One League unit has at most one Party branch and one Party committee at a time; both ends of a link's time are
inclusive. A link is ended, never deleted: it tells later which Party branch an old case belonged to.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ColumnElement, Date, Index, and_, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import units
from workflows.domain.columns import reference, word
from workflows.domain.units import PARTY, Unit, UnitKind
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

WORKS_WITH: dict[UnitKind, tuple[UnitKind, ...]] = {
    UnitKind.PARTY_BRANCH: (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH, UnitKind.SCHOOL, UnitKind.DIRECT),
    UnitKind.PARTY_COMMITTEE: (UnitKind.SCHOOL, UnitKind.DIRECT),
}
"""The levels of the League that a Party unit of a level may be linked with."""


class PartyLink(Base):
    """A Party unit works with a League unit from `since` to `until` (both inclusive; None = until further notice)."""

    __tablename__ = "party_link"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="term"),
        Index(
            "uq_party_link_open",
            "league_unit_id",
            "kind",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    party_unit_id: Mapped[int] = reference("unit.id")
    league_unit_id: Mapped[int] = reference("unit.id")
    kind: Mapped[UnitKind] = mapped_column(word(UnitKind))
    """The level of the Party unit, kept here for the index that allows one of each at a time."""
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    entered_by: Mapped[int | None] = mapped_column(BigId)
    entered_at: Mapped[datetime]


class NoPartyBranch(Refusal):
    """No Party branch works with this League unit or one above it."""

    code = "unit.no_party_branch"
    sentence = "“{unit}”还没有登记对应的党支部。"
    remedy = "请系统管理员在“党团组织对应”中登记对应的党支部后再办。"
    rule = "推优由团支部向对应的党支部提出，党支部确定"
    article = "《中国共产党发展党员工作细则》（条号未核实）"


class NoPartyCommittee(Refusal):
    """No Party committee stands above the Party branch, or works with this League unit or one above it."""

    code = "unit.no_party_committee"
    sentence = "“{unit}”还没有登记对应的党委。"
    remedy = "请系统管理员在“党团组织对应”中登记对应的党委，或核对党支部所隶属的党委。"
    rule = "入党积极分子、发展对象报上级党委备案"
    article = "《中国共产党发展党员工作细则》（条号未核实）"


class LinkWrong(InvalidData):
    """These two units, or these dates, make no link."""

    code = "party_link.wrong"
    sentence = "党团组织的对应关系填写有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = "党支部对应团支部、团总支或基层团委，党委对应基层团委；起止日期先后有序"


class LinkedAlready(Refusal):
    """The League unit has a Party unit of this level at this time."""

    code = "party_link.taken"
    sentence = "“{league}”在{since}起的这段时间已对应“{party}”。"
    remedy = "请先结束原来的对应关系，新的自次日起登记。"
    rule = "一个团组织同一时间只对应一个党支部、一个党委"


class LinkEnded(Refusal):
    """The link has been ended already."""

    code = "party_link.ended"
    sentence = "“{league}”与“{party}”的对应关系已于{until}结束。"
    remedy = "请刷新后查看；如需恢复，请重新登记。"
    rule = "已结束的对应关系留存备查，不再更改"


def party_branch_of(session: Session, league_unit_id: int, on: date | None = None) -> Unit:
    """The Party branch that works with the League unit on `on` (default today), linked nearest on the way up.

    A Party branch is its own. Raises NoPartyBranch, NotFound.
    """
    found = linked_branch(session, league_unit_id, on)
    if found is None:
        raise NoPartyBranch(unit=units.get(session, league_unit_id).name)
    return found


def linked_branch(session: Session, unit_id: int, on: date | None = None) -> Unit | None:
    """As `party_branch_of`, and None where there is none. Raises NotFound."""
    line = units.line_of(session, unit_id)
    if line[-1].kind == UnitKind.PARTY_BRANCH:
        return line[-1]
    return _nearest(session, line, UnitKind.PARTY_BRANCH, on)


def party_branches_of(session: Session, league_units: Sequence[Unit], on: date | None = None) -> dict[int, Unit]:
    """As `party_branch_of`, for many League units by two statements; those without a Party branch are left out."""
    lines = {unit.id: unit.line() for unit in league_units}
    query = select(PartyLink.league_unit_id, PartyLink.party_unit_id).where(
        PartyLink.league_unit_id.in_({above for line in lines.values() for above in line}),
        PartyLink.kind == UnitKind.PARTY_BRANCH,
        _standing(on or clock.today()),
    )
    linked = dict(session.execute(query).all())
    found = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(linked.values())))}
    nearest = {unit_id: next((up for up in reversed(line) if up in linked), None) for unit_id, line in lines.items()}
    return {unit_id: found[linked[up]] for unit_id, up in nearest.items() if up is not None}


def party_committee_of(session: Session, unit_id: int, on: date | None = None) -> Unit:
    """The Party committee above the Party branch that works with a League unit (or above a Party unit itself).

    Without a Party branch it is the committee linked nearest on the way up. Raises NoPartyCommittee, NotFound.
    """
    line = units.line_of(session, unit_id)
    branch = line[-1] if line[-1].kind.is_party else _nearest(session, line, UnitKind.PARTY_BRANCH, on)
    if branch is not None:
        return units.ancestor(session, branch.id, UnitKind.PARTY_COMMITTEE)
    found = _nearest(session, line, UnitKind.PARTY_COMMITTEE, on)
    if found is None:
        raise NoPartyCommittee(unit=line[-1].name)
    return found


def league_units_of(session: Session, party_unit_id: int, on: date | None = None) -> list[Unit]:
    """The League units linked with the Party unit on `on` (default today), by code; those below them are not listed."""
    return league_units_of_each(session, [party_unit_id], on).get(party_unit_id, [])


def league_units_of_each(
    session: Session, party_unit_ids: Collection[int], on: date | None = None
) -> dict[int, list[Unit]]:
    """As `league_units_of`, for many Party units by one statement; those without a link are left out."""
    query = (
        select(PartyLink.party_unit_id, Unit)
        .join(Unit, Unit.id == PartyLink.league_unit_id)
        .where(PartyLink.party_unit_id.in_(party_unit_ids), _standing(on or clock.today()))
        .order_by(Unit.code)
    )
    found: dict[int, list[Unit]] = {}
    for party_unit_id, unit in session.execute(query):
        found.setdefault(party_unit_id, []).append(unit)
    return found


def works_with(session: Session, party_unit_id: int, league_unit_id: int, on: date | None = None) -> bool:
    """Whether the Party unit is the branch, or a committee above the branch, that works with the League unit."""
    line = units.line_of(session, league_unit_id)
    nearest = [_nearest(session, line, kind, on) for kind in PARTY]
    return any(party_unit_id in found.line() for found in nearest if found is not None)


def links_of(session: Session, unit_ids: Collection[int]) -> Sequence[PartyLink]:
    """Every link of these units, Party or League, ended ones too, the latest first."""
    query = select(PartyLink).where(or_(PartyLink.party_unit_id.in_(unit_ids), PartyLink.league_unit_id.in_(unit_ids)))
    return session.scalars(query.order_by(PartyLink.since.desc(), PartyLink.id.desc())).all()


def link(
    session: Session,
    *,
    party_unit_id: int,
    league_unit_id: int,
    since: date,
    until: date | None = None,
    actor: Actor,
) -> PartyLink:
    """Put on record that the Party unit works with the League unit; journalled on the League unit.

    The League unit's row is locked, so that two are not linked at once. Raises NotFound, LinkWrong, LinkedAlready.
    """
    league, party = units.lock(session, league_unit_id), units.get(session, party_unit_id)
    _check(party, league, since, until)
    standing = session.scalars(
        select(PartyLink).where(
            PartyLink.league_unit_id == league.id, PartyLink.kind == party.kind, _overlapping(since, until)
        )
    ).first()
    if standing is not None:
        other = units.get(session, standing.party_unit_id)
        facts = {"league": league.name, "party": other.name, "since": standing.since.isoformat()}
        raise LinkedAlready(**facts, fields={"since": NOT_FREE})
    made = PartyLink(
        party_unit_id=party.id,
        league_unit_id=league.id,
        kind=party.kind,
        since=since,
        until=until,
        entered_by=actor.person_id,
        entered_at=clock.now(),
    )
    session.add(made)
    session.flush()
    _journal(session, Event.PARTY_LINKED, made, actor)
    return made


def unlink(session: Session, *, link_id: int, last_day: date, actor: Actor) -> PartyLink:
    """The link holds for the last time on `last_day`. Raises NotFound, LinkWrong, LinkEnded. Journalled."""
    found = session.get(PartyLink, link_id)
    if found is None:
        raise NotFound(what="党团组织对应关系")
    league = units.lock(session, found.league_unit_id)
    session.refresh(found)
    if found.until is not None and found.until < clock.today():
        party = units.get(session, found.party_unit_id)
        raise LinkEnded(league=league.name, party=party.name, until=found.until.isoformat())
    if last_day < found.since:
        raise LinkWrong(fields={"last_day": ENDS_EARLY})
    if found.until is not None and last_day > found.until:
        raise LinkWrong(fields={"last_day": ENDS_LATE})
    found.until = last_day
    session.flush()
    _journal(session, Event.PARTY_UNLINKED, found, actor)
    return found


def _nearest(session: Session, line: Sequence[Unit], kind: UnitKind, on: date | None) -> Unit | None:
    ids = [unit.id for unit in line]
    query = select(PartyLink.league_unit_id, PartyLink.party_unit_id).where(
        PartyLink.league_unit_id.in_(ids), PartyLink.kind == kind, _standing(on or clock.today())
    )
    found = dict(session.execute(query).all())
    return units.get(session, found[max(found, key=ids.index)]) if found else None


def _standing(day: date) -> ColumnElement[bool]:
    return and_(PartyLink.since <= day, or_(PartyLink.until.is_(None), PartyLink.until >= day))


def _overlapping(since: date, until: date | None) -> ColumnElement[bool]:
    return and_(or_(PartyLink.until.is_(None), PartyLink.until >= since), PartyLink.since <= (until or date.max))


def _check(party: Unit, league: Unit, since: date, until: date | None) -> None:
    wrong: dict[str, str] = {}
    if not party.kind.is_party:
        wrong["party_unit_id"] = NO_PARTY_UNIT
    elif league.kind not in WORKS_WITH[party.kind]:
        wrong["league_unit_id"] = NO_MATCH
    if not EARLIEST <= since <= clock.today() + LONGEST_AHEAD:
        wrong["since"] = SINCE_WRONG
    if until is not None and until < since:
        wrong["until"] = ENDS_EARLY
    if wrong:
        raise LinkWrong(fields=wrong)


def _journal(session: Session, event: Event, row: PartyLink, actor: Actor) -> None:
    journal.record(
        session,
        event,
        chain=journal.unit_chain(row.league_unit_id),
        actor=actor,
        link=row.id,
        party_unit=row.party_unit_id,
        since=row.since,
        until=row.until,
    )


EARLIEST = date(1921, 7, 1)
LONGEST_AHEAD = timedelta(days=366)
NO_PARTY_UNIT = "请选择党支部或党委"
NO_MATCH = "党支部对应团支部、团总支或基层团委；党委对应基层团委"
SINCE_WRONG = "应为不晚于一年以后的日期"
NOT_FREE = "这段时间已有对应的党组织"
ENDS_EARLY = "不能早于起始日期"
ENDS_LATE = "对应关系在此之前已到期"
WORDS = (NO_PARTY_UNIT, NO_MATCH, SINCE_WRONG, NOT_FREE, ENDS_EARLY, ENDS_LATE)
"""Everything said of a single field."""
