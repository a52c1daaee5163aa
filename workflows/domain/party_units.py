"""Party units as the region's administrator keeps them: founding one, and who holds its posts.

The product keeps of the Party's organisation only what the joint steps need: who decides at the Party branch and who
keeps file at the Party committee. Whoever is put into a post needs an account; a teacher who has one already, for a
post in the League, goes on with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import accounts, identity_numbers, people, posts, units
from workflows.domain.accounts import Account, PasswordTooWeak
from workflows.domain.people import Person
from workflows.domain.posts import Post, PostKind
from workflows.domain.units import PARTY, Unit, UnitKind
from workflows.errors import InvalidData, NotFound
from workflows.journal import Actor, Event

LONGEST_CODE, LONGEST_NAME, LONGEST_LOGIN = 40, 120, 60
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,39}")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}")


class PartyUnitWrong(InvalidData):
    """A Party unit, or a post at one, that cannot be so."""

    code = "party_unit.wrong"
    sentence = "填写的党组织或任职信息有误。"
    remedy = "请按各栏的提示修改后再提交。"
    rule = "党组织有代码、名称和上级党委；任职的人须有账号，新开账号须核对姓名和身份证号"


@dataclass(frozen=True)
class Appointed:
    """Who was put into which post, and whether an account was opened for that."""

    post: Post
    person: Person
    login: str
    is_new_account: bool


def get(session: Session, unit_id: int) -> Unit:
    """The Party unit; raises NotFound, also for a unit of the League."""
    unit = units.get(session, unit_id)
    if not unit.kind.is_party:
        raise NotFound(what="党组织")
    return unit


def listed(session: Session, *, wanted: str = "", limit: int = 100) -> Sequence[Unit]:
    """The Party committees by code; with `wanted`, every Party unit whose code or name has these words in it."""
    query = select(Unit).where(Unit.kind.in_(PARTY) if wanted else Unit.kind == UnitKind.PARTY_COMMITTEE)
    if wanted:
        query = query.where(
            or_(Unit.code.contains(wanted, autoescape=True), Unit.name.contains(wanted, autoescape=True))
        )
    return session.scalars(query.order_by(Unit.path, Unit.code).limit(limit)).all()


def found(
    session: Session,
    *,
    kind: UnitKind,
    code: str,
    name: str,
    parent_id: int | None,
    actor: Actor,
    short_name: str = "",
) -> Unit:
    """Found a Party committee, or a Party branch under one; raises PartyUnitWrong, UnitCodeTaken, TreesApart, NotFound.

    Journalled on the new unit.
    """
    code, name, short_name = code.strip(), name.strip(), short_name.strip()
    wrong: dict[str, str] = {}
    if kind not in PARTY:
        wrong["kind"] = KIND_WRONG
    if not _CODE.fullmatch(code):
        wrong["code"] = CODE_WRONG
    if not 2 <= len(name) <= LONGEST_NAME:
        wrong["name"] = NAME_WRONG
    if len(short_name) > LONGEST_NAME // 2:
        wrong["short_name"] = SHORT_NAME_WRONG
    if wrong:
        raise PartyUnitWrong(fields=wrong)
    parent = None if parent_id is None else units.get(session, parent_id)
    unit = units.add(
        session, parent, code=code, name=name, short_name=short_name or name[: LONGEST_NAME // 2], kind=kind
    )
    journal.record(
        session, Event.UNIT_FOUNDED, chain=journal.unit_chain(unit.id), actor=actor, kind=kind, parent=parent_id
    )
    return unit


def appoint(
    session: Session,
    *,
    unit_id: int,
    kind: PostKind,
    login: str,
    since: date,
    actor: Actor,
    until: date | None = None,
    name: str = "",
    id_number: str = "",
    first_password: str = "",
) -> Appointed:
    """Put somebody into a post at a Party unit: whoever has the login, or somebody new with a name and a number.

    The first password of a new account must be changed at the first signing-in. Raises NotFound, PartyUnitWrong by
    field, IdentityNumberWrong, and what `posts.assign` raises. Journalled.
    """
    get(session, unit_id)
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise PartyUnitWrong(fields={"login": LOGIN_WRONG})
    account = session.scalars(select(Account).where(Account.login == login)).first()
    if account is not None:
        person = people.get(session, account.person_id)
        if name.strip() not in ("", person.name):
            raise PartyUnitWrong(fields={"login": LOGIN_OF_ANOTHER})
    else:
        person = _somebody(session, name.strip(), id_number)
        _open_account(session, person, login, first_password)
    post = posts.assign(session, person_id=person.id, unit_id=unit_id, kind=kind, since=since, until=until, actor=actor)
    return Appointed(post, person, login, account is None)


def dismiss(session: Session, *, unit_id: int, post_id: int, last_day: date, actor: Actor) -> Post:
    """A post at a Party unit is held for the last time on a day; raises NotFound, TermWrong. Journalled on the unit."""
    get(session, unit_id)
    if posts.get(session, post_id).unit_id != unit_id:
        raise NotFound(what="职务")
    return posts.end(session, post_id=post_id, last_day=last_day, actor=actor)


def holders(session: Session, unit_ids: Sequence[int]) -> list[tuple[Post, Person]]:
    """Who holds a post at these units today or will, by unit and post."""
    query = (
        select(Post, Person)
        .join(Person, Person.id == Post.person_id)
        .where(Post.unit_id.in_(unit_ids), or_(Post.until.is_(None), Post.until >= clock.today()))
        .order_by(Post.unit_id, Post.kind, Post.since, Post.id)
    )
    return [(post, person) for post, person in session.execute(query)]


def _somebody(session: Session, name: str, id_number: str) -> Person:
    """The person with the number, or a new one; raises PartyUnitWrong, IdentityNumberWrong."""
    if not name or not id_number.strip():
        missing = {"login": LOGIN_UNKNOWN, "name": "" if name else NEEDED, "id_number": "" if id_number else NEEDED}
        raise PartyUnitWrong(fields={key: text for key, text in missing.items() if text})
    number, born, sex = identity_numbers.told_by(id_number)
    person = people.by_identity(session, number)
    if person is None:
        return people.add(session, name=name, sex=sex, birth_date=born, ethnic_group="", identity_number=number)
    if person.name != name:
        raise PartyUnitWrong(fields={"name": OTHER_NAME})
    if accounts.of(session, person.id) is not None:
        raise PartyUnitWrong(fields={"login": HAS_AN_ACCOUNT})
    return person


def _open_account(session: Session, person: Person, login: str, password: str) -> None:
    try:
        accounts.create(session, person_id=person.id, login=login, password=password)
    except PasswordTooWeak as refusal:
        raise PartyUnitWrong(fields={"first_password": refusal.fields["new"]}) from None


KIND_WRONG = "请选择党委或党支部"
CODE_WRONG = "2至40个字母、数字、点、横线或下划线，以字母或数字开头"
NAME_WRONG = "2至120个字"
SHORT_NAME_WRONG = "至多60个字"
LOGIN_WRONG = "3至60个小写字母、数字、点、横线或下划线，以字母或数字开头"
LOGIN_UNKNOWN = "没有这个登录名；新开账号的，请同时填写姓名和身份证号"
LOGIN_OF_ANOTHER = "这个登录名属于另一个人，请核对"
HAS_AN_ACCOUNT = "此人已有账号，请填写其登录名"
OTHER_NAME = "此身份证号在系统中登记的是另一个姓名，请核对"
NEEDED = "新开账号须填写"
WORDS = (
    *(KIND_WRONG, CODE_WRONG, NAME_WRONG, SHORT_NAME_WRONG, LOGIN_WRONG),
    *(LOGIN_UNKNOWN, LOGIN_OF_ANOTHER, HAS_AN_ACCOUNT, OTHER_NAME, NEEDED),
)
"""Everything said of a single field."""
