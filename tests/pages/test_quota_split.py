from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast
from tests.unit.domain.test_split_proposals import counted
from workflows import journal
from workflows.domain import quotas
from workflows.domain.head_counts import Line
from workflows.domain.units import Field

CLASSES = (Line(Field.SENIOR, False, 50, 28), Line(Field.SENIOR, False, 50, 29))


def count_classes(session: Session, cast: Cast) -> None:
    """Needs of two places and of one, and three places at the school."""
    counted(session, cast.branch, CLASSES[0])
    counted(session, cast.small_branch, CLASSES[1])
    session.commit()


def test_a_school_splits_its_places_over_its_classes(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    count_classes(session, cast)
    gaowa = visit(cast.gaowa)
    assert "可分配名额3" in gaowa.open("/quota/split")
    page = gaowa.submit("/quota/split", reserve_rate=0)
    assert "已编制分配方案" in page
    assert "普通高中：60% × 学生 50 − 团员 28，得 2；权重 1" in page
    assert page.all("//input[@data-proposed]/@value") == ["2", "1"]
    branch, small = cast.branch.id, cast.small_branch.id
    page = gaowa.submit(act="save", **{f"amount-{small}": 0, f"reason-{small}": "该班名额暂缓下达"})
    assert "由 1 改为 0：该班名额暂缓下达" in page
    page = gaowa.submit(act="confirm")
    assert "名额已按方案下达" in page
    plan = quotas.current_plan(session)
    account = quotas.account_of(session, plan.id, branch)
    assert account is not None
    assert account.free == 2
    assert quotas.account_of(session, plan.id, small) is None
    page = gaowa.follow("第 1 号")
    assert "已确认" in page
    assert page.all("//input[@data-proposed]") == []


def test_wrong_lines_are_told_where_they_stand_and_what_was_typed_stays(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    count_classes(session, cast)
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota/split")
    gaowa.submit("/quota/split", reserve_rate=0)
    key = f"amount-{cast.branch.id}"
    page = gaowa.submit(act="save", **{key: "1"})
    assert page.status == 422
    assert "与测算数不同的，请说明理由" in page
    assert page.all(f"//input[@name='{key}']/@value") == ["1"]
    page = gaowa.submit(act="confirm", **{key: "many", f"reason-{cast.branch.id}": "该班需要更多名额"})
    assert "应为不小于0的整数" in page
    page = gaowa.submit(act="save", **{key: "9"})
    assert "各下级之和超过可分配总数" in page


def test_a_rate_that_is_no_percentage_is_told(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    page = gaowa.open("/quota/split")
    assert "下级都还没有填报" in page
    page = gaowa.submit("/quota/split", reserve_rate="half")
    assert page.status == 422
    assert "应为0至100的整数" in page


def test_a_stale_proposal_is_discarded_and_reckoned_anew(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    count_classes(session, cast)
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota/split")
    gaowa.submit("/quota/split")
    quotas.give_back(session, quotas.current_plan(session), cast.school.id, 1, cast.actor(cast.gaowa))
    session.commit()
    assert "这个方案不能再确认" in gaowa.open("/quota/split")
    gaowa.submit(act="confirm")
    assert gaowa.page.status == 412
    gaowa.open("/quota/split")
    assert "方案已作废" in gaowa.submit(act="discard")


def test_only_the_committee_itself_reckons_and_confirms(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    count_classes(session, cast)
    visit(cast.gaowa).open("/quota/split")
    zhao = visit(cast.zhao)
    page = zhao.open(f"/quota/split?unit={cast.school.id}")
    assert page.all("//input[@name='reserve_rate']") == []
    zhao.open("/quota/split")
    token = zhao.page.all("//input[@name='csrf_token']/@value")[0]
    sent = zhao.client.post("/quota/split", data={"csrf_token": token, "unit": cast.school.id})
    assert sent.status_code == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.school.id))[-1]
    assert refused.facts["code"] == "authority.missing"
    assert visit(cast.saren).open("/quota/split").status == 403
    assert visit(cast.gaowa).open(f"/quota/split?unit={cast.county.id}").status == 404


def test_without_free_places_the_page_says_who_has_them(visit: Visit, cast: Cast, now: object) -> None:
    assert "目前没有可分配的名额" in visit(cast.zhao).open("/quota/split")
