"""The page of the share of recommended people, against the twenty-five worked by hand."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Page
from tests.support import twenty_five
from tests.support.cast import Cast
from tests.support.twenty_five import EVERYBODY, LATER, YEAR, Example
from workflows import clock
from workflows.domain.recommendation_share import OPEN, YOUNG
from workflows.journal import Event, JournalEntry

PATH = f"/recommendation-share?year={YEAR}"


@pytest.fixture
def example(session: Session, cast: Cast) -> Iterator[Example]:
    """The twenty-five, looked at in the next year."""
    with clock.standing_at(LATER):
        yield twenty_five.build(session, cast)


def cells(page: Page, table: int = 1) -> list[list[str]]:
    """The words of each row of a table."""
    rows = page.all(f"(//table)[{table}]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.iter("td")] for row in rows]


def names(page: Page) -> list[str]:
    """The people listed."""
    return [str(each) for each in page.all("//section[@id='people']//td[contains(@class, 'name')]/a/text()")]


def numbers(*counted: object) -> list[str]:
    """The people of the table who count as one of these."""
    return sorted(twenty_five.name_of(at) for at, youth in enumerate(EVERYBODY, 1) if youth.verdict in counted)


def test_both_sides_read_the_figures_of_the_table(visit: Visit, example: Example) -> None:
    for person, unit in ((example.cast.gaowa, example.cast.school), (example.party.bai, example.party.committee)):
        page = visit(person).open(PATH)
        assert cells(page)[0] == [unit.short_name, "19", "12", "63.2%", "8 42.1%", "7", "1/2"]
        for words in (
            "目标 40%",
            "内团办发〔2020〕14号",
            "28周岁以下非团员 1 人、28至35周岁团干部 1 人、超过35周岁 1 人",
        ):
            assert words in page
        for listed, counted in (
            ("open", OPEN),
            ("young", YOUNG),
            ("all", set(dict.fromkeys(y.verdict for y in EVERYBODY)) - {None}),
        ):
            assert sorted(names(visit(person).open(f"{PATH}&people={listed}"))) == numbers(*counted)


def test_a_reader_goes_down_to_the_units_below(visit: Visit, example: Example) -> None:
    gaowa, cast = visit(example.cast.gaowa), example.cast
    gaowa.open(PATH)
    below = {row[0]: row[1:4] for row in cells(gaowa.page)[1:]}
    assert below == {
        cast.branch.short_name: ["12", "8", "66.7%"],
        cast.small_branch.short_name: ["6", "4", "66.7%"],
        f"{cast.school.short_name}本级": ["1", "0", "0.0%"],
    }
    gaowa.follow(cast.small_branch.short_name)
    assert names(gaowa.page) == ["青年09", "青年13"]
    assert "63.2%" not in gaowa.page
    bai = visit(example.party.bai)
    bai.open(PATH)
    bai.follow(example.second.short_name)
    assert names(bai.page) == ["青年04", "青年14"]


def test_the_work_list_says_why_and_who_has_to_do_what(visit: Visit, example: Example) -> None:
    rows = {row[0]: row for row in cells(visit(example.cast.gaowa).open(PATH), 2)}
    assert "没有推优记录" in rows["青年04"][4]
    assert rows["青年04"][5].startswith("团支部书记 萨仁查明没有推优的原因")
    assert "接收时推优已过有效期" in rows["青年11"][4]
    assert "有效期至2020-06-09" in rows["青年11"][4]
    assert rows["青年18"][5].startswith("基层团委审批人 高娃")
    assert rows["青年05"][5].startswith("党支部书记 关山听取过的，登记日期")


def test_a_year_without_anybody_says_so(visit: Visit, example: Example) -> None:
    page = visit(example.cast.gaowa).open("/recommendation-share")
    assert "2021 年还没有接收预备党员的登记" in page
    assert page.all("//select[@name='year']/option/text()") == ["2021", "2020", "2019"]
    assert "2021 年还没有" in visit(example.cast.gaowa).open("/recommendation-share?year=1066&people=x&after=x")


def test_a_page_past_the_last_leads_back_to_the_first(visit: Visit, example: Example) -> None:
    page = visit(example.cast.saren).open("/recommendation-share?year=2019&people=young")
    assert names(page) == ["青年21"]
    page = visit(example.cast.saren).open("/recommendation-share?year=2019&people=all&after=999999")
    assert "没有这样的人员" in page
    assert names(visit(example.cast.saren).open(page.links("回到第一页")[0])) == ["青年21"]


def test_names_are_for_posts_at_the_unit_or_above_it_and_a_refusal_is_kept(
    visit: Visit, session: Session, example: Example
) -> None:
    cast, party = example.cast, example.party
    for person, unit in (
        (cast.saren, cast.school),
        (cast.saren, cast.small_branch),
        (cast.gaowa, party.committee),
        (party.guan, cast.school),
        (party.guan, example.second),
        (party.bai, cast.branch),
    ):
        for path in ("", "/people.xlsx", "/units.csv"):
            page = visit(person).open(f"/recommendation-share{path}?year={YEAR}&unit={unit.id}")
            assert (page.status, "青年" in page) == (404, False)
    kept = session.scalars(select(JournalEntry).where(JournalEntry.event == Event.ACT_REFUSED)).all()
    assert len(kept) == 18
    for person in (cast.bator, cast.lin, cast.he):
        assert visit(person).open(PATH).status == 403


def test_the_figures_and_the_people_are_downloaded(visit: Visit, example: Example) -> None:
    gaowa = visit(example.cast.gaowa)
    gaowa.open(PATH)
    sheets = {}
    for words in ("下载统计表", "下载人员名单"):
        answer = gaowa.client.get(gaowa.page.links(words)[0])
        sheets[words] = [[cell.value for cell in row] for row in load_workbook(BytesIO(answer.data)).worksheets[0]]
    first = sheets["下载统计表"][1]
    assert first == [example.cast.school.name, "19", "12", "8", "7", "2", "1", "24", "63.2%", "42.1%"]
    assert len(sheets["下载统计表"]) == 5
    assert len(sheets["下载人员名单"]) == 25
    csv = gaowa.client.get(f"/recommendation-share/people.csv?year={YEAR}").data.decode("utf-8-sig")
    assert "青年04" in csv


def test_the_branch_secretary_finds_it_beside_the_rounds_and_committees_in_the_navigation(
    visit: Visit, example: Example
) -> None:
    saren = visit(example.cast.saren)
    saren.open("/recommendations")
    assert "年推优率" in saren.follow("推优率")
    assert example.cast.branch.name in saren.page
    for person in (example.cast.gaowa, example.party.guan, example.cast.ma):
        assert visit(person).open("/notices").links("推优率") == ["/recommendation-share"]
