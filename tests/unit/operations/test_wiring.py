"""What the product hands to the engine."""

from datetime import date

from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import calendars
from workflows.operations.wiring import ENVIRONMENT


def test_drawings_may_count_working_days_and_school_days_of_the_unit(session: Session, cast: Cast) -> None:
    first, last = date(2020, 1, 11), date(2020, 2, 14)
    calendars.enter_holiday(
        session, unit_id=cast.county.id, name="寒假", first=first, last=last, actor=cast.actor(cast.zhao)
    )
    ends = {word: count(session, cast.branch.id, date(2020, 1, 10), 2) for word, count in ENVIRONMENT.calendars.items()}
    assert ends == {"working_days": date(2020, 1, 14), "school_days": date(2020, 2, 18)}
