"""What the product hands to the engine."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import calendars
from workflows.domain.rules_in_force import State, Tightening
from workflows.engine.environment import Origin
from workflows.journal import Event
from workflows.operations.wiring import ENVIRONMENT


def test_drawings_may_count_working_days_and_school_days_of_the_unit(session: Session, cast: Cast) -> None:
    first, last = date(2020, 1, 11), date(2020, 2, 14)
    calendars.enter_holiday(
        session, unit_id=cast.county.id, name="寒假", first=first, last=last, actor=cast.actor(cast.zhao)
    )
    ends = {word: count(session, cast.branch.id, date(2020, 1, 10), 2) for word, count in ENVIRONMENT.calendars.items()}
    assert ends == {"working_days": date(2020, 1, 14), "school_days": date(2020, 2, 18)}


def test_a_value_of_the_rule_set_is_told_with_its_article_and_how_sure_that_is() -> None:
    found = ENVIRONMENT.origin({"rule_set": "NMG_2020"}, "rules.class_hours_min")
    assert found == Origin("团课最少学时", "细则：团课学习", "rule", "学时")
    for unseen in ("rules.approval_target", "rules.feedback"):
        assert ENVIRONMENT.origin({"rule_set": "NMG_2020"}, unseen).confidence == "unverified"


@pytest.mark.parametrize("rule_set,name", [("NMG_2020", "rules.unheard_of"), ("NMG_1949", "rules.introducers")])
def test_nothing_is_told_of_a_value_no_rule_set_has(rule_set: str, name: str) -> None:
    assert ENVIRONMENT.origin({"rule_set": rule_set}, name) is None
    assert ENVIRONMENT.origin({"rule_set": "NMG_2020"}, "submit_application.introducers") is None


def test_a_case_begins_with_what_the_units_above_have_tightened_and_the_journal_says_which(
    session: Session, cast: Cast
) -> None:
    row = Tightening(
        unit_id=cast.school.id,
        parameter="class_hours_min",
        value=12,
        reason="因排课需要",
        since=date(2020, 1, 1),
        until=date(2099, 12, 31),
        state=State.APPROVED,
        approver_unit_id=cast.county.id,
        proposed_by=cast.gaowa.id,
        proposed_at=clock.now(),
        decided_by=cast.zhao.id,
        decided_at=clock.now(),
    )
    session.add(row)
    session.flush()
    data = ENVIRONMENT.beginning(session, "admission", cast.branch.id)
    assert data["rules"]["class_hours_min"] == 12
    told = ENVIRONMENT.origin(data, "rules.class_hours_min")
    assert told is not None
    assert told.confidence == "local"
    assert told.article == "第一中学团委从严（2020-01-01至2099-12-31），原依据：细则：团课学习"
    assert ENVIRONMENT.origin(data, "rules.introducers").article == "团章第四条"
    [entry] = journal.entries_of(session, journal.unit_chain(cast.branch.id))
    assert entry.event == Event.RULES_TAKEN
    assert entry.facts == {"process": "admission", "rule_set": data["rule_set"], "tightenings": [row.id]}


def test_nothing_is_journalled_where_nothing_is_tightened(session: Session, cast: Cast) -> None:
    ENVIRONMENT.beginning(session, "admission", cast.branch.id)
    assert journal.entries_of(session, journal.unit_chain(cast.branch.id)) == []
