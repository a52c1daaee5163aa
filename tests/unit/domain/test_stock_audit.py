"""The audit of the stock finds nothing in order, and names each planted fault, and nothing else."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.support.cast import APPLIED, Cast, apply, plan_for_school
from workflows.domain import members, quotas, stock_audit, stock_card_codes, stock_copies, stock_handovers
from workflows.domain.stock_ledger import StockKind
from workflows.journal import SYSTEM

FORM, CARD = StockKind.FORM, StockKind.CARD
SPOILT, LOST, MEMBER = 7, 8, 9
"""Cases: the form of one was spoilt, that of another lost, and the third became a member with a card."""


@pytest.fixture(autouse=True)
def _at_work(session: Session, cast: Cast) -> None:
    """Ten forms came to the county, four went on to the school, two more are on their way there."""
    zhao, gaowa = cast.actor(cast.zhao), cast.actor(cast.gaowa)
    plan_for_school(session, cast, 5)
    stock_handovers.receive(session, FORM, cast.county.id, 10, document="出库单1号", actor=zhao)
    for amount in (4, 2):
        sent = stock_handovers.hand_over(session, FORM, cast.county.id, cast.school.id, amount, list_no="", actor=zhao)
        if amount == 4:
            stock_handovers.sign_for(session, sent.id, amount, difference="", actor=gaowa)
    for case_id in (SPOILT, LOST, MEMBER):
        apply(session, cast, case_id)
        quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
        stock_copies.bind_form(session, case_id=case_id, actor=gaowa)
    stock_copies.spoil(session, FORM, case_id=SPOILT, reason="涂改", document="剪角1", actor=gaowa)
    stock_copies.lose(session, FORM, case_id=LOST, reason="遗失", document="说明1", actor=gaowa)
    number = quotas.use(session, case_id=MEMBER, actor=SYSTEM).number
    members.admit(session, case_id=MEMBER, joined_on=APPLIED, number=number)
    stock_handovers.receive(session, CARD, cast.school.id, 2, document="旗县下发", actor=gaowa)
    stock_card_codes.set_card_code(session, cast.school.id, "012", actor=gaowa)
    stock_copies.bind_card(session, case_id=MEMBER, actor=gaowa)
    session.flush()


def test_a_stock_at_work_is_in_order(session: Session) -> None:
    assert stock_audit.faults(session) == []


FORMS = "(SELECT a.id FROM stock_account a JOIN unit u ON u.id = a.unit_id WHERE a.kind = 'form' AND u.code = 'S1')"
CARDS = FORMS.replace("'form'", "'card'")
COPY = "INSERT INTO stock_copy (kind, serial, copy_no, account_id, case_id, state, bound_at, reason, document) SELECT "
MOVED = (
    "INSERT INTO stock_movement (kind, from_account, from_shelf, to_account, to_shelf, amount, copy_id, at, reason, "
    "document) SELECT "
)

OF_FORMS, OF_CARDS, OF_COUNTY = "第一中学团委·入团志愿书", "第一中学团委·团员证", "新城区团委·入团志愿书"

PLANTED = {
    "a balance without a movement": (
        [f"UPDATE stock_account SET blank = blank + 1, taken_in = taken_in + 1 WHERE id = {FORMS}"],
        [f"{OF_FORMS}：账上 blank 为 2，按流水应为 1", f"{OF_FORMS}：账上 taken_in 为 5，按流水应为 4"],
    ),
    "copies handed on that nobody received": (
        ["UPDATE stock_account SET passed_on = passed_on + 1, taken_in = taken_in + 1 WHERE passed_on > 0"],
        [f"{OF_COUNTY}：账上 taken_in 为 11，按流水应为 10", f"{OF_COUNTY}：账上 passed_on 为 5，按流水应为 4"],
    ),
    "a copy given out that the book knows nothing of": (
        [
            f"{COPY} 'card', '01200009', 1, {CARDS}, 99, 'bound', now, '', ''",
            f"{MOVED} 'bind', {CARDS}, 'blank', {CARDS}, 'bound', 1, max(id), now, '', '' FROM stock_copy",
        ],
        [
            f"{OF_CARDS}：账上 blank 为 1，按流水应为 0",
            f"{OF_CARDS}：账上 bound 为 1，按流水应为 2",
            f"{OF_CARDS}：账上已发给本人 1 份，登记 2 份",
            f"{OF_CARDS}：流水 3 条，日志 2 条",
        ],
    ),
    "a lost copy that the book has not lost": (
        [f"UPDATE stock_copy SET state = 'lost' WHERE case_id = {SPOILT}"],
        [
            f"{OF_FORMS}：账上作废 1 份，登记 0 份",
            f"{OF_FORMS}：账上遗失 1 份，登记 2 份",
            "入团志愿书 202015000096 第1份登记为遗失，流水为：发给本人、作废",
        ],
    ),
    "a copy without a movement": (
        [f"{COPY} 'card', '01200009', 1, {CARDS}, 99, 'void', now, '', ''"],
        [f"{OF_CARDS}：账上作废 0 份，登记 1 份", "团员证 01200009 第1份登记为作废，流水为：无"],
    ),
    "copies that changed fates": (
        [
            f"UPDATE stock_copy SET state = 'bound' WHERE case_id = {SPOILT}",
            f"UPDATE stock_copy SET state = 'void' WHERE case_id = {MEMBER} AND kind = 'form'",
        ],
        [
            "入团志愿书 202015000096 第1份登记为在本人处，流水为：发给本人、作废",
            "入团志愿书 202015000098 第1份登记为作废，流水为：发给本人",
        ],
    ),
    "a card under another code": (
        ["UPDATE stock_account SET prefix = '013' WHERE prefix = '012'"],
        [f"{OF_CARDS}：代号为 013，发出的团员证编号却为 01200001"],
    ),
    "a handover changed on its way": (
        ["UPDATE stock_handover SET amount = 3 WHERE state = 'sent'"],
        [f"{OF_COUNTY}：账上在途 2 份，待签收的交接共 3 份"],
    ),
    "a movement that the journal does not know": (
        [
            f"{MOVED} 'found', NULL, NULL, {CARDS}, 'blank', 1, NULL, now, '', ''",
            f"UPDATE stock_account SET blank = blank + 1, taken_in = taken_in + 1 WHERE id = {CARDS}",
        ],
        [f"{OF_CARDS}：流水 3 条，日志 2 条"],
    ),
    "a form with the number of nobody's place": (
        [f"UPDATE stock_copy SET serial = '202015000099' WHERE case_id = {MEMBER} AND kind = 'form'"],
        ["编号 202015000099 的入团志愿书第1份没有收回：该申请人已不持有这个名额"],
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named_and_nothing_else(session: Session, fault: str) -> None:
    statements, named = PLANTED[fault]
    for statement in statements:
        session.execute(text(statement.replace(" now,", " CURRENT_TIMESTAMP,")))
    session.expire_all()
    assert sorted(stock_audit.faults(session)) == sorted(named)


def test_a_handover_of_a_unit_without_a_stock_is_named(session: Session, cast: Cast) -> None:
    other = cast.other_school.id
    session.execute(text(f"UPDATE stock_handover SET from_unit_id = {other} WHERE state = 'sent'"))
    session.expire_all()
    assert sorted(stock_audit.faults(session)) == sorted(
        [f"{OF_COUNTY}：账上在途 2 份，待签收的交接共 0 份", f"组织 {other}：有 2 份入团志愿书待签收，但没有库存账户"]
    )
