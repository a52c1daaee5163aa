"""Candidates and members: from the application on record to membership with a number and a card.

Whether somebody is old enough is the drawing's decision; here stands what is true of every application: the identity
number is right, nobody applies twice at once, and nobody applies who is a member.
Who has left may apply again; see `leaving` and `past_memberships`.
"""

from datetime import date
from enum import StrEnum

from sqlalchemy import Boolean, ColumnElement, Date, Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import identity_numbers, past_memberships, people, units
from workflows.domain.columns import key_of, reference, word
from workflows.domain.past_memberships import PastMembership
from workflows.domain.people import Person, Sex
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import SYSTEM, Actor, Event

YOUNGEST_APPLICANT = 14
CARD_DIGITS = 8


class MemberStatus(StrEnum):
    """Standing of a member."""

    ACTIVE = "active"
    LEFT = "left"


class CandidateStatus(StrEnum):
    """Where an application ended, or that it goes on."""

    APPLYING = "applying"
    ADMITTED = "admitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"
    NOT_ELIGIBLE = "not_eligible"
    EXPIRED = "expired"
    """Reached the upper age before the branch meeting."""
    TRANSFERRED_OUT = "transferred_out"
    """Went on with the application at a unit outside the tree."""


class LeagueMember(Base):
    """One person's membership. It runs from `joined_on`, the day of the branch meeting (团章第四条)."""

    __tablename__ = "league_member"

    person_id: Mapped[int] = key_of("person.id")
    unit_id: Mapped[int] = reference("unit.id")
    number: Mapped[str | None] = mapped_column(String(12), unique=True)
    card_number: Mapped[str | None] = mapped_column(String(CARD_DIGITS), unique=True)
    joined_on: Mapped[date] = mapped_column(Date)
    file_entered_on: Mapped[date | None] = mapped_column(Date)
    status: Mapped[MemberStatus] = mapped_column(word(MemberStatus))
    may_vote: Mapped[bool] = mapped_column(Boolean, default=True)
    may_introduce: Mapped[bool] = mapped_column(Boolean, default=True)
    is_party_member: Mapped[bool] = mapped_column(Boolean, default=False)


