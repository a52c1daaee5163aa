"""Accounts: how people prove who they are. Passwords are kept as argon2 hashes; the same words answer a wrong login
and a wrong password.

A refused attempt must be counted even though it is refused. Therefore `sign_in` returns its answer instead of raising:
the caller commits in both cases, and then shows `refusal`.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base
from workflows.domain import people
from workflows.domain.columns import key_of
from workflows.domain.people import Person
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
CLASSES_NEEDED = 3
SHORTEST_TELLING_LOGIN = 4
"""A shorter login is found in a password by accident."""

_hasher = PasswordHasher()
_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")


class Account(Base):
    """The way in for one person. Changing `session_stamp` ends every session signed in under the old one."""

    __tablename__ = "account"

    person_id: Mapped[int] = key_of("person.id")
    login: Mapped[str] = mapped_column(String(60), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    failed: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(default=True)
    last_sign_in: Mapped[datetime | None]
    session_stamp: Mapped[str] = mapped_column(String(32))


class SignInRefused(Refusal):
    """Unknown login or wrong password: which of the two is not said."""

    code = "account.sign_in_refused"
    sentence = "登录名或密码不正确。"
    remedy = "请重新输入；连续输错5次，账号将锁定15分钟。"
    rule = "登录失败处理"
    article = "GB/T 22239-2019（未核实）"
    kind = "invalid"


class AccountLocked(Refusal):
    """Too many wrong passwords in a row."""

    code = "account.locked"
    sentence = "该账号因连续输错密码已锁定。"
    remedy = "请于{until}之后再试，或联系系统管理员。"
    rule = "连续5次登录失败锁定15分钟"
    article = "GB/T 22239-2019（未核实）"
    kind = "forbidden"


class PasswordTooWeak(InvalidData):
    """The new password does not meet the rule."""

    code = "account.password_too_weak"
    sentence = "新密码不符合要求。"
    remedy = "请按提示修改。"
    rule = "密码至少10位，且含大写字母、小写字母、数字、符号中的三类"
    article = "GB/T 22239-2019（未核实）"


class PasswordWrong(InvalidData):
    """The present password given with a change is wrong."""

    code = "account.password_wrong"
    sentence = "原密码不正确。"
    remedy = "请重新输入。"
    rule = "修改密码须先核对原密码"


class LoginTaken(InvalidData):
    """Two accounts may not share a login."""

    code = "account.login_taken"
    sentence = "登录名“{login}”已被使用。"
    remedy = "请换一个。"
    rule = "一个登录名只属于一人"


@dataclass(frozen=True)
class SignIn:
    """Either the person who signed in, or why not. The caller commits in both cases."""

    person: Person | None
    refusal: Refusal | None


def create(
    session: Session,
    *,
    person_id: int,
    login: str,
    password: str,
    must_change: bool = True,
) -> Account:
    """Open an account; raises PasswordTooWeak, LoginTaken, NotFound."""
    people.get(session, person_id)
    check_strength(password, login)
    return create_hashed(session, person_id=person_id, login=login, hashed=hash_of(password), must_change=must_change)


def create_hashed(session: Session, *, person_id: int, login: str, hashed: str, must_change: bool = True) -> Account:
    """Open an account from the hash of a password that has been checked already (many accounts, one hash)."""
    login = _normal(login)
    if session.scalar(select(Account.person_id).where(Account.login == login)) is not None:
        raise LoginTaken(login=login, fields={"login": f"登录名“{login}”已被使用"})
    account = Account(
        person_id=person_id,
        login=login,
        password_hash=hashed,
        failed=0,
        must_change=must_change,
        session_stamp=secrets.token_hex(16),
    )
    session.add(account)
    session.flush()
    _journal(session, Event.ACCOUNT_CREATED, people.get(session, person_id))
    return account


def hash_of(password: str) -> str:
    """The argon2id hash under which `password` is kept."""
    return _hasher.hash(password)


def sign_in(session: Session, login: str, password: str) -> SignIn:
    """Check a login and password. Never raises for a wrong one: commit, then look at `refusal`.

    Five failures in a row lock the account for 15 minutes; while it is locked the password is not even looked at.
    """
    account = _locked_row(session, Account.login == _normal(login))
    if account is None:
        _matches(_hash_of_nobody(), password)  # an unknown login takes as long as a wrong password
        journal.record(session, Event.SIGN_IN_REFUSED, chain=journal.unit_chain(None), reason="unknown")
        return SignIn(None, SignInRefused())
    person = people.get(session, account.person_id)
    now = clock.now()
    if account.locked_until is not None and account.locked_until > now:
        _journal(session, Event.SIGN_IN_REFUSED, person, reason="locked")
        return SignIn(None, _locked(account))
    account.locked_until = None
    if not _matches(account.password_hash, password):
        return SignIn(None, _count_failure(session, account, person, now))
    account.failed, account.last_sign_in = 0, now
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hash_of(password)
    _journal(session, Event.SIGNED_IN, person)
    session.flush()
    return SignIn(person, None)


def sign_out(session: Session, person_id: int) -> None:
    """Keep on record that the person signed out."""
    _journal(session, Event.SIGNED_OUT, people.get(session, person_id))


def change_password(session: Session, person_id: int, present: str, new: str) -> Account:
    """Replace the password and end every other session of the account.

    Raises PasswordWrong or PasswordTooWeak, naming the field. The journal has it as the signing-out of all sessions.
    """
    account = _locked_row(session, Account.person_id == person_id)
    if account is None:
        raise NotFound(what="账号")
    if not _matches(account.password_hash, present):
        raise PasswordWrong(fields={"present": PasswordWrong.sentence})
    check_strength(new, account.login)
    if _matches(account.password_hash, new):
        raise PasswordTooWeak(fields={"new": "新密码不能与原密码相同"})
    account.password_hash, account.must_change = hash_of(new), False
    account.session_stamp = secrets.token_hex(16)
    _journal(session, Event.PASSWORD_CHANGED, people.get(session, person_id))
    session.flush()
    return account


def check_strength(password: str, login: str = "") -> None:
    """Raises PasswordTooWeak, saying what is missing, unless the password meets the rule."""
    found = sum(1 for shape in _CLASSES if re.search(shape, password))
    sentence = ""
    if len(password) < SHORTEST_PASSWORD:
        sentence = f"密码至少{SHORTEST_PASSWORD}位，现为{len(password)}位"
    elif found < CLASSES_NEEDED:
        sentence = f"密码须含大写字母、小写字母、数字、符号中的{CLASSES_NEEDED}类，现有{found}类"
    elif len(login) >= SHORTEST_TELLING_LOGIN and login.lower() in password.lower():
        sentence = "密码中不能含有登录名"
    if sentence:
        raise PasswordTooWeak(fields={"new": sentence})


def of(session: Session, person_id: int) -> Account | None:
    """The person's account, if there is one."""
    return session.get(Account, person_id)


def _locked_row(session: Session, which: ColumnElement[bool]) -> Account | None:
    query = select(Account).where(which).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).first()


def _count_failure(session: Session, account: Account, person: Person, now: datetime) -> Refusal:
    account.failed += 1
    if account.failed >= FAILURES_ALLOWED:
        account.failed, account.locked_until = 0, now + LOCKED_FOR
    _journal(session, Event.SIGN_IN_REFUSED, person, reason="password", locked=account.locked_until is not None)
    session.flush()
    return _locked(account) if account.locked_until is not None else SignInRefused()


def _locked(account: Account) -> AccountLocked:
    until = account.locked_until or clock.now()
    return AccountLocked(until=f"{until.astimezone(clock.OFFICE_ZONE):%H:%M}")


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return hash_of(secrets.token_hex(16))


def _normal(login: str) -> str:
    return login.strip().lower()


def _journal(session: Session, event: Event, person: Person, **facts: Any) -> None:
    chain = journal.unit_chain(person.unit_id)
    journal.record(session, event, chain=chain, actor=Actor(person_id=person.id, unit_id=person.unit_id), **facts)
