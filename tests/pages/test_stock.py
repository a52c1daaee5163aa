import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Page, Visitor
from tests.support.cast import APPLIED, Cast, apply
from workflows import journal
from workflows.domain import members, quotas, stock_audit, stock_copies, stock_handovers, stock_ledger
from workflows.domain.stock_ledger import StockKind
from workflows.journal import SYSTEM

STOCK = "/quota/stock"


def _rows(page: Page, heading: str) -> list[str]:
    rows = page.all(f"//section[h2='{heading}']//tbody/tr")
    return [" ".join(" ".join(cell.text_content().split()) for cell in row.iter("td")) for row in rows]


@pytest.fixture
def zhao(visit: Visit, cast: Cast, now: object) -> Visitor:
    """The county's keeper, who has received ten forms."""
    county = visit(cast.zhao)
    county.open("/quota")
    county.follow("志愿书与团员证库存")
    page = county.submit(f"{STOCK}/receipts", kind="form", amount=10, document="出库单1号")
    assert "已登记入库 10 份" in page
    return county


@pytest.fixture
def stocked(session: Session, cast: Cast, now: object) -> None:
    """The school keeps two forms and two cards."""
    for kind in StockKind:
        stock_handovers.receive(session, kind, cast.school.id, 2, document="出库单2号", actor=cast.actor(cast.chen))
    session.commit()


def test_copies_go_down_when_the_receiver_has_signed(visit: Visit, cast: Cast, zhao: Visitor, session: Session) -> None:
    page = zhao.submit(f"{STOCK}/handovers", kind="form", to_unit_id=cast.school.id, amount=4, list_no="名册1号")
    assert _rows(page, "在库情况") == ["入团志愿书 6 4 0 0 0 10 0"]
    gaowa = visit(cast.gaowa)
    page = gaowa.open(STOCK)
    assert "新城区团委 发来 入团志愿书 4 份" in page
    sign = page.all("//form[contains(@action, 'handovers/')]/@action")[0]
    page = gaowa.submit(sign, counted="")
    assert page.status == 422
    assert "应为0以上的整数" in page
    page = gaowa.submit(sign, counted=3)
    assert "少于发出的份数，请写明原因" in page
    page = gaowa.submit(sign, counted=3, difference="缺1份")
    assert "已签收入库" in page
    assert _rows(page, "在库情况") == ["入团志愿书 3 0 0 0 0 3 0"]
    page = zhao.open(STOCK)
    assert "实收 3" in page
    assert page.links("第一中学团委") == [f"{STOCK}?unit={cast.school.id}"]
    assert stock_audit.faults(session) == []


def test_what_nobody_signed_for_is_taken_back(cast: Cast, zhao: Visitor) -> None:
    page = zhao.submit(f"{STOCK}/handovers", kind="form", to_unit_id=cast.school.id, amount=4)
    back = page.all("//form[contains(@action, '/call_back')]/@action")[0]
    page = zhao.submit(back, difference="")
    assert "没有写明原因" in page
    page = zhao.submit(back, difference="对方放假")
    assert _rows(page, "在库情况") == ["入团志愿书 10 0 0 0 0 10 0"]
    assert "已收回" in page


def test_more_than_there_is_cannot_be_sent(cast: Cast, zhao: Visitor) -> None:
    page = zhao.submit(f"{STOCK}/handovers", kind="form", to_unit_id=cast.school.id, amount=11)
    assert page.status == 409
    assert "空白件只有10份" in page
    assert page.all("//input[@id='hand-amount']/@value") == ["11"]


def test_a_candidate_gets_the_form_with_his_number_and_another_when_it_is_spoilt(
    applied: Applied, visit: Visit, cast: Cast, stocked: None, session: Session
) -> None:
    saren = applied()
    case_id = int(saren.open("/cases").links("乌云")[0].rsplit("/", 1)[1])
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM).number
    session.commit()
    gaowa = visit(cast.gaowa)
    page = gaowa.open(STOCK)
    assert _rows(page, "待发志愿书") == [f"{number} 乌云 发放"]
    page = gaowa.submit(f"{STOCK}/forms/{case_id}")
    assert f"志愿书编号 {number}" in page
    assert "已有编号的申请人都领到了志愿书" in page
    page = gaowa.submit(f"{STOCK}/ends/spoil", serial="202000000000", reason="涂改", document="剪角1")
    assert "本单位没有发出这个编号" in page
    page = gaowa.submit(f"{STOCK}/ends/spoil", serial=number, reason="涂改", document="剪角1")
    assert "已登记作废" in page
    page = gaowa.submit(f"{STOCK}/forms/{case_id}")
    assert "第2份" in page
    assert _rows(page, "在库情况")[0] == "入团志愿书 0 0 1 1 0 2 0"
    assert stock_audit.faults(session) == []


