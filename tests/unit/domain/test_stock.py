"""The stock of forms and cards: every copy lies in one place, two people hand it over, one number bears one form."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import APPLIED, Cast, apply, plan_for_school
from workflows import journal
from workflows.domain import (
    members,
    quotas,
    stock_audit,
    stock_card_codes,
    stock_copies,
    stock_counts,
    stock_handovers,
    stock_ledger,
)
from workflows.domain.quotas import NumberIsVoid
from workflows.domain.stock_copies import CopyState
from workflows.domain.stock_handovers import HandoverState, StockHandover
from workflows.domain.stock_ledger import StockAccount, StockKind
from workflows.domain.stock_refusals import (
    CardCodeFixed,
    CardCodeWrong,
    CardNotIssued,
    CountChanged,
    CountSettled,
    FormStillOut,
    HandoverSettled,
    MoreThanSent,
    NoCopyOut,
    NoStockKept,
    NotAMemberYet,
    NotNextInLine,
    SamePersonReceives,
    StockAmountWrong,
    StockExhausted,
    StockReasonMissing,
)
from workflows.journal import SYSTEM, Event

FORM, CARD = StockKind.FORM, StockKind.CARD


@pytest.fixture
def county(session: Session, cast: Cast) -> StockAccount:
    """The county has received ten forms."""
    return stock_handovers.receive(session, FORM, cast.county.id, 10, document="出库单1号", actor=cast.actor(cast.zhao))


@pytest.fixture
def sent(session: Session, cast: Cast, county: StockAccount) -> StockHandover:
    """Four of them are on their way to the school."""
    return stock_handovers.hand_over(
        session, FORM, cast.county.id, cast.school.id, 4, list_no="名册1号", actor=cast.actor(cast.zhao)
    )


@pytest.fixture
def school(session: Session, cast: Cast, sent: StockHandover) -> StockAccount:
    """The school has counted and signed for four forms, and has places for five candidates."""
    plan_for_school(session, cast, 5)
    stock_handovers.sign_for(session, sent.id, 4, difference="", actor=cast.actor(cast.gaowa))
    found = stock_ledger.stock_of(session, FORM, cast.school.id)
    assert found is not None
    return found


def reserve(session: Session, cast: Cast, case_id: int) -> str:
    """The case's candidate passes the pre-review and has a number."""
    apply(session, cast, case_id)
    return quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM).number


def test_what_is_received_and_sent_stands_on_its_shelf(
    session: Session, county: StockAccount, sent: StockHandover
) -> None:
    session.refresh(county)
    assert (county.blank, county.transit, county.taken_in) == (6, 4, 10)
    assert stock_audit.faults(session) == []
    kinds = [movement.kind.label for movement in stock_ledger.movements_of(session, county.id)]
    assert kinds == ["发出", "入库"]
    assert journal.entries_of(session, county.chain)[-1].event == Event.STOCK_MOVED


def test_the_receiver_counts_and_what_is_missing_is_the_givers_loss(
    session: Session, cast: Cast, county: StockAccount, sent: StockHandover
) -> None:
    with pytest.raises(StockReasonMissing):
        stock_handovers.sign_for(session, sent.id, 3, difference=" ", actor=cast.actor(cast.gaowa))
    stock_handovers.sign_for(session, sent.id, 3, difference="缺1份，已电话核实", actor=cast.actor(cast.gaowa))
    school = stock_ledger.stock_of(session, FORM, cast.school.id)
    session.refresh(county)
    assert school is not None
    assert (school.blank, county.transit, county.lost, county.passed_on) == (3, 0, 1, 3)
    assert stock_audit.faults(session) == []
    with pytest.raises(HandoverSettled, match="已签收"):
        stock_handovers.call_back(session, sent.id, reason="再发", actor=cast.actor(cast.zhao))


