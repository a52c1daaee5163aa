"""Who is told of a change of places: who must decide that it waits, who asked what was answered and why."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import outbox
from workflows.domain import quota_news, quota_requests, quota_transfers, quota_waiting, quotas
from workflows.domain.quota_ledger import Plan
from workflows.domain.quota_waiting import Waiting
from workflows.journal import SYSTEM
from workflows.outbox import OutboxRow


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    return plan_for_school(session, cast, 3)


def told(session: Session) -> list[tuple[int, str, str]]:
    """Unit, post and text of the news so far, which is then forgotten."""
    rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == outbox.NOTICE).order_by(OutboxRow.id)).all()
    for row in rows:
        session.delete(row)
    return [(row.payload["unit_id"], row.payload["post_kind"], row.payload["text"]) for row in rows]


def test_who_must_answer_a_request_and_who_asked_are_told(session: Session, cast: Cast, plan: Plan) -> None:
    asked = quota_requests.ask(session, plan, cast.school.id, 5, "毕业班申请人多", SYSTEM)
    [(unit, post, text)] = told(session)
    assert (unit, post) == (cast.county.id, "county_committee")
    assert text.startswith("第一中学团委申请追加 5 个名额，等您答复。理由：毕业班申请人多。")
    quota_requests.refuse(session, asked.id, "本旗县名额已用完", SYSTEM)
    [(unit, post, text)] = told(session)
    assert (unit, post) == (cast.school.id, "grassroots_committee")
    assert text.endswith("新城区团委不予批准尚余的 5 个。说明：本旗县名额已用完")


def test_a_grant_in_part_says_what_goes_on_waiting(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.give_back(session, plan, cast.school.id, 2, SYSTEM)
    asked = quota_requests.ask(session, plan, cast.school.id, 5, "毕业班申请人多", SYSTEM)
    told(session)
    quota_requests.grant(session, asked.id, 2, SYSTEM, "先用着")
    [(unit, _, text)] = told(session)
    assert unit == cast.school.id
    assert "批准 2 个，名额与编号已下达。其余 3 个继续排队。说明：先用着" in text


def test_a_request_put_further_up_is_news_for_the_next_unit_and_for_who_asked(
    session: Session, cast: Cast, plan: Plan
) -> None:
    asked = quota_requests.ask(session, plan, cast.school.id, 5, "毕业班申请人多", SYSTEM)
    told(session)
    quota_requests.forward(session, asked.id, "旗县无空余", SYSTEM)
    above, below = told(session)
    assert above[:2] == (cast.city.id, "prefecture_committee")
    assert below[0] == cast.school.id
    assert below[2].endswith("已转报呼和浩特市团委：旗县无空余")
    quota_requests.withdraw(session, asked.id, SYSTEM)
    assert [unit for unit, _, _ in told(session)] == [cast.city.id, cast.county.id]


def test_both_sides_of_a_transfer_are_told_the_answer(session: Session, cast: Cast, plan: Plan) -> None:
    offer = quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    over, taker = told(session)
    assert over[0] == cast.county.id
    assert "等您确认" in over[2]
    assert taker[0] == cast.other_school.id
    quota_transfers.decline(session, offer.id, "请先用于毕业班", SYSTEM)
    assert [(unit, text.rpartition("。")[2]) for unit, _, text in told(session)] == [
        (cast.school.id, "说明：请先用于毕业班"),
        (cast.other_school.id, "说明：请先用于毕业班"),
    ]
    offer = quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    quota_transfers.withdraw(session, offer.id, SYSTEM)
    assert "已由提出单位撤回" in told(session)[-1][2]
    offer = quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    told(session)
    quota_transfers.confirm(session, offer.id, SYSTEM)
    assert ["已划转" in text for _, _, text in told(session)] == [True, True]


def test_what_lapses_with_the_plan_is_told_to_who_asked(session: Session, cast: Cast, plan: Plan) -> None:
    quota_requests.ask(session, plan, cast.school.id, 5, "毕业班申请人多", SYSTEM)
    quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    told(session)
    lapsed = quota_requests.lapse_all(session, plan), quota_transfers.lapse_all(session, plan)
    assert lapsed == (1, 1)
    news = told(session)
    assert [unit for unit, _, _ in news] == [cast.school.id, cast.school.id, cast.other_school.id]
    assert all("计划已关闭" in text for _, _, text in news)


def test_a_class_hears_through_its_secretary(session: Session, cast: Cast) -> None:
    assert [str(kind) for kind in quota_news.managing_posts(cast.branch)] == ["branch_secretary"]


def test_a_long_reason_does_not_burst_the_notice(session: Session, cast: Cast, plan: Plan) -> None:
    quota_requests.ask(session, plan, cast.school.id, 5, "长" * 400, SYSTEM)
    [(_, _, text)] = told(session)
    assert len(text) <= quota_news.LONGEST


def test_what_waits_is_counted_where_it_waits(session: Session, cast: Cast, plan: Plan) -> None:
    asked = quota_requests.ask(session, plan, cast.school.id, 5, "毕业班申请人多", SYSTEM)
    quota_transfers.offer(session, plan, cast.school.id, cast.other_school.id, 2, "用不完", SYSTEM)
    units = [cast.county.id, cast.city.id, cast.school.id]
    assert quota_waiting.at_units(session, units) == {cast.county.id: Waiting(requests=1, transfers=1)}
    quota_requests.forward(session, asked.id, "旗县无空余", SYSTEM)
    waiting = quota_waiting.at_units(session, units)
    assert waiting == {cast.county.id: Waiting(transfers=1), cast.city.id: Waiting(requests=1)}
    assert waiting[cast.city.id].total == 1
