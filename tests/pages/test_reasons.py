"""The page of a case answers "why not yet": the rule, the fact, its source, the article, the way out, who is next."""

from datetime import date

import pytest

from tests.pages.conftest import Applied, Visit
from tests.pages.visitor import Page
from tests.support.cast import Cast
from workflows.domain import identity_numbers

YOUNG = date(2006, 8, 15)


def why(page: Page) -> str:
    """What the page's answer says."""
    [section] = page.all("//section[@id='why']")
    return " ".join(section.text_content().split())


@pytest.fixture
def refused(applied: Applied) -> Page:
    """The case of somebody who is too young by three months."""
    number = identity_numbers.made_up(YOUNG, "Young", "female")
    return applied(birth_date=YOUNG.isoformat(), id_number=number).page


def test_a_refused_application_tells_rule_fact_source_article_and_first_day(refused: Page) -> None:
    told = why(refused)
    assert "为什么办到这里为止" in told
    assert "审核申请条件：没有通过" in told
    assert "决策表“申请条件”第 2 条 · 依据：团章第1条" in told
    assert "申请时周岁 现为 13 周岁，须达到 14 周岁 最早 2020-08-15" in told
    assert "来源：由“登记申请人”得出，依据：“提交入团申请书”，萨仁 2020-06-01" in told
    assert "申请入团的最低周岁：14 周岁 — 本案所用的规则，依据：团章第一条" in told
    assert "须另行提出" in told


def test_no_identity_number_is_told(refused: Page) -> None:
    assert identity_numbers.made_up(YOUNG, "Young", "female") not in refused.source


def test_a_returned_application_tells_who_returned_it_why_and_who_is_next(applied: Applied) -> None:
    saren = applied()
    saren.submit(received_on="2020-06-01", outcome="return", reason="申请书没有签名")
    page = saren.follow("乌云")
    told = why(page)
    assert "材料是否齐全？ 退回 申请书没有签名" in told
    assert "审核入团申请书：退回补正 — “审核入团申请书”，萨仁 2020-06-01" in told
    assert "另有的去向：接收" in told
    assert "下一步由谁办理 提交入团申请书 — 团支部书记 萨仁" in told
    assert page.all("//section[@id='why']//a[contains(@href, '/work-items/')]")


def test_a_case_that_only_waits_for_people_says_so(applied: Applied) -> None:
    saren = applied()
    page = saren.follow("乌云")
    assert "只等有人办理" in why(page)
    assert "审核入团申请书 — 团支部书记 萨仁" in why(page)


def test_an_english_reader_reads_the_product_s_words_in_english(refused: Page, visit: Visit, cast: Cast) -> None:
    saren = visit(cast.saren)
    saren.open(refused.path)
    saren.submit("/language", language="en")
    told = why(saren.open(refused.path))
    assert "Why it ended here" in told
    assert "is 13 years of age, must be at least 14 years of age" in told
    assert "earliest 2020-08-15" in told


def test_whoever_may_not_see_the_case_reads_no_reason(refused: Page, visit: Visit, cast: Cast) -> None:
    administrator = visit(cast.he)
    assert administrator.open(refused.path).status == 404
