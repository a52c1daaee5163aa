"""Who acts: the signed-in person, the posts he exercises today, and the post an act is done in ("B 代 A").

The session cookie carries the person's id and the account's stamp. Changing the password or signing out changes the
stamp, so that every cookie given out before is worthless; half an hour without a request ends a session.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from flask import Flask, g, redirect, request, url_for
from flask import session as cookie
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import bindparam, select
from sqlalchemy.orm import defer

from webapp import database
from webapp.settings import Settings
from workflows import clock
from workflows.domain import accounts, posts
from workflows.domain.accounts import Account, SignIn
from workflows.domain.people import Person
from workflows.domain.posts import Held, PostKind
from workflows.engine import environment
from workflows.errors import NotFound, Refusal
from workflows.journal import Actor
from workflows.operations.wiring import ENVIRONMENT

IDLE_LIMIT = timedelta(minutes=30)
"""How long a session lives without a request (rulebook 7.14)."""

STAMP_EVERY = timedelta(seconds=30)
"""The cookie is not rewritten more often than this."""

SIGN_IN_PAGE = "account.sign_in"
PASSWORD_PAGE = "account.change_password"  # noqa: S105 - an endpoint's name

OPEN_WITH_FIRST_PASSWORD = frozenset({"account", "api_session"})
"""Blueprints (of pages, of the API) that answer before the first password was changed."""

P = ParamSpec("P")
R = TypeVar("R")


class SignedOut(Refusal):
    """The request needs a signed-in person."""

    code = "account.signed_out"
    sentence = "您尚未登录，或因长时间未操作已自动退出。"
    remedy = "请重新登录。"
    rule = "30分钟未操作自动退出"
    kind = "forbidden"
    status = 401


class PasswordMustChange(Refusal):
    """The first password was given by someone else; nothing else may be done before it is changed."""

    code = "account.must_change_password"
    sentence = "首次登录须先修改密码。"
    remedy = "请先修改密码，修改后即可继续。"
    rule = "初始密码须由本人修改"
    kind = "forbidden"


class PostNeeded(Refusal):
    """The page or route belongs to posts the person does not exercise today."""

    code = "authority.post_needed"
    sentence = "此功能由{posts}使用，您目前没有这一职务。"
    remedy = "如需办理，请与上级团组织联系。"
    rule = "按职务授权"
    kind = "forbidden"


class OutOfSight(NotFound):
    """It exists, but not for this person; the answer is the same as for something that does not exist."""


class Addressed(Protocol):
    """A work item, or the engine's Addressee."""

    @property
    def unit_id(self) -> int: ...

    @property
    def post_kind(self) -> str: ...

    @property
    def person_id(self) -> int | None: ...


class SignedIn(UserMixin):
    """The signed-in person and the account."""

    def __init__(self, person: Person, account: Account) -> None:
        self.person = person
        self.account = account

    def get_id(self) -> str:
        """The person's id, as the cookie keeps it."""
        return str(self.person.id)


class CookieSession(SecureCookieSessionInterface):
    """Marks the cookie `Secure` whenever the request came by https, and always when the setting says so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this answer's cookie is for https only."""
        return request.is_secure or super().get_cookie_secure(app)


login_manager = LoginManager()
login_manager.session_protection = None  # the stamp does this; addresses change behind a school's router


def init_app(app: Flask, settings: Settings) -> None:
    """Set up sessions and the rules that hold before any view runs."""
    app.secret_key = settings.secret_key
    app.session_interface = CookieSession()
    app.config.update(
        SESSION_COOKIE_NAME="tuancheng",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )
    login_manager.init_app(app)
    app.before_request(_end_idle_session)
    app.before_request(_insist_on_new_password)
    app.context_processor(lambda: {"current_person": current_person_or_none(), "posts_held": posts_held()})


def sign_in(login: str, password: str) -> SignIn:
    """Try to sign in and commit the attempt; on success the session begins anew, so that none can be planted."""
    answer = accounts.sign_in(database.session(), login, password)
    database.commit()
    if answer.person is not None:
        account = accounts.of(database.session(), answer.person.id)
        if account is not None:
            _begin_session(answer.person, account)
    return answer


def sign_out() -> None:
    """End this session and every other one of the account, and commit."""
    person = current_person()
    account = accounts.of(database.session(), person.id)
    if account is not None:
        account.session_stamp = secrets.token_hex(16)
    accounts.sign_out(database.session(), person.id)
    database.commit()
    logout_user()
    _empty_cookie()


def change_password(present: str, new: str) -> None:
    """Change the signed-in person's password and commit; other sessions end, this one goes on."""
    person = current_person()
    account = accounts.change_password(database.session(), person.id, present, new)
    database.commit()
    _begin_session(person, account)


def is_signed_in() -> bool:
    """Whether somebody is signed in."""
    return bool(current_user.is_authenticated)


