"""A unit asks for more places: the line, the answers, and the way further up."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import journal
from workflows.domain import quota_requests, quotas
from workflows.domain.quota_ledger import Plan, PlanClosed, PlanState
from workflows.domain.quota_refusals import AmountWrong, NothingToAskAbove, ReasonMissing, RequestAnswered, RequestOpen
from workflows.domain.quota_requests import QuotaRequest, RequestState
from workflows.domain.quotas import QuotaExhausted
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    """The school has 3 places, the county none left, the city none, the region 97."""
    return plan_for_school(session, cast, 3)


@pytest.fixture
def asked(session: Session, cast: Cast, plan: Plan) -> QuotaRequest:
    """The school asks the county for 5."""
    return quota_requests.ask(session, plan, cast.school.id, 5, " 毕业班申请人多 ", cast.actor(cast.gaowa))


def free(session: Session, plan: Plan, unit_id: int) -> int:
    account = quotas.account_of(session, plan.id, unit_id)
    return account.free if account else 0


def test_a_request_waits_in_the_line_of_the_unit_above(
    session: Session, cast: Cast, plan: Plan, asked: QuotaRequest
) -> None:
    other = quota_requests.ask(session, plan, cast.other_school.id, 2, "新建支部", SYSTEM)
    assert quota_requests.waiting_at(session, plan, cast.county.id) == [asked, other]
    assert [quota_requests.position(session, each) for each in (asked, other)] == [1, 2]
    assert (asked.reason, asked.state.label) == ("毕业班申请人多", "排队等待")
    assert quota_requests.made_by(session, plan, cast.school.id) == [asked]
    entry = journal.entries_of(session, journal.unit_chain(cast.school.id))[-1]
    assert (entry.event, entry.person_id, entry.facts["amount"]) == (Event.PLACES_REQUESTED, cast.gaowa.id, 5)


def test_a_request_needs_an_amount_a_reason_and_somebody_above(session: Session, cast: Cast, plan: Plan) -> None:
    with pytest.raises(AmountWrong):
        quota_requests.ask(session, plan, cast.school.id, 0, "人多", SYSTEM)
    with pytest.raises(ReasonMissing):
        quota_requests.ask(session, plan, cast.school.id, 1, "  ", SYSTEM)
    with pytest.raises(NothingToAskAbove, match="年中追加"):
        quota_requests.ask(session, plan, cast.region.id, 1, "人多", SYSTEM)
    plan.state = PlanState.CLOSED
    with pytest.raises(PlanClosed):
        quota_requests.ask(session, plan, cast.school.id, 1, "人多", SYSTEM)


def test_a_unit_waits_in_the_line_once(session: Session, cast: Cast, plan: Plan, asked: QuotaRequest) -> None:
    with pytest.raises(RequestOpen, match="5 个"):
        quota_requests.ask(session, plan, cast.school.id, 1, "再加", SYSTEM)
    quota_requests.withdraw(session, asked.id, SYSTEM)
    assert quota_requests.ask(session, plan, cast.school.id, 1, "再加", SYSTEM).is_open


def test_all_is_granted(session: Session, cast: Cast, plan: Plan, asked: QuotaRequest) -> None:
    _fill_county(session, cast, plan, 5)
    movement = quota_requests.grant(session, asked.id, 5, cast.actor(cast.zhao), "同意")
    assert (movement.amount, movement.reason) == (5, "同意")
    assert (asked.state, asked.granted, asked.answered_by) == (RequestState.GRANTED, 5, cast.zhao.id)
    assert free(session, plan, cast.school.id) == 8
    assert quota_requests.position(session, asked) is None
    assert quotas.audit(session).faults == []


def test_a_part_is_granted_and_the_rest_stays_in_the_line(
    session: Session, cast: Cast, plan: Plan, asked: QuotaRequest
) -> None:
    _fill_county(session, cast, plan, 5)
    quota_requests.grant(session, asked.id, 2, SYSTEM)
    assert (asked.state, asked.rest) == (RequestState.WAITING, 3)
    with pytest.raises(AmountWrong) as refusal:
        quota_requests.grant(session, asked.id, 4, SYSTEM)
    assert refusal.value.fields == {"amount": "尚需3个，不能批准更多"}
    quota_requests.refuse(session, asked.id, "旗县已无空余", SYSTEM)
    assert (asked.state, asked.granted, asked.answer) == (RequestState.REFUSED, 2, "旗县已无空余")


def test_more_than_the_unit_above_has_cannot_be_granted(session: Session, plan: Plan, asked: QuotaRequest) -> None:
    assert plan.state == PlanState.OPEN
    with pytest.raises(QuotaExhausted, match="新城区团委"):
        quota_requests.grant(session, asked.id, 1, SYSTEM)
    assert (asked.state, asked.granted) == (RequestState.WAITING, 0)


def test_a_refusal_gives_its_reason(session: Session, asked: QuotaRequest) -> None:
    with pytest.raises(ReasonMissing):
        quota_requests.refuse(session, asked.id, "", SYSTEM)
    assert asked.is_open


def test_a_forwarded_request_comes_back_into_the_line_with_the_answer(
    session: Session, cast: Cast, plan: Plan, asked: QuotaRequest
) -> None:
    at_city = quota_requests.forward(session, asked.id, "旗县无空余，转报", cast.actor(cast.zhao))
    assert (at_city.unit_id, at_city.asked_unit_id, at_city.amount) == (cast.county.id, cast.city.id, 5)
    at_region = quota_requests.forward(session, at_city.id, "盟市无空余，转报", SYSTEM)
    assert quota_requests.chain_of(session, asked) == [asked, at_city, at_region]
    assert [each.state.label for each in (asked, at_city, at_region)] == ["已转报上级", "已转报上级", "排队等待"]
    quota_requests.grant(session, at_region.id, 5, SYSTEM)
    assert [each.state for each in (asked, at_city, at_region)] == ["forwarded", "waiting", "granted"]
    quota_requests.grant(session, at_city.id, 5, SYSTEM)
    quota_requests.grant(session, asked.id, 5, SYSTEM)
    assert [each.state for each in (asked, at_city, at_region)] == ["granted"] * 3
    assert (free(session, plan, cast.school.id), free(session, plan, cast.county.id)) == (8, 0)


def test_refused_further_up_it_waits_again_where_it_was_put(session: Session, asked: QuotaRequest) -> None:
    above = quota_requests.forward(session, asked.id, "转报", SYSTEM)
    quota_requests.refuse(session, above.id, "全市已满", SYSTEM)
    assert asked.state == RequestState.WAITING


def test_withdrawn_below_it_is_withdrawn_all_the_way_up(session: Session, asked: QuotaRequest) -> None:
    at_city = quota_requests.forward(session, asked.id, "转报", SYSTEM)
    at_region = quota_requests.forward(session, at_city.id, "转报", SYSTEM)
    quota_requests.withdraw(session, asked.id, SYSTEM)
    assert [each.state for each in (asked, at_city, at_region)] == ["withdrawn"] * 3


@pytest.mark.parametrize(
    "act",
    [
        lambda session, request_id: quota_requests.grant(session, request_id, 1, SYSTEM),
        lambda session, request_id: quota_requests.refuse(session, request_id, "不", SYSTEM),
        lambda session, request_id: quota_requests.withdraw(session, request_id, SYSTEM),
        lambda session, request_id: quota_requests.forward(session, request_id, "转报", SYSTEM),
    ],
)
def test_an_answered_request_is_not_answered_again(
    session: Session, asked: QuotaRequest, act: Callable[[Session, int], object]
) -> None:
    quota_requests.withdraw(session, asked.id, SYSTEM)
    with pytest.raises(RequestAnswered, match="已撤回"):
        act(session, asked.id)
    with pytest.raises(NotFound):
        act(session, 10**9)


def _fill_county(session: Session, cast: Cast, plan: Plan, amount: int) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, amount, SYSTEM)
    quotas.allot(session, plan, cast.city.id, cast.county.id, amount, SYSTEM)
