from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.support.cast import SINCE, Cast
from workflows import journal
from workflows.domain import quotas, units
from workflows.domain.posts import Post, PostKind
from workflows.domain.units import UnitKind
from workflows.journal import SYSTEM


def _reserve(session: Session, cast: Cast, case_id: int) -> quotas.Place:
    place = quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
    session.commit()
    return place


def test_a_committee_sees_its_places_and_those_below(visit: Visit, cast: Cast, now: object) -> None:
    page = visit(cast.sun).open("/quota")
    assert "2020 年发展团员名额" in page
    assert "全区计划 100 名" in page
    assert page.links("呼和浩特市团委") == [f"/quota?unit={cast.city.id}"]
    page = visit(cast.sun).open(f"/quota?unit={cast.county.id}")
    assert page.links("内蒙古自治区团委") == [f"/quota?unit={cast.region.id}"]


def test_places_are_passed_on_to_a_unit_below(visit: Visit, cast: Cast, now: object, session: Session) -> None:
    sun = visit(cast.sun)
    sun.open("/quota")
    page = sun.submit("/quota/allotments", to_unit_id=cast.city.id, amount=7, reason="追加")
    assert "已向呼和浩特市团委下达 7 个名额" in page
    account = quotas.account_of(session, quotas.current_plan(session).id, cast.city.id)
    assert account is not None
    assert account.free == 7


def test_more_than_there_is_cannot_be_passed_on(visit: Visit, cast: Cast, now: object) -> None:
    sun = visit(cast.sun)
    sun.open("/quota")
    page = sun.submit("/quota/allotments", to_unit_id=cast.city.id, amount=98)
    assert page.status == 409
    assert "空余名额只有97个" in page
    assert page.all("//input[@id='field-amount']/@value") == ["98"]
    page = sun.submit("/quota/allotments", to_unit_id=cast.city.id, amount="")
    assert page.status == 422
    assert "名额数应为不小于1的整数" in page
    page = sun.submit("/quota/allotments", to_unit_id=cast.school.id, amount=1)
    assert "不是直接下级" in page


def test_only_the_committee_itself_passes_its_places_on(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    zhao = visit(cast.zhao)
    zhao.open("/quota")
    where = f"/quota?unit={cast.city.id}"
    assert zhao.open(where).status == 404
    zhao.open("/quota")
    values = {"from": cast.city.id, "to_unit_id": cast.county.id, "amount": 1}
    page = zhao.submit("/quota/allotments", **values)
    assert page.status == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.city.id))[-1]
    assert refused.facts["code"] == "authority.missing"


def test_unused_places_are_given_back(visit: Visit, cast: Cast, now: object) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota")
    page = gaowa.submit("/quota/returns", amount=2)
    assert "已退回 2 个名额" in page
    page = gaowa.submit("/quota/returns", amount=2)
    assert page.status == 409
    assert "没有空余的发展团员名额" in page


def test_holders_are_named_to_who_may_read_their_case(
    applied: Applied, visit: Visit, cast: Cast, session: Session
) -> None:
    saren = applied()
    case_id = int(saren.open("/cases").links("乌云")[0].rsplit("/", 1)[1])
    place = _reserve(session, cast, case_id)
    page = visit(cast.gaowa).open("/quota")
    assert place.number in page
    assert page.links("乌云") == [f"/cases/{case_id}"]
    assert "预留" in page


def test_the_secretary_looks_at_the_places_of_the_school(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    _reserve(session, cast, 999_999)
    page = visit(cast.saren).open("/quota")
    assert "第一中学团委" in page
    assert "不在您的查看范围" in page
    assert page.all("//form[contains(@action, 'allotments')]") == []


def test_without_a_plan_the_page_says_who_must_issue_one(visit: Visit, cast: Cast, session: Session) -> None:
    quotas.current_plan(session).state = "closed"
    session.commit()
    page = visit(cast.gaowa).open("/quota")
    assert page.status == 409
    assert "请由自治区团委先下达计划" in page


def test_a_branch_under_a_unit_that_reports_to_the_region_sees_the_places_it_draws_on(
    visit: Visit, cast: Cast, now: object, session: Session
) -> None:
    direct = units.add(
        session, cast.region, code="D1", name="直属机关团委", short_name="直属机关", kind=UnitKind.DIRECT
    )
    branch = units.add(session, direct, code="D1-1", name="机关团支部", short_name="机关团支部", kind=UnitKind.BRANCH)
    session.add(Post(person_id=cast.bator.id, unit_id=branch.id, kind=PostKind.BRANCH_SECRETARY, since=SINCE))
    session.commit()
    page = visit(cast.bator).open(f"/quota?unit={branch.id}")
    assert "直属机关团委" in page
    assert page.links("机关团支部") == []