def current_person() -> Person:
    """The signed-in person; raises SignedOut."""
    if not is_signed_in():
        raise SignedOut()
    return current_user.person


def current_account() -> Account:
    """The signed-in person's account; raises SignedOut."""
    current_person()
    return current_user.account


def current_person_or_none() -> Person | None:
    """The signed-in person, or None."""
    return current_user.person if is_signed_in() else None


def posts_held() -> list[Held]:
    """The posts the person exercises today, own ones first; empty when nobody is signed in."""
    if not is_signed_in():
        return []
    if "posts_held" not in g:
        g.posts_held = posts.held_by(database.session(), current_person().id)
    return list(g.posts_held)


def engine_posts() -> list[environment.Held]:
    """The same posts in the engine's words, for `workflows.engine.inbox`."""
    return [environment.Held(unit_id=held.unit_id, kind=str(held.kind)) for held in posts_held()]


def holds(*kinds: PostKind) -> bool:
    """Whether one of these posts is exercised today, anywhere."""
    return any(held.kind in kinds for held in posts_held())


def as_actor(held: Held) -> Actor:
    """The person acting in this post; for whom, when as a substitute."""
    return Actor(person_id=held.person_id, post_id=held.post_id, for_person_id=held.for_person_id, unit_id=held.unit_id)


def actor(*kinds: PostKind, unit_id: int | None = None) -> Actor:
    """Who acts, in the first matching post; without a matching one, the person in no post at all."""
    for held in posts_held():
        if (not kinds or held.kind in kinds) and unit_id in {None, held.unit_id}:
            return as_actor(held)
    return Actor(person_id=current_person().id)


def acting_for(addressed: Addressed) -> Actor:
    """Who acts on a work item (or Addressee), in the post it is addressed to.

    A person without that post is returned in no post; it is the engine that refuses the act.
    """
    for held in posts_held():
        if held.unit_id == addressed.unit_id and held.kind == addressed.post_kind:
            return as_actor(held)
    person_id = current_person().id
    if addressed.person_id == person_id:
        return Actor(person_id=person_id, unit_id=addressed.unit_id)
    return Actor(person_id=person_id)


def may_see(unit_id: int) -> bool:
    """Whether one of the posts held gives sight of the unit's cases."""
    return ENVIRONMENT.directory.may_see(database.session(), Actor(person_id=current_person().id), unit_id)


def insist_on_sight(unit_id: int, what: str) -> None:
    """Raises OutOfSight, which reads like NotFound, when the person may not read the unit's cases."""
    if not may_see(unit_id):
        raise OutOfSight(what=what)


def signed_in_needed(view: Callable[P, R]) -> Callable[P, R]:
    """The view answers signed-in persons only."""

    @wraps(view)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        current_person()
        return view(*args, **kwargs)

    return inner


def post_needed(*kinds: PostKind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The view answers only persons who exercise one of these posts today."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            insist_on_post(*kinds)
            return view(*args, **kwargs)

        return inner

    return decorate


def insist_on_post(*kinds: PostKind) -> None:
    """Raises SignedOut or PostNeeded."""
    current_person()
    if not holds(*kinds):
        raise PostNeeded(posts="、".join(gettext(kind.label) for kind in kinds))


_ACCOUNT = (
    select(Account, Person)
    .join(Person, Person.id == Account.person_id)
    .where(Account.person_id == bindparam("person"))
    # Nobody's own number is needed to know who he is; it is deciphered where it is shown.
    .options(defer(Person.identity))
)


@login_manager.user_loader
def _load(person_id: str) -> SignedIn | None:
    found = database.session().execute(_ACCOUNT, {"person": int(person_id)}).first()
    if found is None:
        return None
    account, person = found
    same = secrets.compare_digest(account.session_stamp, str(cookie.get("stamp", "")))
    return SignedIn(person, account) if same else None


def _begin_session(person: Person, account: Account) -> None:
    _empty_cookie()
    g.pop("posts_held", None)
    g.pop("csrf_token", None)
    login_user(SignedIn(person, account))
    cookie["stamp"] = account.session_stamp
    cookie["seen"] = int(clock.now().timestamp())


def _empty_cookie() -> None:
    language = cookie.get("language")
    cookie.clear()
    if language:
        cookie["language"] = language


def _end_idle_session() -> None:
    if "_user_id" not in cookie:
        return
    idle = int(clock.now().timestamp()) - int(cookie.get("seen", 0))
    if idle > IDLE_LIMIT.total_seconds():
        _empty_cookie()
    elif idle > STAMP_EVERY.total_seconds():
        cookie["seen"] = int(clock.now().timestamp())


def _insist_on_new_password() -> Any:
    if request.endpoint in {None, "static"} or request.blueprint in OPEN_WITH_FIRST_PASSWORD:
        return None
    if not is_signed_in() or not current_user.account.must_change:
        return None
    if request.path.startswith("/api/"):
        raise PasswordMustChange()
    return redirect(url_for(PASSWORD_PAGE))
