"""Places checked for a list of candidates, from the page of places to the file with the reasons."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast
from tests.support.training import in_training
from workflows import journal
from workflows.domain import quota_checks, quotas
from workflows.engine.tables import Bundle, Case
from workflows.journal import SYSTEM


@pytest.fixture
def waiting(session: Session, cast: Cast, admission: Bundle, now: datetime) -> list[Case]:
    """Two candidates who wait for the pre-review, where one place is left."""
    for other in (900_001, 900_002):
        quotas.reserve(session, unit_id=cast.school.id, case_id=other, actor=SYSTEM)
    return [in_training(session, cast, until="pre_review", name=name) for name in ("乌云", "其木格")]


def perform(session: Session, check_id: int) -> None:
    while quota_checks.do_portion(session, check_id):
        pass
    quota_checks.end(session, check_id)
    session.commit()


def test_a_school_checks_everybody_who_waits_and_takes_the_reasons_along(
    app: Flask, visit: Visit, cast: Cast, session: Session, waiting: list[Case]
) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota")
    gaowa.follow("批量核对名额")
    page = gaowa.submit("/quota/checks")
    assert "正在核对：已核对 0 人，共 2 人" in page
    check_id = int(page.path.rsplit("/", 1)[1])
    perform(session, check_id)
    page = gaowa.open(page.path)
    assert "共 2 人，可以安排 1 人，其余 1 人" in page
    assert page.links("乌云") == [f"/cases/{waiting[0].id}"]
    assert "“第一中学团委”空余名额 1 个，名单中排在前面的占 1 个，没有剩余。" in page
    assert "发展团员不得超出下达的名额" in page
    rows = gaowa.client.get(page.links("CSV")[0]).get_data(as_text=True).splitlines()
    assert [row.split(",")[4] for row in rows] == ["核对结果", "可以安排", "名额不足"]
    assert gaowa.client.get(page.links("XLSX")[0]).data.startswith(b"PK")
    assert "核对完毕" in gaowa.open("/quota/checks")


def test_nobody_ticked_is_refused_and_another_unit_has_no_say(
    visit: Visit, cast: Cast, session: Session, waiting: list[Case]
) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/quota/checks")
    page = gaowa.submit("/quota/checks", item=[])
    assert page.status == 409
    assert "请至少勾选一人" in page
    gaowa.open("/quota/checks")
    page = gaowa.submit("/quota/checks", unit=cast.other_school.id)
    assert page.status == 403
    refused = journal.entries_of(session, journal.unit_chain(cast.other_school.id))[-1]
    assert refused.facts["code"] == "authority.missing"


def test_who_looks_on_is_offered_no_button(visit: Visit, cast: Cast, waiting: list[Case]) -> None:
    page = visit(cast.ma).open(f"/quota/checks?unit={cast.school.id}")
    assert "由本级团委经办人发起核对" in page
    assert page.all("//button[contains(., '核对所选人员')]") == []
