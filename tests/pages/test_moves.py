"""The keeper compares versions, moves running cases and puts one back."""

import pytest
from sqlalchemy.orm import Session

from tests.api.test_moves import perform
from tests.pages.conftest import Visit
from tests.support.application import ADMISSION, ON_SQLITE, an_application
from tests.support.cast import Cast
from workflows.domain import posts
from workflows.engine import bundles, cases
from workflows.engine.bundles import BundleFiles
from workflows.engine.tables import Bundle, Case
from workflows.journal import SYSTEM, Actor
from workflows.operations.wiring import ENVIRONMENT

pytestmark = ON_SQLITE

WHY = "自治区团委要求改用新流程"


@pytest.fixture
def running(cast: Cast, admission: Bundle, session: Session, now: object) -> list[Case]:
    """Two applications to be checked."""
    [held] = posts.held_by(session, cast.saren.id)
    saren = Actor(cast.saren.id, held.post_id, unit_id=held.unit_id)
    given = {"process": "admission", "unit_id": cast.branch.id, "actor": saren, "outcome": "submit"}
    made = [cases.start(session, ENVIRONMENT, content=an_application(seed), **given) for seed in ("one", "two")]
    session.commit()
    return made


@pytest.fixture
def newer(running: list[Case], session: Session) -> Bundle:
    """Admission with another name for its second step, and a later deadline."""
    files = bundles.read_folder(ADMISSION).files
    drawing = files["admission.bpmn"].replace('name="审核入团申请书"', 'name="核对入团申请书"')
    made = bundles.store(session, BundleFiles({**files, "admission.bpmn": drawing}), [], SYSTEM, "改名")
    session.commit()
    return made


def test_two_versions_are_compared(visit: Visit, cast: Cast, newer: Bundle) -> None:
    keeper = visit(cast.he)
    keeper.open("/processes/admission")
    page = keeper.follow("与上一版对比")
    assert "核对入团申请书" in page
    assert page.all("//del/text()") == ["审核入团申请书"]
    assert "内容相同" in keeper.open("/moves/admission/changes?from=2&to=2")


def test_cases_are_looked_at_moved_and_put_back(
    visit: Visit, cast: Cast, newer: Bundle, running: list[Case], session: Session
) -> None:
    keeper = visit(cast.he)
    keeper.open("/processes/admission")
    page = keeper.follow("移动在办案卷")
    assert len(page.all("//input[@name='item' and @checked]")) == 2
    assert "只换版本" in page
    assert "乌云" not in page
    page = keeper.submit("/moves/admission/cases", reason="无")
    assert "请说明理由" in page
    page = keeper.submit("/moves/admission/cases", reason=WHY)
    assert "正在移动：已完成 0 件，共 2 件" in page
    perform(session)
    page = keeper.open(page.path)
    assert "移动 2 件，未动 0 件" in page
    assert {case.bundle_id for case in running} == {newer.id}
    action = page.all("//form[contains(@action, '/undo/')]/@action")[0]
    page = keeper.submit(action, reason=WHY)
    assert "已恢复到移动之前" in page
    assert "已撤销" in page
    page = keeper.client.post(
        action, data={"reason": WHY, "csrf_token": page.all("//input[@name='csrf_token']/@value")[0]}
    )
    assert "不能撤销移动" in keeper.open(page.location)
    session.expire_all()
    assert sorted(case.bundle_id == newer.id for case in running) == [False, True]


def test_a_case_that_may_not_be_moved_says_why_and_cannot_be_ticked(
    visit: Visit, cast: Cast, newer: Bundle, session: Session
) -> None:
    renamed = {
        path.replace("check_application", "verify_application"): text.replace("check_application", "verify_application")
        for path, text in bundles.files_of(newer).files.items()
    }
    bundles.store(session, BundleFiles(renamed), [], SYSTEM, "换标识")
    session.commit()
    keeper = visit(cast.he)
    page = keeper.open("/moves/admission?from=1&to=3")
    assert "须确认改停" in page
    assert page.all("//input[@name='item' and @checked]") == []
    page = keeper.open("/moves/admission?from=1&to=3&names=check_application=verify_application")
    assert len(page.all("//input[@name='item' and @checked]")) == 2
    assert "每行写一项" in keeper.open("/moves/admission?from=1&to=3&names=nonsense")


def test_only_the_keeper_moves_and_the_auditor_may_compare(visit: Visit, cast: Cast, newer: Bundle) -> None:
    assert visit(cast.ma).open("/moves/admission/changes").status == 200
    assert visit(cast.ma).open("/moves/admission").status == 403
    assert visit(cast.saren).open("/moves/admission/changes").status == 403
    assert visit(cast.he).open("/moves/nothing").status == 404
