"""The stock of forms and cards of one unit: what lies where, handing on, giving out, spoilt copies, the count."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, quota_acts, stock_acts
from webapp.pages import furniture
from webapp.pages.units_seen import chosen_unit, own_units
from workflows import clock
from workflows.domain import (
    stock_card_codes,
    stock_copies,
    stock_counts,
    stock_handovers,
    stock_ledger,
    stock_waiting,
    units,
)
from workflows.domain.posts import PostKind
from workflows.domain.stock_copies import StockCopy
from workflows.domain.stock_handovers import HandoverState, StockHandover
from workflows.domain.stock_ledger import StockAccount, StockKind, StockMovement
from workflows.domain.units import Unit
from workflows.engine.tables import Case
from workflows.errors import NotFound, Refusal

bp = Blueprint("stock", __name__, url_prefix="/quota/stock")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)
WAITING_SHOWN = 50
COPIES_SHOWN = 30
HANDOVERS_SHOWN = 12
MOVEMENTS_SHOWN = 12

Act = Callable[[Session], object]


@dataclass(frozen=True)
class Waiting:
    """One holder of a place or one new member who has no paper yet; the name is empty for who may not read the case."""

    case_id: int
    told: str
    name: str
    readable: bool


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The unit's stock of both papers, and what its committee may do with it; for a class, that of its committee."""
    session = database.session()
    top = chosen_unit(session)
    if top.kind in quota_acts.AT_A_CLASS:
        top = units.ancestor(session, top.id, *units.APPROVING)
    return _page(top)


@bp.post("/receipts")
@identity.post_needed(*furniture.COMMITTEES)
def receive() -> Any:
    """Enter copies that came from the printer or from outside the system."""
    unit_id, kind, amount, document = _number("unit"), _kind(), _number("amount"), _text("document")

    def act(session: Session) -> object:
        actor = stock_acts.keeping(unit_id)
        return stock_handovers.receive(session, kind, unit_id, amount, document=document, actor=actor)

    return _done(unit_id, act, gettext("已登记入库 %(n)s 份。", n=amount))


@bp.post("/card-code")
@identity.post_needed(*furniture.COMMITTEES)
def set_code() -> Any:
    """Give the unit's cards the first three digits of their numbers."""
    unit_id, code = _number("unit"), _text("prefix")

    def act(session: Session) -> object:
        return stock_card_codes.set_card_code(session, unit_id, code, actor=stock_acts.keeping(unit_id))

    return _done(unit_id, act, gettext("已登记团员证代号 %(code)s。", code=code))


@bp.post("/handovers")
@identity.post_needed(*furniture.COMMITTEES)
def hand_over() -> Any:
    """Sign blank copies out to a unit below, or back to the one above."""
    unit_id, to_unit, kind, amount = _number("unit"), _number("to_unit_id"), _kind(), _number("amount")

    def act(session: Session) -> object:
        actor, list_no = stock_acts.keeping(unit_id), _text("list_no")
        return stock_handovers.hand_over(session, kind, unit_id, to_unit, amount, list_no=list_no, actor=actor)

    return _done(unit_id, act, gettext("已发出 %(n)s 份，对方清点签收后入对方的账。", n=amount))


@bp.post("/handovers/<int:handover_id>/<any(sign, decline, call_back):verb>")
@identity.post_needed(*furniture.COMMITTEES)
def settle(handover_id: int, verb: str) -> Any:
    """Sign for what was counted or send it back as the receiver; call it back as the giver."""
    found = stock_acts.handover_seen(handover_id)
    unit_id = found.from_unit_id if verb == "call_back" else found.to_unit_id

    def act(session: Session) -> object:
        actor, said = stock_acts.keeping(unit_id), _text("difference")
        if verb == "sign":
            counted = _number("counted", missing=-1)
            return stock_handovers.sign_for(session, handover_id, counted, difference=said, actor=actor)
        take_back = stock_handovers.decline if verb == "decline" else stock_handovers.call_back
        return take_back(session, handover_id, reason=said, actor=actor)

    told = {
        "sign": gettext("已签收入库。"),
        "decline": gettext("已拒收，退回发出单位。"),
        "call_back": gettext("已收回。"),
    }
    return _done(unit_id, act, told[verb])


