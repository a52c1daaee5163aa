"""The pages on which the Party side enters its events, and both sides read them."""

from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page, Visitor
from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from workflows.domain import identity_numbers, party_event_files, party_events, posts
from workflows.domain.posts import PostKind
from workflows.journal import SYSTEM

HEADING = ["姓名", "身份证号", "事项", "日期", "是否团员"]


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast; 高娃 belongs to the school."""
    cast.gaowa.unit_id = cast.school.id
    return party_side.build(session, cast)


@pytest.fixture
def guan(visit: Visit, party: Party) -> Visitor:
    """The secretary of the Party branch."""
    return visit(party.guan)


def enter(guan: Visitor, **changes: str) -> None:
    """Enter that 高娃 has applied for the Party."""
    guan.open("/party-events/new")
    sent = {"kind": "party_application", "happened_on": "2020-03-01", "name": "高娃", "birth_date": "1985-04-01"}
    guan.submit(**(sent | changes))


def test_the_secretary_enters_an_event_and_both_sides_read_it(
    visit: Visit, cast: Cast, party: Party, guan: Visitor
) -> None:
    assert "还没有登记" in guan.open("/party-events")
    enter(guan)
    assert "已登记高娃“递交入党申请书”" in guan.page
    for person in (party.guan, party.bai, cast.gaowa, cast.ma):
        page = visit(person).open("/party-events")
        assert "高娃" in page
        assert page.links("登记一条") == ([] if person in (cast.gaowa, cast.ma) else page.links("登记一条")[:1])
    assert "高娃" not in visit(cast.saren).open("/party-events")
    assert "没有符合条件的记录" in guan.open("/party-events?kind=accepted")


def test_what_is_wrong_comes_back_with_the_form(guan: Visitor, party: Party) -> None:
    enter(guan, happened_on="2999-01-01", document="3号")
    assert guan.page.status == 422
    assert "不能晚于今天" in guan.page
    assert guan.page.all("//input[@name='document']/@value") == ["3号"]


def test_an_event_is_corrected_and_struck_out_on_its_page(
    visit: Visit, cast: Cast, session: Session, guan: Visitor
) -> None:
    enter(guan)
    guan.open("/party-events")
    guan.follow("高娃")
    page = guan.submit(reason="误")
    assert (page.status, "5 至 500 个字" in page) == (422, True)
    page = guan.submit(happened_on="2020-02-20", reason="会议记录有误", act="correct")
    assert "已更正，原记录保留" in page
    assert "2020-03-01" in page
    path = page.path
    assert visit(cast.gaowa).open(path).all("//form[contains(@action, 'corrections')]") == []
    assert visit(cast.saren).open(path).status == 404
    assert "已撤销这条记录" in guan.submit(reason="重复登记了", act="strike")
    assert party_events.standing_of(session, [cast.gaowa.id]) == {}


def workbook(*rows: list[str]) -> BytesIO:
    """A list as a workbook."""
    book, written = Workbook(), BytesIO()
    for row in (["一中党委五月月报"], HEADING, *rows):
        book.worksheets[0].append(row)
    book.save(written)
    written.seek(0)
    return written


def check(visitor: Visitor, file: BytesIO, name: str) -> Page:
    """Send a list to be looked at."""
    where = visitor.page.all("//form[@enctype]/@action")[-1]
    token = visitor.page.all("//form[@enctype]//input[@name='csrf_token']/@value")[0]
    answer = visitor.client.post(
        where, data={"csrf_token": token, "file": (file, name)}, content_type="multipart/form-data"
    )
    visitor.page = Page(where, answer.status_code, answer.get_data(as_text=True))
    return visitor.page


def test_the_organiser_takes_over_the_months_list(visit: Visit, party: Party) -> None:
    bai, number = visit(party.bai), identity_numbers.made_up(party.bai.birth_date, "青年甲")
    path = f"/party-units/{party.committee.id}/lists"
    bai.open(f"{path}/new")
    wrong = ["青年乙", number[:-1], "预备党员", "2020-05-01", "是"]
    right = ["青年甲", number, "预备党员", "2020-05-01", "是"]
    page = check(bai, workbook(right, wrong), "五月.xlsx")
    assert "其中 1 行不能登记" in page
    assert "身份证号 B4" in page
    page = check(bai, workbook(right), "五月.xlsx")
    assert "其中 1 条是新的" in page
    assert "已登记 1 条，另有 0 条此前已登记" in bai.submit(path)
    assert "青年甲" in bai.page
    bai.open(f"{path}/new")
    assert "没有新的内容" in check(bai, workbook(right), "五月.xlsx")
    assert "没有所需的列名" in check(bai, BytesIO(b"a,b\n1,2\n"), "a.csv")


def test_the_template_is_read_as_it_is_given_out(guan: Visitor, party: Party) -> None:
    answer = guan.client.get(f"/party-units/{party.branch.id}/lists/template.xlsx")
    sheet, notes = load_workbook(BytesIO(answer.data)).worksheets
    assert [cell.value for cell in sheet[1]] == [known[0] for known in party_event_files.COLUMNS.values()]
    told = [row[1].value for row in notes.iter_rows()]
    assert all(party_event_files.kind_of(word) for word in told[-7:])


def test_nobody_else_enters_or_imports(visit: Visit, cast: Cast, party: Party) -> None:
    for person in (cast.saren, cast.gaowa, cast.he, party.shi):
        visitor = visit(person)
        for path in ("/party-events/new", f"/party-units/{party.branch.id}/lists/new"):
            assert visitor.open(path).status == 403
    assert visit(party.guan).open(f"/party-units/{party.committee.id}/lists/new").status == 403
    assert visit(cast.bator).open("/party-events").status == 403


def test_who_holds_posts_on_both_sides_is_told_as_which_he_acts(
    visit: Visit, cast: Cast, session: Session, party: Party, applied: object
) -> None:
    page = applied().open("/inbox")  # type: ignore[operator]
    assert "您的职务" not in page
    posts.assign(
        session,
        person_id=cast.saren.id,
        unit_id=party.branch.id,
        kind=PostKind.PARTY_BRANCH_COMMITTEE,
        since=cast.saren.birth_date,
        actor=SYSTEM,
    )
    saren = visit(cast.saren)
    assert "团支部书记" in saren.open("/inbox").all("//td[@data-label='您的职务']")[0].text_content()
    assert "您以团支部书记职务办理" in saren.follow("乌云")
