"""What the product hands to the engine."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import calendars
from workflows.engine.environment import Origin
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
    assert ENVIRONMENT.origin({"rule_set": "NMG_2020"}, "rules.approval_target").confidence == "unverified"


@pytest.mark.parametrize("rule_set,name", [("NMG_2020", "rules.unheard_of"), ("NMG_1949", "rules.introducers")])
def test_nothing_is_told_of_a_value_no_rule_set_has(rule_set: str, name: str) -> None:
    assert ENVIRONMENT.origin({"rule_set": rule_set}, name) is None
    assert ENVIRONMENT.origin({"rule_set": "NMG_2020"}, "submit_application.introducers") is None
