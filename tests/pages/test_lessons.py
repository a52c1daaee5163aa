"""A lesson of the branch on the page: once the lesson, then whoever was there."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.cast import Cast
from tests.support.training import LESSON, in_training
from workflows import clock
from workflows.engine.tables import Bundle, Case


@pytest.fixture
def cases(session: Session, cast: Cast, admission: Bundle) -> Iterator[list[Case]]:
    """Wuyun's and Alta's, in training since 18 March."""
    with clock.standing_at(datetime(2020, 6, 17, 2, tzinfo=UTC)):
        yield [in_training(session, cast, name=name) for name in ("乌云", "阿拉塔")]


@pytest.fixture
def saren(visit: Visit, cast: Cast, cases: list[Case]) -> Visitor:
    """The branch secretary before the form of a lesson."""
    saren = visit(cast.saren)
    saren.open(f"/cases/{cases[0].id}/evidence")
    saren.follow("全支部团课登记")
    return saren


def test_a_lesson_is_entered_once_for_everybody_who_was_there(saren: Visitor, cases: list[Case]) -> None:
    assert saren.page.all("//input[@name='item']/@value") == [str(case.id) for case in cases]
    page = saren.submit(item=[case.id for case in cases], **LESSON)
    assert "已为 2 人登记团课“学习团章”" in page
    assert [cell.text for cell in page.all("//td[@data-label='已有学时']")] == ["8", "8"]


def test_when_one_has_it_already_the_page_says_whose_and_keeps_what_was_entered(
    saren: Visitor, cases: list[Case]
) -> None:
    saren.submit(item=[cases[0].id], **LESSON)
    page = saren.submit(item=[case.id for case in cases], **LESSON)
    assert page.status == 409
    assert "有 1 人不能登记，一个人也没有登记" in page
    assert "2020-04-10的“学习团章”已登记" in page
    assert page.all("//input[@name='item'][@checked]/@value") == [str(case.id) for case in cases]
    assert page.all("//input[@name='minutes']/@value") == ["360"]


def test_a_lesson_without_anybody_is_refused_with_what_to_do(saren: Visitor) -> None:
    page = saren.submit(**LESSON)
    assert page.status == 422
    assert "没有选到课的人。请勾选参加了这次团课的人" in page


def test_what_is_wrong_with_the_lesson_stands_at_its_field(saren: Visitor, cases: list[Case]) -> None:
    page = saren.submit(item=[cases[1].id], **{**LESSON, "minutes": 0})
    assert page.status == 422
    assert "时长（分钟）：应为 1 至 720 的整数（分钟）" in page
    assert page.all("//input[@name='item'][@checked]/@value") == [str(cases[1].id)]


def test_a_branch_without_candidates_has_nobody_to_teach(visit: Visit, cast: Cast) -> None:
    page = visit(cast.saren).open(f"/units/{cast.branch.id}/lessons/new")
    assert "本支部现在没有正在办理的申请人" in page


@pytest.mark.parametrize("who", ["bator", "gaowa"])
def test_only_who_keeps_the_branch_s_records_finds_the_page(visit: Visit, cast: Cast, who: str) -> None:
    assert visit(getattr(cast, who)).open(f"/units/{cast.branch.id}/lessons/new").status == 403


def test_the_secretary_enters_nothing_for_another_branch(visit: Visit, cast: Cast) -> None:
    assert visit(cast.saren).open(f"/units/{cast.small_branch.id}/lessons/new").status == 403
