"""A list of candidates checked: in the order of their applications, each against those before it, and nothing taken."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import APPLIED, Cast, plan_for_school
from tests.unit.domain.test_quota_control import hold
from tests.unit.domain.test_split_proposals import counted
from workflows import journal
from workflows.domain import members, quota_checks, quotas
from workflows.domain.head_counts import Line
from workflows.domain.quota_checks import NobodyToCheck, QuotaCheck, TooManyToCheck, Verdict
from workflows.domain.quota_ledger import Plan
from workflows.domain.units import Field
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    return plan_for_school(session, cast, 2)


def applied(session: Session, cast: Cast, *cases: int) -> None:
    """Applications at the branch; the higher the case's number, the earlier the application."""
    for case_id in cases:
        candidate = people.apply(session, cast, case_id)
        candidate.applied_on = APPLIED - timedelta(days=case_id)
    session.flush()


def checked(session: Session, cast: Cast, plan: Plan, *cases: int) -> QuotaCheck:
    check = quota_checks.ask(session, plan, cast.school, cases, cast.actor(cast.gaowa))
    while quota_checks.do_portion(session, check.id):
        pass
    return quota_checks.end(session, check.id)


def verdicts(session: Session, check: QuotaCheck) -> list[tuple[int, str]]:
    return [(line.case_id, str(line.verdict)) for line in quota_checks.lines_of(session, check)]


def test_who_applied_first_counts_against_who_comes_later(
    session: Session, cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_checks, "PORTION", 2)
    applied(session, cast, 1, 2, 3)
    check = checked(session, cast, plan, 1, 2, 3)
    assert verdicts(session, check) == [(3, "fits"), (2, "fits"), (1, "no_place")]
    *_, last = quota_checks.lines_of(session, check)
    assert last.why().startswith("“第一中学团委”空余名额 2 个，名单中排在前面的占 2 个，没有剩余。请向上级团委申请追加")
    assert (check.total, check.done, check.fitting, check.ended_at is not None) == (3, 3, 2, True)


@ON_SQLITE
def test_nothing_is_taken_and_both_ends_are_journalled(session: Session, cast: Cast, plan: Plan) -> None:
    applied(session, cast, 1)
    check = checked(session, cast, plan, 1)
    quota_checks.end(session, check.id)
    account = quotas.account_of(session, plan.id, cast.school.id)
    assert (account.free, account.reserved, quotas.place_of(session, 1)) == (2, 0, None)
    events = [each.event for each in journal.entries_of(session, journal.unit_chain(cast.school.id))]
    assert [event for event in events if event.startswith("quota:check")] == [
        Event.QUOTA_CHECK_ASKED,
        Event.QUOTA_CHECK_ENDED,
    ]


@ON_SQLITE
def test_a_class_at_its_ratio_keeps_out_the_second_and_leaves_the_place_to_others(
    session: Session, cast: Cast, plan: Plan
) -> None:
    counted(session, cast.branch, Line(Field.SENIOR, True, 50, 29))
    applied(session, cast, 1, 2, 3)
    elsewhere = members.of_case(session, 1)
    elsewhere.unit_id = cast.small_branch.id
    session.flush()
    check = checked(session, cast, plan, 1, 2, 3)
    assert verdicts(session, check) == [(3, "fits"), (2, "ratio"), (1, "fits")]
    over = quota_checks.lines_of(session, check)[1]
    assert (over.facts["students"], over.facts["members"], over.facts["ahead"]) == (50, 29, 1)


@ON_SQLITE
def test_who_holds_a_place_or_has_gone_is_not_counted(session: Session, cast: Cast, plan: Plan) -> None:
    applied(session, cast, 1, 2, 3)
    quotas.reserve(session, unit_id=cast.school.id, case_id=3, actor=SYSTEM)
    members.settle(session, 2, "withdrawn")
    check = checked(session, cast, plan, 1, 2, 3)
    assert verdicts(session, check) == [(3, "has_place"), (2, "ended"), (1, "fits")]


@ON_SQLITE
def test_a_place_taken_between_two_portions_is_counted_once(
    session: Session, cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_checks, "PORTION", 1)
    applied(session, cast, 1, 2)
    check = quota_checks.ask(session, plan, cast.school, [1, 2], SYSTEM)
    assert quota_checks.do_portion(session, check.id)
    quotas.reserve(session, unit_id=cast.school.id, case_id=2, actor=SYSTEM)
    assert not quota_checks.do_portion(session, check.id)
    assert verdicts(session, check) == [(2, "fits"), (1, "fits")]
    assert quota_checks.lines_of(session, check)[1].facts["ahead"] == 0


@ON_SQLITE
def test_a_list_has_somebody_not_too_many_and_nobody_from_elsewhere(
    session: Session, cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(session, cast, 1, 2)
    with pytest.raises(NobodyToCheck):
        quota_checks.ask(session, plan, cast.school, [], SYSTEM)
    with pytest.raises(NotFound):
        quota_checks.ask(session, plan, cast.other_school, [1], SYSTEM)
    monkeypatch.setattr(quota_checks, "LONGEST_LIST", 1)
    with pytest.raises(TooManyToCheck) as refused:
        quota_checks.ask(session, plan, cast.school, [1, 2], SYSTEM)
    assert refused.value.facts == {"most": 1, "wanted": 2}


def test_every_verdict_has_a_label_and_all_but_waiting_a_reason() -> None:
    assert len({verdict.label for verdict in Verdict}) == len(Verdict)
    assert [verdict for verdict in Verdict if not verdict.sentence] == [Verdict.WAITING]


@ON_SQLITE
def test_a_class_to_be_counted_first_is_told_apart(session: Session, cast: Cast, plan: Plan) -> None:
    hold(session, cast, "uncounted_admission", "refuse")
    applied(session, cast, 1)
    [line] = quota_checks.lines_of(session, checked(session, cast, plan, 1))
    assert line.verdict == Verdict.NOT_COUNTED
    assert "请学校团委在“名额—人数填报”中填报" in line.why()