@bp.post("/<any(forms, cards):papers>/<int:case_id>")
@identity.post_needed(*furniture.COMMITTEES)
def give(papers: str, case_id: int) -> Any:
    """Give a candidate the form that bears the number of his place, or a member the next card."""
    kind = StockKind.FORM if papers == "forms" else StockKind.CARD

    def act(session: Session) -> StockCopy:
        actor = stock_acts.giving_out(kind, case_id)
        bind = stock_copies.bind_form if kind == StockKind.FORM else stock_copies.bind_card
        return bind(session, case_id=case_id, actor=actor)

    def told(copy: StockCopy) -> str:
        if kind == StockKind.FORM:
            return gettext("已发放，志愿书编号 %(number)s。", number=copy.serial)
        return gettext("已发放，团员证编号 %(number)s。", number=copy.serial)

    return _done(_number("unit"), act, told)


@bp.post("/ends/<any(spoil, lose):verb>")
@identity.post_needed(*furniture.COMMITTEES)
def end(verb: str) -> Any:
    """A copy in somebody's hands was spoilt and cut, or lost."""
    unit_id, reason, document = _number("unit"), _text("reason"), _text("document")

    def act(session: Session) -> object:
        actor = stock_acts.keeping(unit_id)
        copy = stock_waiting.copy_in_use(session, unit_id, _text("serial"))
        finish = stock_copies.spoil if verb == "spoil" else stock_copies.lose
        return finish(session, copy.kind, case_id=copy.case_id, reason=reason, document=document, actor=actor)

    told = {"spoil": gettext("已登记作废。"), "lose": gettext("已登记遗失。")}
    return _done(unit_id, act, told[verb])


@bp.post("/counts")
@identity.post_needed(*furniture.COMMITTEES)
def count() -> Any:
    """Enter this month's count of the blank copies."""
    unit_id, kind, counted = _number("unit"), _kind(), _number("counted", missing=-1)

    def act(session: Session) -> object:
        actor = stock_acts.keeping(unit_id)
        return stock_counts.enter(session, kind, unit_id, counted, explanation=_text("explanation"), actor=actor)

    return _done(unit_id, act, gettext("已登记清点，请另一位经办人确认。"))


@bp.post("/counts/<int:count_id>/confirm")
@identity.post_needed(*furniture.COMMITTEES)
def confirm(count_id: int) -> Any:
    """Confirm a count that somebody else has made."""
    session = database.session()
    unit_id = session.get_one(StockAccount, stock_counts.get(session, count_id).account_id).unit_id

    def act(session: Session) -> object:
        return stock_counts.confirm(session, count_id, actor=stock_acts.keeping(unit_id))

    return _done(unit_id, act, gettext("清点已确认。"))


def _done(unit_id: int, act: Act, told: str | Callable[[Any], str]) -> Any:
    session = database.session()
    errors.concerning(unit_id=unit_id)
    try:
        found = act(session)
        said = told if isinstance(told, str) else told(found)
        database.commit()
    except Refusal as refusal:
        answered = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("conflict", "invalid") and answered.status_code != 303 and stock_acts.keeps(unit_id):
            answered.set_data(_page(units.get(database.session(), unit_id), refusal))
        return answered
    flash(said, "good")
    return redirect(url_for("stock.show", unit=unit_id), code=303)


def _page(top: Unit, refusal: Refusal | None = None) -> str:
    session = database.session()
    accounts = {kind: stock_ledger.stock_of(session, kind, top.id) for kind in StockKind}
    kept = [account for account in accounts.values() if account is not None]
    handovers = stock_handovers.handovers_of(session, top.id, limit=HANDOVERS_SHOWN)
    coming = [each for each in handovers if each.to_unit_id == top.id and each.state == HandoverState.SENT]
    keeps = stock_acts.keeps(top.id)
    return render_template(
        "stock/show.html",
        top=top,
        own=[unit for unit in own_units(session) if unit.kind not in quota_acts.AT_A_CLASS],
        accounts=accounts,
        kept=kept,
        keeps=keeps,
        below=_below(session, top),
        takers=_takers(session, top) if keeps else [],
        coming=coming,
        handovers=[each for each in handovers if each not in coming],
        names=_names(session, handovers),
        forms=_holders(session, top) if keeps else [],
        cards=_members(session, top) if keeps else [],
        counts=[(account, one) for account in kept for one in stock_counts.counts_of(session, account.id, limit=3)],
        month=clock.today().strftime("%Y-%m"),
        copies=_copies(session, kept),
        movements=_movements(session, kept),
        me=identity.current_person().id,
        kinds=list(StockKind),
        cards_given=_cards_given(session, accounts[StockKind.CARD]) if keeps else 0,
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        sent=request.form,
        sent_to=request.path if refusal else "",
    )