def test_nobody_signs_for_what_he_sent_himself(session: Session, cast: Cast, sent: StockHandover) -> None:
    for act in (
        lambda: stock_handovers.sign_for(session, sent.id, 4, difference="", actor=cast.actor(cast.zhao)),
        lambda: stock_handovers.decline(session, sent.id, reason="不符", actor=cast.actor(cast.zhao)),
    ):
        with pytest.raises(SamePersonReceives):
            act()
    sent.received_by = sent.sent_by
    with pytest.raises(IntegrityError):
        session.flush()


def test_more_cannot_arrive_than_was_sent(session: Session, cast: Cast, sent: StockHandover) -> None:
    with pytest.raises(MoreThanSent) as refused:
        stock_handovers.sign_for(session, sent.id, 5, difference="", actor=cast.actor(cast.gaowa))
    assert refused.value.fields == {"counted": "发出的是4份"}


@pytest.mark.parametrize("act", ["decline", "call_back"])
def test_what_is_declined_or_called_back_lies_with_the_giver_again(
    session: Session, cast: Cast, county: StockAccount, sent: StockHandover, act: str
) -> None:
    who = cast.gaowa if act == "decline" else cast.zhao
    settled = getattr(stock_handovers, act)(session, sent.id, reason="名册不符", actor=cast.actor(who))
    session.refresh(county)
    assert (county.blank, county.transit) == (10, 0)
    assert settled.state == (HandoverState.DECLINED if act == "decline" else HandoverState.CALLED_BACK)
    assert stock_audit.faults(session) == []


def test_copies_go_one_level_and_no_more_than_there_are(session: Session, cast: Cast, county: StockAccount) -> None:
    who = cast.actor(cast.zhao)
    with pytest.raises(StockExhausted, match="只有 10 份"):
        stock_handovers.hand_over(session, FORM, cast.county.id, cast.school.id, 11, list_no="", actor=who)
    with pytest.raises(NotNextInLine):
        stock_handovers.hand_over(session, FORM, cast.county.id, cast.branch.id, 1, list_no="", actor=who)
    with pytest.raises(StockAmountWrong):
        stock_handovers.hand_over(session, FORM, cast.county.id, cast.school.id, 0, list_no="", actor=who)
    with pytest.raises(StockReasonMissing):
        stock_handovers.receive(session, FORM, cast.county.id, 1, document="", actor=who)


def test_a_form_bears_the_number_of_its_candidate(session: Session, cast: Cast, school: StockAccount) -> None:
    number = reserve(session, cast, 7)
    copy = stock_copies.bind_form(session, case_id=7, actor=cast.actor(cast.gaowa))
    again = stock_copies.bind_form(session, case_id=7, actor=cast.actor(cast.gaowa))
    session.refresh(school)
    assert (copy.serial, copy.copy_no, again.id) == (number, 1, copy.id)
    assert (school.blank, school.bound) == (3, 1)
    assert stock_audit.faults(session) == []


def test_a_spoilt_form_is_replaced_under_the_same_number(session: Session, cast: Cast, school: StockAccount) -> None:
    number, who = reserve(session, cast, 7), cast.actor(cast.gaowa)
    stock_copies.bind_form(session, case_id=7, actor=who)
    stock_copies.spoil(session, FORM, case_id=7, reason="涂改", document="剪角扫描件1", actor=who)
    with pytest.raises(NumberIsVoid):
        quotas.use(session, case_id=7, actor=SYSTEM)
    copy = stock_copies.bind_form(session, case_id=7, actor=who)
    session.refresh(school)
    assert (copy.serial, copy.copy_no) == (number, 2)
    assert (school.blank, school.bound, school.void) == (2, 1, 1)
    assert quotas.use(session, case_id=7, actor=SYSTEM).number == number
    assert stock_audit.faults(session) == []
    assert [each.state for each in stock_copies.copies_of(session, school.id)] == [CopyState.BOUND, CopyState.VOID]