class Candidate(Base):
    """One application of one person at one branch; `case_id` is the case that works on it."""

    __tablename__ = "candidate"
    __table_args__ = (
        Index(
            "uq_candidate_applying",
            "person_id",
            unique=True,
            sqlite_where=text("status = 'applying'"),
            postgresql_where=text("status = 'applying'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    unit_id: Mapped[int] = reference("unit.id")
    case_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    applied_on: Mapped[date] = mapped_column(Date)
    status: Mapped[CandidateStatus] = mapped_column(word(CandidateStatus))
    class_name: Mapped[str | None] = mapped_column(String(60))
    previous_id: Mapped[int | None] = mapped_column(BigId)
    """The application that led to the membership which has ended; None for whoever was no member before."""
    person: Mapped[Person] = relationship()


class AlreadyMember(Refusal):
    """A member cannot be admitted again."""

    code = "candidate.already_member"
    sentence = "该身份证号对应的人员已是团员，不能重复发展。"
    remedy = "如有疑问，请联系上级团委核查。"
    rule = "已是团员的不得再次发展"
    article = "细则；智慧团建查重"


class OpenApplicationElsewhere(Refusal):
    """The same person is being considered in another case; where is nobody's business here."""

    code = "candidate.applies_elsewhere"
    sentence = "该身份证号已有一份正在办理的入团申请，不能同时办理两份。"
    remedy = "请与申请人核实，由其撤回其中一份。"
    rule = "一人同一时间只能有一份入团申请"


class IdentityOnRecord(Refusal):
    """The identity number is on record under another name."""

    code = "candidate.identity_on_record"
    sentence = "该身份证号已登记在另一姓名或另一人名下。"
    remedy = "请对照证件核对；确认无误的，请联系上级团委更正。"
    rule = "一个身份证号对应一人"


class AppliedInFuture(InvalidData):
    """An application is dated after today."""

    code = "candidate.applied_in_future"
    sentence = "申请日期不能晚于今天。"
    remedy = "请填写申请书上的日期。"
    rule = "申请日期为提交入团申请书之日"


class AppliedBeforeLeaving(InvalidData):
    """Nobody applies again while he is still a member."""

    code = "candidate.applied_before_leaving"
    sentence = "重新申请入团的日期不能早于离团日期。"
    remedy = "请对照离团的决定和申请书上的日期更正。"
    rule = "已是团员的不得再次发展；离团后重新申请按新申请办理"


class NumberSpent(Refusal):
    """A member who comes back gets a new number."""

    code = "member.number_spent"
    sentence = "编号 {number} 属于已终止的团籍，不能再次使用。"
    remedy = "请退回该名额，另行预留编号。"
    rule = "编号一人一号，不重复使用"


class MembershipOver(Refusal):
    """The membership of this case has ended; its file is not the one of a later membership."""

    code = "member.over"
    sentence = "本案接收的团员已离团，不再登记团员证和电子档案。"
    remedy = "档案按离团办理。"
    rule = "团员证和电子档案属于本次入团"


class CardNumberWrong(InvalidData):
    """A membership card number has eight digits and belongs to one member."""

    code = "member.card_number"
    sentence = "团员证编号有误。"
    remedy = "请按提示修改。"
    rule = "团员证编号为8位数字（3位基层团委代号加5位流水号），一证一人"


class DateWrong(InvalidData):
    """A day in the member's record lies in the future or before the day it must follow."""

    code = "member.date"
    sentence = "日期有误。"
    remedy = "请按提示修改。"
    rule = "日期不得晚于今天，并须前后有序"


def register(
    session: Session,
    *,
    unit_id: int,
    case_id: int | None,
    name: str,
    sex: str,
    ethnic_group: str,
    birth_date: date,
    identity_number: str,
    nationality: str,
    applied_on: date,
    class_name: str | None = None,
) -> Candidate:
    """Put an application on record; registering again for the same case corrects the record.

    Raises IdentityNumberWrong and AppliedInFuture by field, AlreadyMember, OpenApplicationElsewhere, IdentityOnRecord.
    """
    units.get(session, unit_id)
    if applied_on > clock.today():
        raise AppliedInFuture(fields={"applied_on": AppliedInFuture.sentence})
    number = identity_numbers.verify(identity_number, birth_date=birth_date, sex=sex, nationality=nationality)
    name = name.strip()
    candidate = None if case_id is None else of_case(session, case_id)
    person = _person_of(session, candidate, name, number)
    is_new = person.id is None
    former = None if is_new else past_memberships.latest(session, person.id)
    if former is not None and applied_on < former.left_on:
        raise AppliedBeforeLeaving(fields={"applied_on": f"离团日期是{former.left_on}，不能早于这一天"})
    person.name, person.sex, person.birth_date = name, Sex(sex), birth_date
    person.ethnic_group, person.nationality, person.unit_id = ethnic_group, nationality, unit_id
    person.identify(number)
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
            if candidate is None:
                candidate = Candidate(person=person, case_id=case_id, status=CandidateStatus.APPLYING)
                candidate.previous_id = None if is_new else _membership_before(session, person.id)
            candidate.unit_id, candidate.applied_on, candidate.class_name = unit_id, applied_on, class_name
            session.add(candidate)
            session.flush()
    except IntegrityError as error:  # two offices registered the same person in the same moment
        raise OpenApplicationElsewhere() from error
    return candidate


def _person_of(session: Session, candidate: Candidate | None, name: str, number: str) -> Person:
    """The person the application is for: the one of the case, one known from an earlier application, or a new one."""
    known = people.by_identity(session, number)
    if candidate is not None:
        if known is not None and known.id != candidate.person_id:
            raise IdentityOnRecord(fields={"id_number": "该号码已登记在另一人名下"})
        return people.get(session, candidate.person_id)
    if known is None:
        return Person(is_demo=False)
    member = session.get(LeagueMember, known.id)
    if member is not None and member.status == MemberStatus.ACTIVE:
        raise AlreadyMember(fields={"id_number": "该人员已是团员"})
    still_open = select(Candidate.id).where(
        Candidate.person_id == known.id, Candidate.status == CandidateStatus.APPLYING
    )
    if session.scalar(still_open) is not None:
        raise OpenApplicationElsewhere(fields={"id_number": "该人员已有一份正在办理的申请"})
    if known.name != name:
        raise IdentityOnRecord(fields={"id_number": "该号码已登记在另一姓名名下", "name": "与登记的姓名不一致"})
    return known


def _membership_before(session: Session, person_id: int) -> int | None:
    """The application by which the person became a member before, if this product knows it."""
    admitted = select(Candidate.id).where(
        Candidate.person_id == person_id, Candidate.status == CandidateStatus.ADMITTED
    )
    return session.scalar(admitted.order_by(Candidate.id.desc()).limit(1))


def of_case(session: Session, case_id: int) -> Candidate | None:
    """The candidate a case works on, if one is registered."""
    return session.scalars(select(Candidate).where(Candidate.case_id == case_id)).first()


def named_of_case(session: Session, case_id: int) -> tuple[Candidate, str]:
    """The candidate a case works on, and the person's name; raises NotFound."""
    query = select(Candidate, Person.name).join(Person, Person.id == Candidate.person_id)
    found = session.execute(query.where(Candidate.case_id == case_id)).first()
    if found is None:
        raise NotFound(what="申请人")
    return found[0], found[1]


def get_of_case(session: Session, case_id: int) -> Candidate:
    """The candidate a case works on; raises NotFound."""
    found = of_case(session, case_id)
    if found is None:
        raise NotFound(what="申请人")
    return found


def _with_member(
    session: Session, case_id: int, asked: ColumnElement[bool]
) -> tuple[Candidate, LeagueMember | None, bool]:
    """The candidate of a case, the member the person is or was, and the answer to one question more: one statement."""
    query = select(Candidate, LeagueMember, asked).where(Candidate.case_id == case_id)
    found = session.execute(query.outerjoin(LeagueMember, LeagueMember.person_id == Candidate.person_id)).first()
    if found is None:
        raise NotFound(what="申请人")
    return found[0], found[1], found[2]


def admit(session: Session, *, case_id: int, joined_on: date, number: str, actor: Actor = SYSTEM) -> LeagueMember:
    """Make the candidate of the case a member with `number`, from `joined_on` on (the day of the branch meeting).

    Admitting the same case again answers the same member; who had left is a member again, under a new number. Raises
    AlreadyMember, DateWrong, NumberSpent. Journalled on the case.
    """
    candidate, member, is_spent = _with_member(session, case_id, past_memberships.spent(number=number))
    if member is not None and member.status == MemberStatus.ACTIVE:
        if candidate.status == CandidateStatus.ADMITTED and member.number == number:
            return member
        raise AlreadyMember()
    if joined_on > clock.today():
        raise DateWrong(fields={"joined_on": "入团时间不能晚于今天"})
    if joined_on < candidate.applied_on:
        raise DateWrong(fields={"joined_on": "入团时间不能早于申请日期"})
    if is_spent:
        raise NumberSpent(number=number)
    if member is None:
        member = LeagueMember(person_id=candidate.person_id, is_party_member=False)
    member.unit_id, member.number, member.joined_on = candidate.unit_id, number, joined_on
    member.card_number, member.file_entered_on = None, None
    member.status, member.may_vote, member.may_introduce = MemberStatus.ACTIVE, True, True
    candidate.status = CandidateStatus.ADMITTED
    session.add(member)
    session.flush()
    journal.record(
        session,
        Event.MEMBER_ADMITTED,
        chain=journal.case_chain(case_id),
        actor=actor,
        happened_on=joined_on,
        member=member.person_id,
        number=number,
        branch=member.unit_id,
    )
    return member


def close_file(session: Session, *, case_id: int, card_number: str, entered_on: date) -> LeagueMember:
    """Keep the card number and the day the e-file was entered; raises CardNumberWrong, DateWrong, NotFound."""
    over = select(PastMembership.id).where(PastMembership.case_id == case_id).exists()
    _candidate, member, is_over = _with_member(session, case_id, over)
    if member is None:
        raise NotFound(what="团员")
    if is_over:
        raise MembershipOver()
    card_number = identity_numbers.normal(card_number)
    if len(card_number) != CARD_DIGITS or not (card_number.isascii() and card_number.isdigit()):
        raise CardNumberWrong(fields={"card_number": f"团员证编号应为{CARD_DIGITS}位数字"})
    holder = select(LeagueMember.person_id).where(LeagueMember.card_number == card_number).scalar_subquery()
    held_by, is_spent = session.execute(select(holder, past_memberships.spent(card_number=card_number))).one()
    if held_by not in (None, member.person_id):
        raise CardNumberWrong(fields={"card_number": "该团员证编号已发给其他团员"})
    if is_spent:
        raise CardNumberWrong(fields={"card_number": "该团员证编号属于已终止的团籍，不能再用"})
    if entered_on > clock.today():
        raise DateWrong(fields={"entered_on": "录入日期不能晚于今天"})
    if entered_on < member.joined_on:
        raise DateWrong(fields={"entered_on": "录入日期不能早于入团时间"})
    member.card_number, member.file_entered_on = card_number, entered_on
    session.flush()
    return member


def settle(session: Session, case_id: int, status: CandidateStatus | str) -> Candidate | None:
    """Write down how the application of the case ended; None when it ended before anybody was registered."""
    candidate = of_case(session, case_id)
    if candidate is not None:
        candidate.status = CandidateStatus(status)
        session.flush()
    return candidate


def eligible_guides(session: Session, unit_id: int) -> list[Person]:
    """Members of the branch who may be mentor or introducer, by id (团章第四条; not while 留团察看)."""
    query = (
        select(Person)
        .join(LeagueMember, LeagueMember.person_id == Person.id)
        .where(
            LeagueMember.unit_id == unit_id,
            LeagueMember.may_introduce,
            LeagueMember.status == MemberStatus.ACTIVE,
        )
        .order_by(Person.id)
    )
    return list(session.scalars(query))


def age_on(birth: date, day: date) -> int:
    """Full years of age on `day`; somebody born on 29 February turns on 1 March of other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def may_apply_from(birth: date) -> date:
    """The fourteenth birthday, the first day on which one may apply (团章第一条)."""
    year = birth.year + YOUNGEST_APPLICANT
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
