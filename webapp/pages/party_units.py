"""Party units: which there are, which League units each works with, and who holds their posts."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, party_kept
from webapp.pages.form_view import FieldView
from workflows import clock
from workflows.domain import party_links, party_units, units
from workflows.domain.party_links import PartyLink
from workflows.domain.posts import PostKind
from workflows.domain.units import PARTY, Unit, UnitKind
from workflows.engine.environment import Choice
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor

bp = Blueprint("party_units", __name__, url_prefix="/party-units")

MOST_SHOWN = 100

FOUND, LINK, APPOINT = "found", "link", "appoint"
"""The forms of these pages; what was sent comes back in the one it was sent by."""


@dataclass(frozen=True)
class Line:
    """One Party unit with the unit above it and the League units it works with today."""

    unit: Unit
    above: str
    works_with: Sequence[Unit]


@dataclass(frozen=True)
class LinkSeen:
    """A link with its League unit; `is_over` says that it held for the last time before today."""

    row: PartyLink
    league: Unit
    is_over: bool


@dataclass(frozen=True)
class Sent:
    """A form that was refused: which, what was sent, and why."""

    form: str
    values: Mapping[str, str]
    refusal: Refusal

    @property
    def said(self) -> str:
        """Why it was refused, as a reader is told."""
        return self.refusal.message(gettext)

    @property
    def wrong(self) -> dict[str, str]:
        """The wrong fields, each with its sentence."""
        return {key: gettext(text) for key, text in self.refusal.fields.items()}


@bp.get("")
@identity.signed_in_needed
def show() -> str:
    """The Party committees, or the Party units whose code or name has some words in it."""
    return _list()


@bp.post("")
@identity.signed_in_needed
def found() -> Any:
    """Found a Party unit."""

    def act(session: Session, actor: Actor) -> Unit:
        kind, parent = request.form.get("kind", ""), request.form.get("parent_id", "")
        return party_units.found(
            session,
            kind=UnitKind(kind) if kind in set(UnitKind) else UnitKind.BRANCH,
            parent_id=int(parent) if parent.isdigit() and len(parent) < 19 else None,
            actor=actor,
            code=request.form.get("code", ""),
            name=request.form.get("name", ""),
            short_name=request.form.get("short_name", ""),
        )

    return _acted(None, act, FOUND, lambda unit: (gettext("已建立“%(name)s”。", name=unit.name), unit.id))


@bp.get("/<id:unit_id>")
@identity.signed_in_needed
def one(unit_id: int) -> str:
    """One Party unit: its links, its posts, the units below it."""
    return _page(party_units.get(database.session(), unit_id))


@bp.post("/<id:unit_id>/links")
@identity.signed_in_needed
def link(unit_id: int) -> Any:
    """Link the Party unit with a League unit named by its code or full name."""

    def act(session: Session, actor: Actor) -> PartyLink:
        league = _league_unit(session, request.form.get("league_unit_id", "").strip())
        unit = party_units.get(session, unit_id)
        since, until = _day("since"), _day("until") if request.form.get("until", "").strip() else None
        return party_links.link(
            session, party_unit_id=unit.id, league_unit_id=league.id, since=since, until=until, actor=actor
        )

    return _acted(unit_id, act, LINK, lambda _row: (gettext("已登记对应的团组织。"), unit_id))


@bp.post("/<id:unit_id>/links/<id:link_id>/end")
@identity.signed_in_needed
def end_link(unit_id: int, link_id: int) -> Any:
    """End a link of the Party unit."""

    def act(session: Session, actor: Actor) -> PartyLink:
        if link_id not in {row.id for row in party_links.links_of(session, [unit_id])}:
            raise NotFound(what="党团组织对应关系")
        return party_links.unlink(session, link_id=link_id, last_day=_day("last_day"), actor=actor)

    return _acted(unit_id, act, f"end-link-{link_id}", lambda _row: (gettext("已结束对应关系。"), unit_id))


@bp.post("/<id:unit_id>/posts")
@identity.signed_in_needed
def appoint(unit_id: int) -> Any:
    """Put somebody into a post at the Party unit."""

    def act(session: Session, actor: Actor) -> Any:
        kind = request.form.get("kind", "")
        return party_units.appoint(
            session,
            unit_id=unit_id,
            kind=PostKind(kind) if kind in set(PostKind) else PostKind.AUDITOR,
            login=request.form.get("login", ""),
            since=_day("since"),
            actor=actor,
            name=request.form.get("name", ""),
            id_number=request.form.get("id_number", ""),
            first_password=request.form.get("first_password", ""),
        )

    return _acted(unit_id, act, APPOINT, lambda made: (_appointed(made), unit_id))


@bp.post("/<id:unit_id>/posts/<id:post_id>/end")
@identity.signed_in_needed
def end_post(unit_id: int, post_id: int) -> Any:
    """Let a post at the Party unit end."""

    def act(session: Session, actor: Actor) -> Any:
        last_day = _day("last_day")
        return party_units.dismiss(session, unit_id=unit_id, post_id=post_id, last_day=last_day, actor=actor)

    return _acted(unit_id, act, f"end-post-{post_id}", lambda _post: (gettext("已登记任职的截止日期。"), unit_id))


def _acted(
    unit_id: int | None,
    act: Callable[[Session, Actor], Any],
    form: str,
    done: Callable[[Any], tuple[str, int]],
) -> Any:
    """Do it as the administrator and go back to the unit; a refusal with fields brings the form back."""
    try:
        said, where = done(act(database.session(), party_kept.keeper(unit_id)))
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("invalid", "conflict"):
            sent = Sent(form, request.form, refusal)
            session = database.session()
            answer.set_data(_list(sent) if unit_id is None else _page(party_units.get(session, unit_id), sent))
        return answer
    flash(said, "good")
    return redirect(url_for("party_units.one", unit_id=where), code=303)


def _appointed(made: party_units.Appointed) -> str:
    told = {"name": made.person.name, "login": made.login}
    if made.is_new_account:
        return gettext("已任命%(name)s，并开通账号“%(login)s”，首次登录须修改口令。", **told)
    return gettext("已任命%(name)s（登录名“%(login)s”）。", **told)


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InvalidData(fields={field: gettext("请填写日期，例如 2020-01-11")}) from None


def _league_unit(session: Session, told: str) -> Unit:
    query = select(Unit).where(or_(Unit.code == told, Unit.name == told), Unit.kind.not_in(PARTY))
    found = session.scalars(query.limit(2)).all()
    if len(found) != 1:
        raise InvalidData(fields={"league_unit_id": gettext("没有这个团组织，或有几个同名的，请填写组织代码")})
    return found[0]


def _list(sent: Sent | None = None) -> str:
    session, wanted = database.session(), request.args.get("q", "").strip()
    found = party_units.listed(session, wanted=wanted, limit=MOST_SHOWN + 1)
    return render_template(
        "party_units/list.html",
        lines=_lines(session, found[:MOST_SHOWN]),
        more=len(found) > MOST_SHOWN,
        wanted=wanted,
        keeps=party_kept.keeps(),
        fields=_founding(session, sent),
        sent=sent,
    )


def _lines(session: Session, found: Sequence[Unit]) -> list[Line]:
    parents = select(Unit.id, Unit.name).where(Unit.id.in_({unit.parent_id for unit in found}))
    above = dict(session.execute(parents).all())
    works_with = party_links.league_units_of_each(session, [unit.id for unit in found])
    return [Line(unit, above.get(unit.parent_id or 0, ""), works_with.get(unit.id, [])) for unit in found]


def _page(unit: Unit, sent: Sent | None = None) -> str:
    session, today = database.session(), clock.today()
    links = party_links.links_of(session, [unit.id])
    league = {
        each.id: each
        for each in session.scalars(select(Unit).where(Unit.id.in_({row.league_unit_id for row in links})))
    }
    sees_posts = party_kept.may_see_posts_of(unit)
    return render_template(
        "party_units/show.html",
        unit=unit,
        above=units.line_of(session, unit.id)[:-1],
        links=[LinkSeen(row, league[row.league_unit_id], row.until is not None and row.until < today) for row in links],
        posts=party_units.holders(session, [unit.id]) if sees_posts else [],
        sees_posts=sees_posts,
        below=_lines(session, units.children(session, unit.id)),
        reads_events=party_kept.reads(unit),
        keeps=party_kept.keeps(),
        linking=_linking(sent),
        appointing=_appointing(unit, sent),
        sent=sent,
        today=today,
    )


def _field(form: str, sent: Sent | None) -> Callable[..., FieldView]:
    """Makes the fields of one form, with what was sent by it and what is wrong with that."""
    mine = sent if sent is not None and sent.form == form else None

    def made(key: str, label: str, kind: str = "textfield", *, value: str = "", **more: Any) -> FieldView:
        value = mine.values.get(key, "") if mine else value
        return FieldView(key, label, kind, value, error=mine.wrong.get(key, "") if mine else "", **more)

    return made


def _founding(session: Session, sent: Sent | None) -> list[FieldView]:
    field, committees = _field(FOUND, sent), party_units.listed(session, limit=1000)
    return [
        field("kind", gettext("类别"), "select", required=True, choices=[_choice(kind, kind.label) for kind in PARTY]),
        field(
            "parent_id",
            gettext("上级党委"),
            "select",
            help=gettext("党支部必填；党委没有在系统中的上级的，不填。"),
            choices=[Choice(str(unit.id), unit.name) for unit in committees],
        ),
        field("name", gettext("全称"), required=True, longest=party_units.LONGEST_NAME),
        field("short_name", gettext("简称"), longest=party_units.LONGEST_NAME // 2),
        field("code", gettext("组织代码"), required=True, longest=party_units.LONGEST_CODE),
    ]


def _linking(sent: Sent | None) -> list[FieldView]:
    field = _field(LINK, sent)
    return [
        field(
            "league_unit_id",
            gettext("团组织"),
            required=True,
            help=gettext("填写组织代码或全称；对下级同样有效，下级另有登记的除外。"),
        ),
        field("since", gettext("起始日期"), "date", required=True, value=clock.today().isoformat()),
        field("until", gettext("截止日期"), "date", help=gettext("一般不填，结束时再登记。")),
    ]


def _appointing(unit: Unit, sent: Sent | None) -> list[FieldView]:
    field = _field(APPOINT, sent)
    kinds = [kind for kind in PostKind if unit.kind in kind.at]
    new = gettext("新开账号的填写")
    return [
        field("kind", gettext("职务"), "select", required=True, choices=[_choice(kind, kind.label) for kind in kinds]),
        field(
            "login",
            gettext("登录名"),
            required=True,
            longest=party_units.LONGEST_LOGIN,
            help=gettext("已有账号的（如团组织中的教师），填写其登录名即可。"),
        ),
        field("since", gettext("任职日期"), "date", required=True, value=clock.today().isoformat()),
        field("name", gettext("姓名"), longest=80, help=new),
        field("id_number", gettext("身份证号"), longest=24, help=new),
        field(
            "first_password",
            gettext("初始口令"),
            longest=100,
            help=gettext("新开账号的填写；首次登录须由本人修改。"),
            value=f"Dang-{secrets.token_hex(4)}",
        ),
    ]


def _choice(word: str, label: str) -> Choice:
    return Choice(str(word), gettext(label))
