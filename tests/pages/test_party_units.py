"""The pages of Party units: the administrator founds, links and appoints; everybody may read which works with which."""

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import party as party_side
from tests.support.application import PASSWORD
from tests.support.cast import Cast
from tests.support.party import Party
from workflows.domain import identity_numbers, party_links, party_units, units


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


def test_the_administrator_founds_a_party_branch_links_it_and_fills_its_posts(
    visit: Visit, cast: Cast, session: Session
) -> None:
    he = visit(cast.he)
    assert "还没有登记党组织" in he.open("/party-units")
    page = he.submit("/party-units", kind="party_committee", name="九中党委", code="DW9")
    assert "已建立“九中党委”" in page
    committee = units.by_code(session, "DW9")
    he.open("/party-units")
    he.submit("/party-units", kind="party_branch", name="九中党支部", code="DZ9", parent_id=str(committee.id))
    branch = units.by_code(session, "DZ9")
    path = f"/party-units/{branch.id}"
    assert "推优到达党支部的一步会因此停下" in he.open(path)
    assert "已登记对应的团组织" in he.submit(f"{path}/links", league_unit_id=cast.branch.name, since="2020-01-01")
    assert party_links.party_branch_of(session, cast.branch.id).id == branch.id
    page = he.submit(
        f"{path}/posts",
        kind="party_branch_secretary",
        login="guanshan",
        since="2020-01-01",
        name="关山",
        id_number=identity_numbers.made_up(cast.gaowa.birth_date, "关山"),
        first_password=PASSWORD,
    )
    assert "开通账号“guanshan”" in page
    [(post, person)] = party_units.holders(session, [branch.id])
    assert (post.kind.label, person.name) == ("党支部书记", "关山")
    ended = he.submit(f"{path}/posts/{post.id}/end", last_day="2020-06-30")
    assert "已登记任职的截止日期" in ended
    [link] = party_links.links_of(session, [branch.id])
    assert "已结束对应关系" in he.submit(f"{path}/links/{link.id}/end", last_day="2020-06-30")
    session.refresh(link)
    assert link.until is not None


@pytest.mark.parametrize(
    "form, sent, told",
    [
        ("links", {"league_unit_id": "没有的团支部", "since": "2020-01-01"}, "没有这个团组织"),
        ("links", {"league_unit_id": "S2", "since": ""}, "请填写日期"),
        ("links", {"league_unit_id": "S1", "since": "2020-01-01"}, "起的这段时间已对应"),
        ("posts", {"kind": "party_mentor", "login": "guanshan", "since": "2020-01-01"}, "没有这个登录名"),
        ("posts", {"kind": "", "login": "guanshan", "name": "关山", "since": "2020-01-01"}, "新开账号须填写"),
    ],
)
def test_what_is_wrong_comes_back_with_the_form(
    visit: Visit, cast: Cast, party: Party, form: str, sent: dict[str, str], told: str
) -> None:
    he, path = visit(cast.he), f"/party-units/{party.branch.id}"
    he.open(path)
    page = he.submit(f"{path}/{form}", **sent)
    assert told in page
    assert page.status in (409, 422)
    assert len(page.all("//details[@open]")) == 1


def test_everybody_reads_which_works_with_which_and_few_who_is_who(visit: Visit, cast: Cast, party: Party) -> None:
    saren = visit(cast.saren)
    page = saren.open(f"/party-units?q={party.branch.name}")
    assert party.branch.name in page
    assert cast.school.name in page
    assert page.all("//form[@method='post' and contains(@action, '/party-units')]") == []
    page = saren.open(f"/party-units/{party.branch.id}")
    assert (cast.school.name in page, party.guan.name in page) == (True, False)
    assert "没有找到" in saren.open("/party-units?q=无此名称")
    assert party.guan.name in visit(party.shi).open(f"/party-units/{party.branch.id}")
    assert saren.open(f"/party-units/{cast.school.id}").status == 404


def test_the_league_page_of_branches_names_the_party_branch(visit: Visit, cast: Cast, party: Party) -> None:
    assert party.branch.name in visit(cast.gaowa).open("/branches")


def test_nobody_else_founds_one(visit: Visit, cast: Cast, party: Party) -> None:
    he = visit(cast.he)
    he.open("/party-units")
    gaowa = visit(cast.gaowa)
    gaowa.page = he.page
    token = gaowa.open("/branches").all("//input[@name='csrf_token']/@value")[0]
    answer = gaowa.client.post(
        "/party-units", data={"csrf_token": token, "kind": "party_committee", "name": "九中党委", "code": "DW9"}
    )
    assert answer.status_code == 403


def test_the_party_side_has_its_own_way_around(visit: Visit, cast: Cast, party: Party) -> None:
    def entries(person: object) -> list[str]:
        page = visit(person).open("/")  # type: ignore[arg-type]
        assert page.status == 200
        return [link.text_content().strip() for link in page.all("//nav[@class='nav']/a")]

    shared = ["待办", "案卷", "推优率", "联合认定", "联合培养", "党组织信息", "规则", "党团组织"]
    assert entries(party.guan) == [*shared, "通知"]
    assert entries(party.bai) == [*shared, "异常", "通知"]
    guan = visit(party.guan)
    for path in ("/cases", "/inbox", "/rules", "/notices"):
        assert guan.open(path).status == 200
    for path in ("/quota", "/branches", "/head-counts", "/processes", "/incidents", "/ratios"):
        assert guan.open(path).status == 403
    assert visit(party.bai).open("/incidents").status == 200