def test_a_member_gets_the_next_card(visit: Visit, cast: Cast, stocked: None, session: Session) -> None:
    apply(session, cast, 7)
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=7, actor=SYSTEM).number
    quotas.use(session, case_id=7, actor=SYSTEM)
    members.admit(session, case_id=7, joined_on=APPLIED, number=number)
    session.commit()
    gaowa = visit(cast.gaowa)
    assert "请先在下面登记团员证代号" in gaowa.open(STOCK)
    page = gaowa.submit(f"{STOCK}/card-code", prefix="1a")
    assert "应为3位数字" in page
    page = gaowa.submit(f"{STOCK}/card-code", prefix="012")
    assert _rows(page, "待发团员证") == ["不在您的查看范围 高一1班团支部 发放"]
    page = gaowa.submit(f"{STOCK}/cards/7")
    assert "团员证编号 01200001" in page
    copy = stock_copies.bound_copy(session, StockKind.CARD, 7)
    assert copy is not None
    assert copy.serial == "01200001"
    assert "代号 012，已发出 1 张团员证，不再更改" in page
    assert "代号（3位数字）" not in page


def test_a_count_is_confirmed_by_somebody_else(visit: Visit, cast: Cast, stocked: None) -> None:
    gaowa, chen = visit(cast.gaowa), visit(cast.chen)
    gaowa.open(STOCK)
    page = gaowa.submit(f"{STOCK}/counts", kind="form", counted=1)
    assert "账上2份，清点到1份，请说明原因" in page
    page = gaowa.submit(f"{STOCK}/counts", kind="form", counted=1, explanation="少1份")
    assert _rows(page, "每月清点") == ["2020-06 入团志愿书 2 1 少1份 待另一人确认"]
    confirm = chen.open(STOCK).all("//form[contains(@action, '/confirm')]/@action")[0]
    refused = gaowa.client.post(confirm, data={"csrf_token": gaowa.page.all("//input[@name='csrf_token']/@value")[0]})
    assert refused.status_code == 409
    assert "须由另一人办理" in refused.get_data(as_text=True)
    page = chen.submit(confirm)
    assert "已确认" in page
    assert _rows(page, "在库情况")[0] == "入团志愿书 1 0 0 0 1 2 0"


def test_only_the_committee_whose_stock_it_is_may_act(
    visit: Visit, cast: Cast, zhao: Visitor, session: Session
) -> None:
    values = {"unit": cast.school.id, "kind": "form", "amount": 3, "document": "假单"}
    page = zhao.submit(f"{STOCK}/receipts", **values)
    assert page.status == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.school.id))[-1]
    assert refused.facts["code"] == "authority.missing"
    assert stock_ledger.stock_of(session, StockKind.FORM, cast.school.id) is None
    page = visit(cast.ma).open(f"{STOCK}?unit={cast.county.id}")
    assert _rows(page, "在库情况") == ["入团志愿书 10 0 0 0 0 10 0"]
    assert page.all("//main//form[@method='post']") == []


def test_the_secretary_looks_at_the_stock_of_the_school(visit: Visit, cast: Cast, stocked: None) -> None:
    saren = visit(cast.saren)
    saren.open("/quota")
    page = saren.follow("志愿书与团员证库存")
    assert "第一中学团委" in page
    assert _rows(page, "在库情况")[0] == "入团志愿书 2 0 0 0 0 2 0"
    assert page.all("//main//form[@method='post']") == []


def test_a_unit_gives_nothing_from_the_stock_of_another(
    visit: Visit, cast: Cast, stocked: None, zhao: Visitor, session: Session
) -> None:
    apply(session, cast, 7)
    quotas.reserve(session, unit_id=cast.school.id, case_id=7, actor=SYSTEM)
    session.commit()
    token = zhao.page.all("//input[@name='csrf_token']/@value")[0]
    sent = {"csrf_token": token, "unit": cast.county.id}
    assert zhao.client.post(f"{STOCK}/forms/7", data=sent).status_code == 403
    assert zhao.client.post(f"{STOCK}/forms/8", data=sent).status_code == 404
    assert stock_copies.bound_copy(session, StockKind.FORM, 7) is None