def test_a_lost_form_needs_reason_and_proof(session: Session, cast: Cast, school: StockAccount) -> None:
    who = cast.actor(cast.gaowa)
    reserve(session, cast, 7)
    with pytest.raises(NoCopyOut):
        stock_copies.lose(session, FORM, case_id=7, reason="遗失", document="说明", actor=who)
    stock_copies.bind_form(session, case_id=7, actor=who)
    with pytest.raises(StockReasonMissing) as refused:
        stock_copies.lose(session, FORM, case_id=7, reason="遗失", document=" ", actor=who)
    assert set(refused.value.fields) == {"document"}
    stock_copies.lose(session, FORM, case_id=7, reason="遗失", document="书面说明", actor=who)
    session.refresh(school)
    assert (school.bound, school.lost) == (0, 1)


def test_a_released_number_takes_no_new_form_while_the_old_one_is_out(
    session: Session, cast: Cast, school: StockAccount
) -> None:
    who = cast.actor(cast.gaowa)
    number = reserve(session, cast, 7)
    stock_copies.bind_form(session, case_id=7, actor=who)
    quotas.release(session, case_id=7, reason="撤回", actor=SYSTEM)
    assert stock_audit.faults(session) == [f"编号 {number} 的入团志愿书第1份没有收回：该申请人已不持有这个名额"]
    assert reserve(session, cast, 8) == number
    with pytest.raises(FormStillOut, match=number):
        stock_copies.bind_form(session, case_id=8, actor=who)
    stock_copies.spoil(session, FORM, case_id=7, reason="申请人撤回", document="剪角扫描件2", actor=who)
    assert stock_copies.bind_form(session, case_id=8, actor=who).copy_no == 2
    assert stock_audit.faults(session) == []


def test_without_a_stock_above_there_is_no_form(session: Session, cast: Cast) -> None:
    plan_for_school(session, cast, 1)
    reserve(session, cast, 7)
    with pytest.raises(NoStockKept):
        stock_copies.bind_form(session, case_id=7, actor=SYSTEM)


def test_cards_run_on_under_the_committees_code(session: Session, cast: Cast, school: StockAccount) -> None:
    who = cast.actor(cast.gaowa)
    stock_handovers.receive(session, CARD, cast.school.id, 3, document="旗县下发", actor=who)
    stock_card_codes.set_card_code(session, cast.school.id, "012", actor=who)
    serials = []
    for case_id in (7, 8):
        number = reserve(session, cast, case_id)
        with pytest.raises(NotAMemberYet):
            stock_copies.bind_card(session, case_id=case_id, actor=who)
        quotas.use(session, case_id=case_id, actor=SYSTEM)
        members.admit(session, case_id=case_id, joined_on=APPLIED, number=number)
        serials.append(stock_copies.bind_card(session, case_id=case_id, actor=who).serial)
    assert serials == ["01200001", "01200002"]
    stock_copies.insist_on_card(session, unit_id=cast.branch.id, case_id=7, card_number="01200001")
    with pytest.raises(CardNotIssued):
        stock_copies.insist_on_card(session, unit_id=cast.branch.id, case_id=7, card_number="01200002")


def test_a_code_is_set_on_record_and_by_one_committee_only(session: Session, cast: Cast) -> None:
    gaowa = cast.actor(cast.gaowa)
    stock_card_codes.set_card_code(session, cast.school.id, "011", actor=gaowa)
    book = stock_card_codes.set_card_code(session, cast.school.id, "012", actor=gaowa)
    stock_card_codes.set_card_code(session, cast.school.id, "012", actor=gaowa)
    entries = journal.entries_of(session, book.chain)
    assert [(each.event, each.person_id, each.facts) for each in entries] == [
        (Event.CARD_CODE_SET, cast.gaowa.id, {"code": "011", "before": None}),
        (Event.CARD_CODE_SET, cast.gaowa.id, {"code": "012", "before": "011"}),
    ]
    for wrong in ("12", "０１２", "1a2", ""):
        with pytest.raises(CardCodeWrong) as refused:
            stock_card_codes.set_card_code(session, cast.school.id, wrong, actor=gaowa)
        assert set(refused.value.fields) == {"prefix"}
    with pytest.raises(CardCodeWrong, match="没有别的单位使用"):
        stock_card_codes.set_card_code(session, cast.other_school.id, "012", actor=gaowa)
    stock_card_codes.set_card_code(session, cast.other_school.id, "011", actor=gaowa)