def _cards_given(session: Session, account: StockAccount | None) -> int:
    """How many cards bear the unit's code, so that it stands."""
    return stock_card_codes.issued(session, account) if account else 0


def _takers(session: Session, top: Unit) -> list[Unit]:
    """Whom copies may be handed to: committees directly below, and the one above."""
    below = [unit for unit in units.children(session, top.id) if unit.kind not in quota_acts.AT_A_CLASS]
    return [*below, units.get(session, top.parent_id)] if top.parent_id else below


def _below(session: Session, top: Unit) -> list[tuple[Unit, dict[StockKind, StockAccount]]]:
    """The units directly below that keep a stock."""
    query = select(Unit, StockAccount).join(StockAccount, StockAccount.unit_id == Unit.id)
    found: dict[int, tuple[Unit, dict[StockKind, StockAccount]]] = {}
    for unit, account in session.execute(query.where(Unit.parent_id == top.id).order_by(Unit.code)):
        found.setdefault(unit.id, (unit, {}))[1][account.kind] = account
    return list(found.values())


def _holders(session: Session, top: Unit) -> list[Waiting]:
    places = stock_waiting.waiting_for_forms(session, top.id, limit=WAITING_SHOWN)
    seen = _cases_seen(session, (place.case_id for place in places))
    return [Waiting(place.case_id, place.number, *seen.get(place.case_id, ("", False))) for place in places]


def _members(session: Session, top: Unit) -> list[Waiting]:
    found = stock_waiting.waiting_for_cards(session, top.id, limit=WAITING_SHOWN)
    names = dict(
        session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_({each.unit_id for each in found}))).all()
    )
    cases = [(each.case_id, each.unit_id) for each in found if each.case_id is not None]
    seen = _cases_seen(session, (case_id for case_id, _ in cases))
    return [Waiting(case_id, names[unit_id], *seen.get(case_id, ("", False))) for case_id, unit_id in cases]


def _cases_seen(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[str, bool]]:
    """Whose case it is, for who may read it."""
    query = select(Case.id, Case.title, Case.unit_id).where(Case.id.in_(list(case_ids)))
    rows = session.execute(query).all()
    may_see = {unit_id: identity.may_see(unit_id) for unit_id in {row.unit_id for row in rows}}
    return {row.id: (row.title, True) for row in rows if may_see[row.unit_id]}


def _copies(session: Session, accounts: list[StockAccount]) -> list[tuple[StockCopy, str, bool]]:
    copies = [copy for each in accounts for copy in stock_copies.copies_of(session, each.id, limit=COPIES_SHOWN)]
    copies.sort(key=lambda copy: copy.ended_at or copy.bound_at, reverse=True)
    seen = _cases_seen(session, (copy.case_id for copy in copies))
    return [(copy, *seen.get(copy.case_id, ("", False))) for copy in copies[:COPIES_SHOWN]]


def _movements(session: Session, accounts: list[StockAccount]) -> list[tuple[StockMovement, StockKind]]:
    """The latest movements, for who may read the unit."""
    if not accounts or not identity.may_see(accounts[0].unit_id):
        return []
    rows = [
        (movement, account.kind)
        for account in accounts
        for movement in stock_ledger.movements_of(session, account.id, limit=MOVEMENTS_SHOWN)
    ]
    return sorted(rows, key=lambda row: row[0].id, reverse=True)[:MOVEMENTS_SHOWN]


def _names(session: Session, handovers: list[StockHandover]) -> dict[int, str]:
    wanted = {unit_id for each in handovers for unit_id in (each.from_unit_id, each.to_unit_id)}
    return dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())


def _kind() -> StockKind:
    wanted = _text("kind")
    if wanted not in list(StockKind):
        raise NotFound(what=gettext("库存"))
    return StockKind(wanted)


def _number(name: str, missing: int = 0) -> int:
    return request.form.get(name, missing, type=int)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()
