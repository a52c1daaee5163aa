"""Last year's places: the ledger's own figure first, else what somebody entered; never changed, only followed."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows import clock, journal
from workflows.domain import head_counts, past_shares, quotas, split_proposals
from workflows.domain.head_counts import Line
from workflows.domain.past_shares import SharesWrong
from workflows.domain.quota_control import CeilingExceeded
from workflows.domain.units import Field
from workflows.journal import SYSTEM, Event

PAPER = "新团发〔2019〕2号分配表"


def record(session: Session, amounts: dict[int, int], year: int = 2019, source: str = PAPER) -> list[int]:
    return [row.amount for row in past_shares.record(session, year=year, amounts=amounts, source=source, actor=SYSTEM)]


def test_the_latest_figure_stands_and_the_earlier_stays_in_the_journal(session: Session, cast: Cast) -> None:
    ids = [cast.school.id, cast.other_school.id]
    assert record(session, dict(zip(ids, (40, 20), strict=True))) == [40, 20]
    assert record(session, {cast.school.id: 40}) == []
    assert record(session, {cast.school.id: 44}) == [44]
    assert past_shares.of_year(session, 2019, ids) == dict(zip(ids, (44, 20), strict=True))
    assert past_shares.of_year(session, 2018, ids) == {}
    entries = journal.entries_of(session, journal.unit_chain(cast.school.id))
    assert [entry.facts["amount"] for entry in entries if entry.event == Event.PAST_SHARES_ENTERED] == [40, 44]


def test_the_ledger_goes_first_and_is_not_entered_again(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        plan_for_school(session, cast, 30)
        with pytest.raises(SharesWrong) as refused:
            record(session, {cast.school.id: 31, cast.other_school.id: 5}, year=2020)
        assert refused.value.fields == {f"amount-{cast.school.id}": past_shares.KNOWN}
        record(session, {cast.other_school.id: 5}, year=2020)
        ids = [cast.school.id, cast.other_school.id, cast.branch.id]
        assert past_shares.of_year(session, 2020, ids) == dict(zip(ids, (30, 5, 0), strict=True))


def test_what_cannot_be_true_is_named_by_field(session: Session, cast: Cast) -> None:
    with pytest.raises(SharesWrong) as refused:
        record(session, {cast.school.id: -1, cast.other_school.id: 1_000_000}, year=2015, source=" ")
    assert set(refused.value.fields) == {
        "year", "source", f"amount-{cast.school.id}", f"amount-{cast.other_school.id}",
    }  # fmt: skip
    with pytest.raises(SharesWrong) as refused:
        record(session, {})
    assert set(refused.value.fields) == {"amounts"}


def test_an_entered_figure_is_the_ceiling_of_a_unit_over_its_ratio(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        plan = plan_for_school(session, cast, 30)
        line = Line(Field.SENIOR, True, 100, 70)
        day = head_counts.day_for(plan.year)
        for unit in (cast.school, cast.other_school):
            head_counts.record(session, unit_id=unit.id, as_of=day, lines=[line], source="学籍系统", actor=SYSTEM)
        quotas.give_back(session, plan, cast.school.id, 30, SYSTEM)
        quotas.allot(session, plan, cast.county.id, cast.other_school.id, 1, SYSTEM)
        record(session, {cast.school.id: 10})
        with pytest.raises(CeilingExceeded) as refused:
            quotas.allot(session, plan, cast.county.id, cast.school.id, 10, SYSTEM)
        most = refused.value.facts["most"]
        assert (refused.value.facts["last_year"], most < 10) == (10, True)
        proposal = split_proposals.propose(session, plan, cast.county.id, SYSTEM)
        lines = {each.unit_id: each for each in split_proposals.lines_of(session, proposal.id)}
        assert (lines[cast.school.id].last_year, lines[cast.school.id].ceiling) == (10, most)
        assert lines[cast.other_school.id].last_year is None
