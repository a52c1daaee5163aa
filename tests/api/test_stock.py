"""The stock of forms and cards over the API."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import APPLIED, Cast, apply
from workflows.domain import members, quotas, stock_audit, stock_handovers
from workflows.domain.people import Person
from workflows.domain.stock_ledger import StockKind
from workflows.journal import SYSTEM, Event, JournalEntry

SignIn = Callable[[Person], Caller]


def _book(caller: Caller, unit_id: int) -> dict[str, Any]:
    found: dict[str, Any] = caller.get("/stock", unit_id=unit_id).json["items"][0]
    return found


def test_copies_go_down_when_somebody_else_has_signed(cast: Cast, signed_in: SignIn, session: Session) -> None:
    zhao, gaowa = signed_in(cast.zhao), signed_in(cast.gaowa)
    receipt = {"unit_id": cast.county.id, "kind": "form", "amount": 10, "document": "出库单1号"}
    assert zhao.post("/stock/receipts", receipt).json["blank"] == 10
    new = {"from_unit_id": cast.county.id, "to_unit_id": cast.school.id, "kind": "form", "amount": 4}
    sent = zhao.post("/stock/handovers", new)
    assert (sent.status_code, sent.json["state"]) == (201, "sent")
    way = f"/stock/handovers/{sent.json['id']}"
    assert zhao.post(f"{way}/sign", {"counted": 4}).json["code"] == "authority.missing"
    assert wrong_fields(gaowa.post(f"{way}/sign", {"counted": 3})) != {}
    assert gaowa.post(f"{way}/sign", {"counted": 3, "difference": "缺1份"}).json["label"] == "已签收"
    assert zhao.post(f"{way}/call-back", {"reason": "再发"}).json["code"] == "stock.handover_settled"
    book = _book(zhao, cast.county.id)
    assert (book["blank"], book["transit"], book["lost"], book["passed_on"]) == (6, 0, 1, 3)
    again = zhao.post("/stock/handovers", new).json["id"]
    assert gaowa.post(f"/stock/handovers/{again}/decline", {"reason": "名册不符"}).json["state"] == "declined"
    listed = gaowa.get("/stock/handovers", unit_id=cast.school.id).json["items"]
    assert [each["id"] for each in listed] == [again, sent.json["id"]]
    assert stock_audit.faults(session) == []


def test_a_form_is_given_spoilt_and_given_again(cast: Cast, signed_in: SignIn, session: Session) -> None:
    stock_handovers.receive(session, StockKind.FORM, cast.school.id, 2, document="1号", actor=SYSTEM)
    apply(session, cast, 7)
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=7, actor=SYSTEM).number
    session.commit()
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    wanted = {"case_id": 7, "kind": "form"}
    assert zhao.post("/stock/papers", wanted).json["code"] == "authority.missing"
    assert gaowa.post("/stock/papers", {"case_id": 8, "kind": "form"}).status_code == 404
    assert gaowa.post("/stock/papers", wanted).json["serial"] == number
    ended = {"unit_id": cast.school.id, "serial": number, "state": "void", "reason": "涂改", "document": "剪角1"}
    assert gaowa.post("/stock/papers/ended", ended).json["state"] == "void"
    assert gaowa.post("/stock/papers/ended", ended).json["code"] == "stock.no_copy"
    assert gaowa.post("/stock/papers", wanted).json["copy_no"] == 2
    assert stock_audit.faults(session) == []


def test_a_count_needs_two(cast: Cast, signed_in: SignIn, session: Session) -> None:
    gaowa, chen = signed_in(cast.gaowa), signed_in(cast.chen)
    gaowa.post("/stock/receipts", {"unit_id": cast.school.id, "kind": "card", "amount": 3, "document": "1号"})
    count = gaowa.post("/stock/counts", {"unit_id": cast.school.id, "kind": "card", "counted": 3})
    assert count.status_code == 201
    way = f"/stock/counts/{count.json['id']}/confirm"
    assert gaowa.post(way).json["code"] == "stock.same_person"
    assert chen.post(way).json["confirmed_at"]


def test_a_card_code_is_the_committees_own_and_stands_once_used(
    cast: Cast, signed_in: SignIn, saren: Caller, session: Session
) -> None:
    stock_handovers.receive(session, StockKind.CARD, cast.school.id, 2, document="1号", actor=SYSTEM)
    apply(session, cast, 7)
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=7, actor=SYSTEM).number
    quotas.use(session, case_id=7, actor=SYSTEM)
    members.admit(session, case_id=7, joined_on=APPLIED, number=number)
    session.commit()
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    new = {"unit_id": cast.school.id, "prefix": "012"}
    assert zhao.post("/stock/card-code", new).json["code"] == "authority.missing"
    assert saren.post("/stock/card-code", new).json["code"] == "not_found"
    assert gaowa.post("/stock/card-code", new).json["prefix"] == "012"
    assert gaowa.post("/stock/papers", {"case_id": 7, "kind": "card"}).json["serial"] == "01200001"
    refused = gaowa.post("/stock/card-code", new | {"prefix": "013"})
    assert (refused.status_code, refused.json["code"]) == (409, "stock.card_code_fixed")
    entries = session.scalars(select(JournalEntry).where(JournalEntry.event.in_([Event.CARD_CODE_SET]))).all()
    assert [(each.person_id, each.facts["code"]) for each in entries] == [(cast.gaowa.id, "012")]
    kept = session.scalars(select(JournalEntry).where(JournalEntry.event == Event.ACT_REFUSED)).all()
    assert [each.facts["code"] for each in kept] == [
        "authority.missing",
        "authority.out_of_sight",
        "stock.card_code_fixed",
    ]


def test_a_foreign_stock_does_not_exist(cast: Cast, signed_in: SignIn, saren: Caller, session: Session) -> None:
    stock_handovers.receive(session, StockKind.FORM, cast.county.id, 2, document="1号", actor=SYSTEM)
    sent = stock_handovers.hand_over(
        session, StockKind.FORM, cast.county.id, cast.other_school.id, 1, list_no="", actor=cast.actor(cast.zhao)
    )
    session.commit()
    gaowa = signed_in(cast.gaowa)
    assert gaowa.get("/stock", unit_id=cast.county.id).status_code == 404
    assert gaowa.post(f"/stock/handovers/{sent.id}/sign", {"counted": 1}).status_code == 404
    assert saren.get("/stock", unit_id=cast.other_school.id).status_code == 404
    assert gaowa.post("/stock/counts/999999/confirm").status_code == 404
