"""Events of the Party side as people enter them: by whom, of whom, for which units; from a form or from a list.

The secretary of a Party branch enters for his branch, the organiser of a Party committee for every branch below it. The
League enters none. A person whom nothing is known of here is taken into the records by his identity number, so that the
figures count him.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import (
    filled_tables,
    identity_numbers,
    party_event_files,
    party_events,
    party_links,
    people,
    posts,
    units,
)
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.party_event_files import PartyList, PartyListRow
from workflows.domain.party_events import (
    EventOnRecord,
    PartyEvent,
    PartyEventFile,
    PartyEventWrong,
    Told,
)
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.units import PARTY, Unit, UnitKind
from workflows.errors import InvalidData, NotAuthorised, Refusal
from workflows.journal import Actor, Event

ENTERED_BY = (PostKind.PARTY_BRANCH_SECRETARY, PostKind.PARTY_ORGANISER)
"""Posts that enter events, for their own unit and for those below it."""

LONGEST_NAME = 80

NAME_MISSING = "请填写姓名，至多80个字"
KIND_UNKNOWN = "没有这个事项，请从模板“填写说明”所列的事项中选择"
DAY_WRONG = "日期应如 2026-05-04"
PARTY_BRANCH_UNKNOWN = "本级及下级没有这个党支部，请填写组织代码或全称"
LEAGUE_UNIT_UNKNOWN = "没有这个团组织，请填写组织代码或全称"
NOT_LINKED = "该党支部未与这个团组织对应，请核对，或请系统管理员登记“党团组织对应”"
WHERE_IN_THE_LEAGUE = "无法确定所属团组织，请填写所在团支部的代码或全称"
WHO = "请填写身份证号；系统中已有此人的，也可填写出生日期"
NOBODY = "对应的团组织中没有姓名和出生日期都相符的人，请填写身份证号"
SEVERAL = "对应的团组织中姓名和出生日期相符的不止一人，请填写身份证号"
OTHER_NAME = "此身份证号在系统中登记的是另一个姓名，请核对"
MEMBERSHIP_UNCLEAR = "“是否团员”应为：是、否"
MEMBERSHIP_DIFFERS = "与系统中的团员登记不一致，请核对日期和人员"
FAULTS = (
    *(NAME_MISSING, KIND_UNKNOWN, DAY_WRONG, PARTY_BRANCH_UNKNOWN, LEAGUE_UNIT_UNKNOWN, NOT_LINKED),
    *(WHERE_IN_THE_LEAGUE, WHO, NOBODY, SEVERAL, OTHER_NAME, MEMBERSHIP_UNCLEAR, MEMBERSHIP_DIFFERS),
)
"""What is said of a field before the event itself is looked at."""


class PartyListRowsWrong(Refusal):
    """Some rows cannot be taken over, so none is."""

    code = "party_event.file_rows_wrong"
    sentence = "文件中有 {n} 行不能采用，一行也没有采用。"
    remedy = "请按各行的说明更正文件后重新导入。"
    rule = "一个文件要么全部采用，要么一行也不采用"


@dataclass(frozen=True)
class CheckedRow:
    """One row of a list: the units it is about, whether it adds anything, and what is wrong with it, by column.

    A row that repeats what is on record is left out without a word of blame: a monthly list grows from month to month.
    """

    row: PartyListRow
    party_unit: str = ""
    league_unit: str = ""
    is_new: bool = False
    refusal: Refusal | None = None


class _Units:
    """The units that events entered at `top` are about, each asked for once however many rows name it."""

    def __init__(self, session: Session, top: Unit) -> None:
        self.session, self.top = session, top
        self._branches: dict[str, Unit | None] = {}
        self._named: dict[str, list[Unit]] = {}
        self._linked: dict[int, list[Unit]] = {}
        self._works: dict[tuple[int, int, date], bool] = {}

    def party_branch(self, word: str) -> Unit | None:
        """The Party branch at or below `top` that goes by the word; without a word, the only one there is."""
        if word not in self._branches:
            below = Unit.path.startswith(self.top.path, autoescape=True)
            query = select(Unit).where(below, Unit.kind == UnitKind.PARTY_BRANCH)
            if word:
                query = query.where(or_(Unit.code == word, Unit.name == word, Unit.short_name == word))
            found = self.session.scalars(query.limit(2)).all()
            self._branches[word] = found[0] if len(found) == 1 else None
        return self._branches[word]

    def named(self, word: str) -> list[Unit]:
        """The League units with this code or full name; two at most."""
        if word not in self._named:
            query = select(Unit).where(or_(Unit.code == word, Unit.name == word), Unit.kind.not_in(PARTY))
            self._named[word] = list(self.session.scalars(query.limit(2)))
        return self._named[word]

    def linked(self, party: Unit) -> list[Unit]:
        """The League units that the Party branch works with today."""
        if party.id not in self._linked:
            self._linked[party.id] = party_links.league_units_of(self.session, party.id)
        return self._linked[party.id]

    def works_with(self, party: Unit, league_unit_id: int, day: date) -> bool:
        """Whether the two work together, on the day or today."""
        key = (party.id, league_unit_id, day)
        if key not in self._works:
            self._works[key] = any(
                party_links.works_with(self.session, party.id, league_unit_id, on) for on in (day, clock.today())
            )
        return self._works[key]


def may_enter(session: Session, party_unit_id: int, actor: Actor) -> bool:
    """Whether the actor exercises one of the posts at the Party unit or above it today."""
    return actor.person_id is not None and any(
        posts.exercises(session, actor.person_id, above, kind)
        for above in units.get(session, party_unit_id).line()
        for kind in ENTERED_BY
    )


def insist(session: Session, party_unit_id: int, actor: Actor) -> Unit:
    """The Party unit; raises NotAuthorised unless the actor enters its events, and NotFound."""
    unit = units.get(session, party_unit_id)
    if not may_enter(session, party_unit_id, actor):
        raise NotAuthorised(unit=unit.name, post="党支部书记或上级党委组织员")
    return unit


def enter(session: Session, *, party_unit_id: int, values: Mapping[str, str], actor: Actor) -> PartyEvent:
    """Enter one event, told as a row of a list is: see `party_event_files.COLUMNS`.

    Raises NotAuthorised, NotFound, PartyEventWrong by field, EventOnRecord, IdentityNumberWrong. Journalled on the
    Party branch.
    """
    top = insist(session, party_unit_id, actor)
    return _enter(session, _Units(session, top), values, actor, None)


def correct(
    session: Session, *, event_id: int, values: Mapping[str, str] | None, reason: str, actor: Actor
) -> PartyEvent:
    """Correct the day, the document, the League unit or the membership of an event; `values` None strikes it out.

    Raises NotAuthorised, NotFound, PartyEventWrong by field, EventCorrectedAlready, EventReasonNeeded. Journalled.
    """
    earlier = party_events.get(session, event_id)
    unit = insist(session, earlier.party_unit_id, actor)
    told = None if values is None else _corrected(session, unit, earlier, values)
    return party_events.correct(session, event_id=event_id, told=told, reason=reason, actor=actor)


def check_file(session: Session, *, party_unit_id: int, text: str, actor: Actor) -> list[CheckedRow]:
    """Try every row of a list and take all of it back; raises NotAuthorised, PartyListUnreadable."""
    top = insist(session, party_unit_id, actor)
    return _tried(session, top, party_event_files.read(text), actor)


def take_file(session: Session, *, party_unit_id: int, name: str, text: str, actor: Actor) -> PartyEventFile:
    """Enter every row of a list that is not on record yet; the same list again adds nothing.

    Raises PartyListRowsWrong when one row cannot be entered (and then none is), NotAuthorised, PartyListUnreadable.
    The Party unit's row is locked. Journalled on it, and each event on its Party branch.
    """
    top, file = insist(session, party_unit_id, actor), party_event_files.read(text)
    units.lock(session, top.id)
    rows = _tried(session, top, file, actor)
    if wrong := [row for row in rows if row.refusal]:
        raise PartyListRowsWrong(n=len(wrong))
    kept = PartyEventFile(
        party_unit_id=top.id,
        name=name[: party_events.LONGEST_DOCUMENT],
        digest=file.digest,
        rows=len(rows),
        taken=sum(row.is_new for row in rows),
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
    )
    session.add(kept)
    session.flush()
    where = _Units(session, top)
    for row in rows:
        if row.is_new:
            _enter(session, where, row.row.values, actor, kept.id)
    journal.record(
        session,
        Event.PARTY_LIST_TAKEN,
        chain=journal.unit_chain(top.id),
        actor=actor,
        file=kept.id,
        rows=kept.rows,
        taken=kept.taken,
    )
    return kept


def _tried(session: Session, top: Unit, file: PartyList, actor: Actor) -> list[CheckedRow]:
    where, trial = _Units(session, top), session.begin_nested()
    rows = [_checked(session, where, row, actor) for row in file.rows]
    trial.rollback()
    session.expire_all()
    return rows


def _checked(session: Session, where: _Units, row: PartyListRow, actor: Actor) -> CheckedRow:
    try:
        with session.begin_nested():
            event, is_new = _enter(session, where, row.values, actor, None), True
    except EventOnRecord as refusal:
        event, is_new = session.get_one(PartyEvent, refusal.facts["id"]), False
        if event.happened_on.isoformat() != row.values["happened_on"]:
            return CheckedRow(row, refusal=refusal)
    except InvalidData as refusal:
        return CheckedRow(row, refusal=refusal)
    party, league = (units.get(session, unit_id).name for unit_id in (event.party_unit_id, event.league_unit_id))
    return CheckedRow(row, party, league, is_new)


def _enter(session: Session, where: _Units, values: Mapping[str, str], actor: Actor, file_id: int | None) -> PartyEvent:
    kind, day = party_event_files.kind_of(values.get("kind", "")), _day(values.get("happened_on", ""))
    party = where.party_branch(values.get("party_unit", "").strip())
    wrong = {
        "kind": "" if kind else KIND_UNKNOWN,
        "happened_on": "" if day else DAY_WRONG,
        "party_unit": "" if party else PARTY_BRANCH_UNKNOWN,
    }
    if kind is None or day is None or party is None:
        raise _refused(wrong)
    person = _person(session, where.linked(party), values)
    told = Told(
        happened_on=day,
        document=values.get("document", "").strip(),
        party_unit_id=party.id,
        league_unit_id=_league_unit(where, party, values.get("league_unit", "").strip(), person, day).id,
        is_league_member=_membership(session, person, day, values),
    )
    return party_events.record(session, person_id=person.id, kind=kind, told=told, actor=actor, file_id=file_id)


def _corrected(session: Session, party: Unit, earlier: PartyEvent, values: Mapping[str, str]) -> Told:
    day = _day(values.get("happened_on", earlier.happened_on.isoformat()))
    if day is None:
        raise _refused({"happened_on": DAY_WRONG})
    league_unit_id, word = earlier.league_unit_id, values.get("league_unit", "").strip()
    person = people.get(session, earlier.person_id)
    if word:
        league_unit_id = _league_unit(_Units(session, party), party, word, person, day).id
    is_member = _membership(session, person, day, values)
    return Told(
        happened_on=day,
        document=values.get("document", earlier.document).strip(),
        party_unit_id=earlier.party_unit_id,
        league_unit_id=league_unit_id,
        is_league_member=earlier.is_league_member if is_member is None else is_member,
    )


def _person(session: Session, linked: Sequence[Unit], values: Mapping[str, str]) -> Person:
    """Who is meant: by identity number, or by name and birth date among the people of the linked League units."""
    name, number, born = values.get("name", "").strip(), values.get("id_number", ""), values.get("birth_date", "")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise _refused({"name": NAME_MISSING})
    if not number.strip():
        return _known_person(session, linked, name, _day(born))
    number, birth_date, sex = identity_numbers.told_by(number)
    found = people.by_identity(session, number)
    if found is None:
        return people.add(session, name=name, sex=sex, birth_date=birth_date, ethnic_group="", identity_number=number)
    if found.name != name:
        raise _refused({"name": OTHER_NAME})
    return found


def _known_person(session: Session, linked: Sequence[Unit], name: str, born: date | None) -> Person:
    if born is None:
        raise _refused({"id_number": WHO})
    inside = or_(false(), *(Unit.path.startswith(unit.path, autoescape=True) for unit in linked))
    at = select(Unit.id).where(inside)
    query = (
        select(Person)
        .outerjoin(LeagueMember, LeagueMember.person_id == Person.id)
        .where(Person.name == name, Person.birth_date == born)
        .where(or_(Person.unit_id.in_(at), LeagueMember.unit_id.in_(at)))
    )
    found = session.scalars(query.limit(2)).all()
    if len(found) != 1:
        raise _refused({"birth_date": SEVERAL if found else NOBODY})
    return found[0]


def _league_unit(where: _Units, party: Unit, word: str, person: Person, day: date) -> Unit:
    """The League unit the event counts for: the one that was named, else the person's, else the only one linked."""
    if word:
        found = where.named(word)
        if len(found) != 1:
            raise _refused({"league_unit": LEAGUE_UNIT_UNKNOWN})
        if not where.works_with(party, found[0].id, day):
            raise _refused({"league_unit": NOT_LINKED})
        return found[0]
    member = where.session.get(LeagueMember, person.id)
    own = member.unit_id if member is not None and member.status == MemberStatus.ACTIVE else person.unit_id
    if own is not None and where.works_with(party, own, day):
        return units.get(where.session, own)
    linked = where.linked(party)
    if len(linked) != 1:
        raise _refused({"league_unit": WHERE_IN_THE_LEAGUE})
    return linked[0]


def _membership(session: Session, person: Person, day: date, values: Mapping[str, str]) -> bool | None:
    """Whether the person was a member on the day: by the League's records, else as it was told."""
    told, is_clear = party_event_files.membership_of(values)
    if not is_clear:
        raise _refused({"is_league_member": MEMBERSHIP_UNCLEAR})
    on_record = party_events.was_member(session, person.id, day)
    if None not in (told, on_record) and told is not on_record:
        raise _refused({"is_league_member": MEMBERSHIP_DIFFERS})
    return told if on_record is None else on_record


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(filled_tables.day(told.strip()))
    except ValueError:
        return None


def _refused(wrong: Mapping[str, str]) -> PartyEventWrong:
    return PartyEventWrong(fields={key: text for key, text in wrong.items() if text})
