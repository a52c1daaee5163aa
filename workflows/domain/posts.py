"""Posts: a role held at a unit for a time, and substitutes who exercise one for its absent holder ("代").

Both ends of a term are inclusive: a post with `until` of 31 August is held on that day and not on the next.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    and_,
    bindparam,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import people, units
from workflows.domain.columns import reference, word
from workflows.domain.people import Person
from workflows.domain.units import Unit, UnitKind
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event


class PostKind(StrEnum):
    """Every role the product knows."""

    BRANCH_SECRETARY = "branch_secretary"
    ORG_COMMISSIONER = "org_commissioner"
    MENTOR = "mentor"
    PARTY_MENTOR = "party_mentor"
    GRASSROOTS_COMMITTEE = "grassroots_committee"
    COUNTY_COMMITTEE = "county_committee"
    PREFECTURE_COMMITTEE = "prefecture_committee"
    REGION_COMMITTEE = "region_committee"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    PARTY_BRANCH_SECRETARY = "party_branch_secretary"
    PARTY_BRANCH_COMMITTEE = "party_branch_committee"
    PARTY_ORGANISER = "party_organiser"

    @property
    def label(self) -> str:
        """The Chinese title of the post."""
        return _LABELS[self]

    @property
    def at(self) -> tuple[UnitKind, ...]:
        """The levels at which this post exists."""
        return _LEVELS[self]


_LABELS = {
    PostKind.BRANCH_SECRETARY: "团支部书记",
    PostKind.ORG_COMMISSIONER: "组织委员",
    PostKind.MENTOR: "培养联系人",
    PostKind.PARTY_MENTOR: "党员培养联系人",
    PostKind.GRASSROOTS_COMMITTEE: "基层团委审批人",
    PostKind.COUNTY_COMMITTEE: "旗县团委经办人",
    PostKind.PREFECTURE_COMMITTEE: "盟市团委经办人",
    PostKind.REGION_COMMITTEE: "自治区团委经办人",
    PostKind.ADMINISTRATOR: "系统管理员",
    PostKind.AUDITOR: "审计管理员",
    PostKind.PARTY_BRANCH_SECRETARY: "党支部书记",
    PostKind.PARTY_BRANCH_COMMITTEE: "党支部委员",
    PostKind.PARTY_ORGANISER: "党委组织员",
}

_OF_A_BRANCH = (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH)

_LEVELS: dict[PostKind, tuple[UnitKind, ...]] = {
    PostKind.BRANCH_SECRETARY: _OF_A_BRANCH,
    PostKind.ORG_COMMISSIONER: _OF_A_BRANCH,
    PostKind.MENTOR: _OF_A_BRANCH,
    PostKind.PARTY_MENTOR: (*_OF_A_BRANCH, UnitKind.PARTY_BRANCH),
    PostKind.GRASSROOTS_COMMITTEE: (UnitKind.SCHOOL, UnitKind.GENERAL_BRANCH, UnitKind.DIRECT),
    PostKind.COUNTY_COMMITTEE: (UnitKind.COUNTY, UnitKind.DIRECT),
    PostKind.PREFECTURE_COMMITTEE: (UnitKind.PREFECTURE,),
    PostKind.REGION_COMMITTEE: (UnitKind.REGION,),
    PostKind.ADMINISTRATOR: (UnitKind.REGION,),
    PostKind.AUDITOR: (UnitKind.REGION,),
    PostKind.PARTY_BRANCH_SECRETARY: (UnitKind.PARTY_BRANCH,),
    PostKind.PARTY_BRANCH_COMMITTEE: (UnitKind.PARTY_BRANCH,),
    PostKind.PARTY_ORGANISER: (UnitKind.PARTY_COMMITTEE,),
}

OF_THE_PARTY = (PostKind.PARTY_BRANCH_SECRETARY, PostKind.PARTY_BRANCH_COMMITTEE, PostKind.PARTY_ORGANISER)
"""Posts that exist at Party units only; a person may hold one of them beside a post in the League."""

_HELD_BY_ONE = (PostKind.BRANCH_SECRETARY, PostKind.ORG_COMMISSIONER, PostKind.PARTY_BRANCH_SECRETARY)

_NEVER_TOGETHER = (PostKind.ADMINISTRATOR, PostKind.AUDITOR)


class Post(Base):
    """One person in one role at one unit, from `since` to `until` (both inclusive; None = open)."""

    __tablename__ = "post"
    __table_args__ = (CheckConstraint("until IS NULL OR until >= since", name="term"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    unit_id: Mapped[int] = reference("unit.id")
    kind: Mapped[PostKind] = mapped_column(word(PostKind))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class Substitution(Base):
    """`person_id` exercises the post for its holder from `since` to `until`, always for a bounded time."""

    __tablename__ = "substitution"
    __table_args__ = (CheckConstraint("until >= since", name="term"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    post_id: Mapped[int] = reference("post.id")
    person_id: Mapped[int] = reference("person.id")
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)


@dataclass(frozen=True)
class Held:
    """A post as exercised by `person_id`; `for_person_id` is the absent holder when a substitute exercises it."""

    post_id: int
    kind: PostKind
    unit_id: int
    unit_name: str
    person_id: int
    for_person_id: int | None = None
    for_name: str | None = None


class WrongLevel(InvalidData):
    """This post does not exist at a unit of this level."""

    code = "post.wrong_level"
    sentence = "“{unit}”没有“{post}”这一职务。"
    remedy = "请选择对应层级的组织。"
    rule = "每种职务只设在规定层级的组织"


class PostFilled(Refusal):
    """Somebody holds this post at this time."""

    code = "post.filled"
    sentence = "“{unit}”的{post}现由他人担任。"
    remedy = "请先结束其任职，再任命新人。"
    rule = "团支部书记、组织委员、党支部书记同一时间各由一人担任"


class DutiesNotSeparate(Refusal):
    """One person may not administer the product and audit it."""

    code = "post.duties_not_separate"
    sentence = "系统管理员与审计管理员不得由同一人担任。"
    remedy = "请另选他人。"
    rule = "系统管理、审计管理职责分离"
    article = "GB/T 22239-2019（三员分立，未核实）"


class OwnSubstitute(InvalidData):
    """The holder cannot stand in for himself."""

    code = "post.own_substitute"
    sentence = "代理人不能是任职者本人。"
    remedy = "请选择其他人。"
    rule = "代理人须是任职者以外的人"


class TermWrong(InvalidData):
    """A term ends before it begins."""

    code = "post.term"
    sentence = "截止日期不能早于起始日期。"
    remedy = "请填写不早于起始日期的截止日期。"
    rule = "任职、代理须有起止日期"


def held_by(session: Session, person_id: int, on: date | None = None) -> list[Held]:
    """Everything the person may act as on `on` (default today): own posts first, then posts exercised as substitute."""
    rows = session.execute(_HELD, {"person": person_id, "day": on or clock.today()})
    return [
        Held(post, kind, unit, unit_name, person_id, *holder) for post, kind, unit, unit_name, *holder, _rank in rows
    ]


def people_behind(actor: Actor) -> frozenset[int]:
    """The real people whom an act stands on: whoever acted, and, where he stood in, the holder he acted for.

    A person may hold posts in the League and in the Party, and stand in for others on either side. Two acts that must
    not come from one hand are apart only when these sets have nobody in common. Empty for an act of the system.
    """
    return frozenset(person_id for person_id in (actor.person_id, actor.for_person_id) if person_id is not None)


def exercises(session: Session, person_id: int, unit_id: int, kind: PostKind, *, post_id: int | None = None) -> bool:
    """Whether the person may act today in a post of this kind at the unit, as its holder or a substitute.

    With `post_id` only in that very post.
    """
    values = {"person": person_id, "unit": unit_id, "kind": kind, "post": post_id, "day": clock.today()}
    return session.execute(_EXERCISED_AS if post_id else _EXERCISED, values).first() is not None


def holders(
    session: Session,
    unit_id: int,
    kinds: Collection[PostKind],
    on: date | None = None,
    *,
    substitutes: bool = False,
) -> list[Person]:
    """Who holds one of `kinds` at the unit on `on` (default today); with `substitutes` also who stands in for them."""
    values = {"unit": unit_id, "kinds": list(kinds), "day": on or clock.today()}
    return list(session.scalars(_HOLDERS_AND_SUBSTITUTES if substitutes else _HOLDERS, values))


def names_of_holders(
    session: Session, posts: Collection[tuple[int, str]], on: date | None = None
) -> dict[tuple[int, str], list[str]]:
    """The names of those who hold each of many posts (unit, kind) on `on` (default today), by one statement."""
    if not posts:
        return {}
    units, kinds = {unit_id for unit_id, _ in posts}, {PostKind(kind) for _, kind in posts}
    query = (
        select(Post.unit_id, Post.kind, Person.id, Person.name)
        .join(Person, Person.id == Post.person_id)
        .where(Post.unit_id.in_(units), Post.kind.in_(kinds), _running(Post, on or clock.today()))
        .order_by(Person.id)
        .distinct()
    )
    found: dict[tuple[int, str], list[str]] = {}
    for unit_id, kind, _, name in session.execute(query):
        found.setdefault((unit_id, str(kind)), []).append(name)
    return found


def assign(
    session: Session,
    *,
    person_id: int,
    unit_id: int,
    kind: PostKind,
    since: date,
    until: date | None = None,
    actor: Actor,
) -> Post:
    """Put a person into a post; raises WrongLevel, TermWrong, PostFilled, DutiesNotSeparate. Journalled on the unit.

    The unit's row is locked, so that two offices do not fill one post at once.
    """
    unit, kind = units.lock(session, unit_id), PostKind(kind)
    people.get(session, person_id)
    if unit.kind not in kind.at:
        raise WrongLevel(unit=unit.name, post=kind.label, fields={"kind": f"{unit.kind.label}不设{kind.label}"})
    _check_term(since, until)
    same_post = select(Post.id).where(Post.unit_id == unit_id, Post.kind == kind, _overlapping(Post, since, until))
    if kind not in _HELD_BY_ONE:
        same_post = same_post.where(Post.person_id == person_id)
    if session.scalar(same_post.limit(1)) is not None:
        raise PostFilled(unit=unit.name, post=kind.label)
    _check_duties(session, person_id, kind, since, until)
    post = Post(person_id=person_id, unit_id=unit_id, kind=kind, since=since, until=until)
    session.add(post)
    session.flush()
    _journal(session, Event.POST_ASSIGNED, post, actor, since=since, until=until, holder=person_id)
    return post


def substitute(
    session: Session, *, post_id: int, person_id: int, since: date, until: date, actor: Actor
) -> Substitution:
    """Let somebody exercise the post for its holder for a time; raises OwnSubstitute, TermWrong, DutiesNotSeparate."""
    post = get(session, post_id)
    people.get(session, person_id)
    if post.person_id == person_id:
        raise OwnSubstitute(fields={"person_id": OwnSubstitute.sentence})
    _check_term(since, until)
    units.lock(session, post.unit_id)
    _check_duties(session, person_id, post.kind, since, until)
    standing_in = Substitution(post_id=post_id, person_id=person_id, since=since, until=until)
    session.add(standing_in)
    session.flush()
    _journal(session, Event.POST_ASSIGNED, post, actor, since=since, until=until, substitute=person_id)
    return standing_in


def end(session: Session, *, post_id: int, last_day: date, actor: Actor) -> Post:
    """The post is held for the last time on `last_day`, and so are its substitutions. Journalled on the unit."""
    post = get(session, post_id)
    _check_term(post.since, last_day)
    post.until = last_day
    for standing_in in session.scalars(select(Substitution).where(Substitution.post_id == post_id)):
        if standing_in.since > last_day:
            session.delete(standing_in)
        elif standing_in.until > last_day:
            standing_in.until = last_day
    session.flush()
    _journal(session, Event.POST_ENDED, post, actor, until=last_day, holder=post.person_id)
    return post


def get(session: Session, post_id: int) -> Post:
    """The post; raises NotFound."""
    found = session.get(Post, post_id)
    if found is None:
        raise NotFound(what="职务")
    return found


def _running(term: type[Post] | type[Substitution], day: date | BindParameter[date]) -> ColumnElement[bool]:
    return and_(term.since <= day, or_(term.until.is_(None), term.until >= day))


def _of_the_person() -> ColumnElement[bool]:
    day = bindparam("day", type_=Date)
    substitutes = select(Substitution.id).where(
        Substitution.post_id == Post.id, Substitution.person_id == bindparam("person"), _running(Substitution, day)
    )
    held = and_(Post.unit_id == bindparam("unit"), Post.kind == bindparam("kind"), _running(Post, day))
    return and_(held, or_(Post.person_id == bindparam("person"), substitutes.exists()))


def _held() -> CompoundSelect[Any]:
    person: BindParameter[int] = bindparam("person")
    day = bindparam("day", type_=Date)
    columns: tuple[Any, ...] = (Post.id.label("post"), Post.kind, Post.unit_id, Unit.name.label("unit_name"))
    nobody: tuple[Any, ...] = (null().label("holder"), null().label("holder_name"))
    own = select(*columns, *nobody, literal(0).label("rank")).join(Unit, Unit.id == Post.unit_id)
    standing_in = (
        select(*columns, Person.id, Person.name, literal(1))
        .join(Unit, Unit.id == Post.unit_id)
        .join(Person, Person.id == Post.person_id)
        .join(Substitution, Substitution.post_id == Post.id)
    )
    return union_all(
        own.where(Post.person_id == person, _running(Post, day)),
        standing_in.where(Substitution.person_id == person, _running(Post, day), _running(Substitution, day)),
    ).order_by("rank", "post")


_HELD = _held()
_EXERCISED = select(Post.id).where(_of_the_person()).limit(1)
_EXERCISED_AS = _EXERCISED.where(Post.id == bindparam("post"))


def _holding(*, substitutes: bool) -> Select[Person]:
    day = bindparam("day", type_=Date)
    of_kinds = Post.kind.in_(bindparam("kinds", expanding=True))
    posts = select(Post.id).where(Post.unit_id == bindparam("unit"), of_kinds, _running(Post, day))
    wanted: ColumnElement[bool] = Person.id.in_(select(Post.person_id).where(Post.id.in_(posts)))
    if substitutes:
        standing_in = select(Substitution.person_id).where(Substitution.post_id.in_(posts), _running(Substitution, day))
        wanted = or_(wanted, Person.id.in_(standing_in))
    return select(Person).where(wanted).order_by(Person.id)


_HOLDERS, _HOLDERS_AND_SUBSTITUTES = _holding(substitutes=False), _holding(substitutes=True)


def _overlapping(term: type[Post] | type[Substitution], since: date, until: date | None) -> ColumnElement[bool]:
    return and_(or_(term.until.is_(None), term.until >= since), term.since <= (until or date.max))


def _check_duties(session: Session, person_id: int, kind: PostKind, since: date, until: date | None) -> None:
    """Refuse administrator and auditor in one hand at any time, be one of them only as a substitute."""
    if kind not in _NEVER_TOGETHER:
        return
    others = [each for each in _NEVER_TOGETHER if each != kind]
    own = select(Post.id).where(Post.person_id == person_id, Post.kind.in_(others), _overlapping(Post, since, until))
    standing_in = (
        select(Substitution.id)
        .join(Post, Post.id == Substitution.post_id)
        .where(Substitution.person_id == person_id, Post.kind.in_(others), _overlapping(Substitution, since, until))
    )
    if any(session.scalar(query.limit(1)) is not None for query in (own, standing_in)):
        raise DutiesNotSeparate()


def _check_term(since: date, until: date | None) -> None:
    if until is not None and until < since:
        raise TermWrong(fields={"until": TermWrong.sentence})


def _journal(session: Session, event: Event, post: Post, actor: Actor, **facts: Any) -> None:
    chain = journal.unit_chain(post.unit_id)
    journal.record(session, event, chain=chain, actor=actor, post=post.id, kind=post.kind.value, **facts)