def test_a_code_stands_once_a_card_bears_it(session: Session, cast: Cast, school: StockAccount) -> None:
    who = cast.actor(cast.gaowa)
    stock_handovers.receive(session, CARD, cast.school.id, 1, document="旗县下发", actor=who)
    stock_card_codes.set_card_code(session, cast.school.id, "012", actor=who)
    number = reserve(session, cast, 7)
    quotas.use(session, case_id=7, actor=SYSTEM)
    members.admit(session, case_id=7, joined_on=APPLIED, number=number)
    stock_copies.bind_card(session, case_id=7, actor=who)
    stock_copies.spoil(session, CARD, case_id=7, reason="涂改", document="剪角扫描件1", actor=who)
    with pytest.raises(CardCodeFixed, match="已按代号 012 发出 1 张团员证") as refused:
        stock_card_codes.set_card_code(session, cast.school.id, "013", actor=who)
    assert refused.value.fields == {"prefix": "已按代号012发出1张团员证"}
    assert stock_card_codes.set_card_code(session, cast.school.id, "012", actor=who).prefix == "012"


def test_where_no_cards_are_kept_any_card_number_will_do(session: Session, cast: Cast) -> None:
    apply(session, cast, 7)
    stock_copies.insist_on_card(session, unit_id=cast.branch.id, case_id=7, card_number="99900001")


def test_the_month_is_counted_by_two(session: Session, cast: Cast, school: StockAccount) -> None:
    gaowa, chen = cast.actor(cast.gaowa), cast.actor(cast.chen)
    with pytest.raises(StockReasonMissing):
        stock_counts.enter(session, FORM, cast.school.id, 3, explanation="", actor=gaowa)
    count = stock_counts.enter(session, FORM, cast.school.id, 3, explanation="少1份，已查找", actor=gaowa)
    with pytest.raises(SamePersonReceives):
        stock_counts.confirm(session, count.id, actor=gaowa)
    stock_counts.confirm(session, count.id, actor=chen)
    session.refresh(school)
    assert (school.blank, school.lost) == (3, 1)
    assert stock_audit.faults(session) == []
    with pytest.raises(CountSettled):
        stock_counts.enter(session, FORM, cast.school.id, 3, explanation="", actor=gaowa)


def test_a_surplus_is_booked_as_found(session: Session, cast: Cast, school: StockAccount) -> None:
    count = stock_counts.enter(session, FORM, cast.school.id, 6, explanation="找到2份", actor=cast.actor(cast.gaowa))
    stock_counts.confirm(session, count.id, actor=cast.actor(cast.chen))
    session.refresh(school)
    assert (school.blank, school.taken_in) == (6, 6)
    assert stock_audit.faults(session) == []


def test_a_count_is_worthless_when_copies_moved_since(session: Session, cast: Cast, school: StockAccount) -> None:
    gaowa, chen = cast.actor(cast.gaowa), cast.actor(cast.chen)
    count = stock_counts.enter(session, FORM, cast.school.id, 4, explanation="", actor=gaowa)
    reserve(session, cast, 7)
    stock_copies.bind_form(session, case_id=7, actor=gaowa)
    with pytest.raises(CountChanged, match="现在 3 份"):
        stock_counts.confirm(session, count.id, actor=chen)


def test_the_audit_names_a_balance_that_was_changed_by_hand(session: Session, school: StockAccount) -> None:
    school.blank, school.taken_in = 5, 5
    session.flush()
    assert len(stock_audit.faults(session)) == 2
