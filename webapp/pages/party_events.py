"""What the Party side makes known of people: the list, one event with its corrections, and entering."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, party_kept
from webapp.pages.form_view import FieldView
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import own_units
from workflows.domain import party_events, party_links, people, units
from workflows.domain.party_events import LONGEST_DOCUMENT, LONGEST_REASON, PartyEvent, PartyEventKind
from workflows.domain.units import Unit, UnitKind
from workflows.engine.environment import Choice
from workflows.errors import Refusal
from workflows.operations import party_events as entering

bp = Blueprint("party_events", __name__, url_prefix="/party-events")

PAGE = 50


@bp.get("")
@identity.post_needed(*party_kept.READERS)
def show() -> str:
    """What stands for a unit and those below it, the latest entered first."""
    session, asked = database.session(), request.args
    wanted = asked.get("unit", type=int)
    unit = own_units(session, *party_kept.READERS)[0] if wanted is None else party_kept.read_of(wanted)
    word, name = asked.get("kind", ""), asked.get("name", "").strip()[:80]
    kind = PartyEventKind(word) if word in set(PartyEventKind) else None
    found = party_events.listed(
        session, unit, kind=kind, name=name, before=asked.get("after", type=int), limit=PAGE + 1
    )
    rows = found[:PAGE]
    kept: dict[str, Any] = {key: value for key, value in {"unit": unit.id, "kind": kind, "name": name}.items() if value}
    return render_template(
        "party_events/list.html",
        unit=unit,
        own=own_units(session, *party_kept.READERS),
        rows=rows,
        unit_names={each.id: each.short_name for each in _units_of(rows)},
        kinds=list(PartyEventKind),
        kind=kind,
        name=name,
        enters=party_kept.entering_post(unit) is not None if unit.kind.is_party else False,
        first_page=url_for("party_events.show", **kept) if asked.get("after") else None,
        next_page=url_for("party_events.show", **kept, after=rows[-1][0].id) if len(found) > PAGE else None,
    )


@bp.route("/new", methods=["GET", "POST"])
@identity.post_needed(*entering.ENTERED_BY)
def new() -> Any:
    """The form of one event, and entering it."""
    session = database.session()
    wanted = request.values.get("unit", type=int)
    unit_id = own_units(session, *entering.ENTERED_BY)[0].id if wanted is None else wanted
    actor = party_kept.enterer(unit_id)
    unit = entering.insist(session, unit_id, actor)
    if request.method == "GET":
        return _form(unit, {})
    try:
        row = entering.enter(session, party_unit_id=unit_id, values=request.form, actor=actor)
        told = {"name": people.get(session, row.person_id).name, "kind": gettext(row.kind.label)}
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("invalid", "conflict"):
            answer.set_data(_form(units.get(database.session(), unit_id), request.form, refusal))
        return answer
    flash(gettext("已登记%(name)s“%(kind)s”。", **told), "good")
    return redirect(url_for("party_events.new", unit=unit_id), code=303)


@bp.get("/<id:event_id>")
@identity.post_needed(*party_kept.READERS)
def one(event_id: int) -> str:
    """One event with every row of its chain; the Party side may correct what stands."""
    return _one(_seen(event_id))


@bp.post("/<id:event_id>/corrections")
@identity.post_needed(*party_kept.READERS)
def correct(event_id: int) -> Any:
    """Put another row in the place of an event, or strike it out."""
    session, sent = database.session(), request.form
    earlier = _seen(event_id)
    is_struck = sent.get("act") == "strike"
    try:
        row = entering.correct(
            session,
            event_id=event_id,
            values=None if is_struck else sent,
            reason=sent.get("reason", ""),
            actor=party_kept.enterer(earlier.party_unit_id),
        )
        new_id = row.id
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("invalid", "conflict"):
            answer.set_data(_one(party_events.get(database.session(), event_id), sent, refusal))
        return answer
    flash(gettext("已撤销这条记录。") if is_struck else gettext("已更正，原记录保留。"), "good")
    return redirect(url_for("party_events.one", event_id=new_id), code=303)


def _seen(event_id: int) -> PartyEvent:
    row = party_events.get(database.session(), event_id)
    if not any(party_kept.reads_id(unit_id) for unit_id in (row.party_unit_id, row.league_unit_id)):
        errors.concerning(unit_id=row.party_unit_id)
        raise identity.OutOfSight(what=gettext("党组织信息"))
    return row


def _units_of(rows: Any) -> list[Unit]:
    session = database.session()
    wanted = {unit_id for row, _ in rows for unit_id in (row.party_unit_id, row.league_unit_id)}
    return [units.get(session, unit_id) for unit_id in wanted]


def _one(row: PartyEvent, sent: Mapping[str, str] | None = None, refusal: Refusal | None = None) -> str:
    session = database.session()
    chain = [each for each in party_events.of_person(session, row.person_id) if each.kind == row.kind]
    stands = chain[-1]
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    person = people.get(session, row.person_id)
    party = units.get(session, stands.party_unit_id)
    return render_template(
        "party_events/show.html",
        person=person,
        row=stands,
        party=party,
        league=units.get(session, stands.league_unit_id),
        chain=chain[::-1],
        unit_names={each.id: each.short_name for each in _units_of([(each, person) for each in chain])},
        names=names_of(session, [each.recorded_by for each in chain] + [each.for_person_id for each in chain]),
        corrects=party_kept.entering_post(party) is not None and not stands.is_struck,
        fields=_corrections(stands, sent, wrong),
        refusal=refusal.message(gettext) if refusal else "",
        errors=wrong,
    )


def _corrections(row: PartyEvent, sent: Mapping[str, str] | None, wrong: Mapping[str, str]) -> list[FieldView]:
    def field(key: str, label: str, kind: str, value: str, **more: Any) -> FieldView:
        value = sent.get(key, "") if sent is not None else value
        return FieldView(key, label, kind, value, error=wrong.get(key, ""), **more)

    keep = gettext("不变的不填；填写组织代码或全称。")
    return [
        field("happened_on", gettext("日期"), "date", row.happened_on.isoformat(), required=True),
        field("document", gettext("文号或依据"), "textfield", row.document, longest=LONGEST_DOCUMENT),
        field("league_unit", gettext("所属团组织"), "textfield", "", longest=120, help=keep),
        field("reason", gettext("更正理由"), "textarea", "", required=True, longest=LONGEST_REASON),
    ]


def _form(unit: Unit, sent: Mapping[str, str], refusal: Refusal | None = None) -> str:
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "party_events/new.html",
        unit=unit,
        own=own_units(database.session(), *entering.ENTERED_BY),
        fields=_fields(unit, sent, wrong),
        refusal=refusal.message(gettext) if refusal else "",
        errors=wrong,
    )


def _fields(unit: Unit, sent: Mapping[str, str], wrong: Mapping[str, str]) -> list[FieldView]:
    def field(key: str, label: str, kind: str = "textfield", **more: Any) -> FieldView:
        return FieldView(key, label, kind, sent.get(key, ""), error=wrong.get(key, ""), **more)

    kinds = [Choice(str(kind), gettext(kind.label)) for kind in PartyEventKind]
    found = [
        field("kind", gettext("事项"), "select", required=True, choices=kinds),
        field("happened_on", gettext("日期"), "date", required=True, help=gettext("接收为预备党员的填支部大会日期。")),
        field("name", gettext("姓名"), required=True, longest=entering.LONGEST_NAME),
        field(
            "id_number",
            gettext("身份证号"),
            longest=24,
            help=gettext("对应的团组织中已有此人的，可不填而填写出生日期。"),
        ),
        field("birth_date", gettext("出生日期"), "date"),
    ]
    return [*found, *_of_units(unit, field), field("document", gettext("文号或依据"), longest=LONGEST_DOCUMENT)]


def _of_units(unit: Unit, field: Any) -> list[FieldView]:
    """Where the person is on either side, and whether he was a member."""
    session = database.session()
    below = [each for each in units.children(session, unit.id) if each.kind == UnitKind.PARTY_BRANCH]
    linked = party_links.league_units_of_each(session, [unit.id, *(each.id for each in below)])
    known = "、".join(dict.fromkeys(each.name for found in linked.values() for each in found))
    league_help = gettext("系统能按其本人或党支部确定的不必填；填写组织代码或全称。")
    if known:
        league_help += gettext("对应的团组织：%(names)s。", names=known[:200])
    branches = [Choice(each.code, each.name) for each in below]
    return [
        *([field("party_unit", gettext("党支部"), "select", required=True, choices=branches)] if below else []),
        field("league_unit", gettext("所属团组织"), longest=120, help=league_help),
        field(
            "is_league_member",
            gettext("当日是否团员"),
            "radio",
            choices=[Choice("是", gettext("是")), Choice("否", gettext("否"))],
            help=gettext("系统中有其团员登记的不必选。"),
        ),
    ]
