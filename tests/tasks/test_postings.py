"""The nightly removal of public notices that are over."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy.orm import Session

from tasks.postings import take_down_postings
from tests.support.cast import Cast, apply
from workflows import clock
from workflows.domain import postings
from workflows.domain.postings import Sheet


def test_at_night_a_notice_that_is_over_is_erased(founded: Cast, store: Session, look: Callable[[], Session]) -> None:
    found, posted_on = apply(store, founded, 7), date(2020, 6, 23)
    with clock.standing_at(clock.start_of(posted_on)):
        sheet, until = Sheet(posted_on), posted_on + timedelta(days=8)
        postings.put_up(store, case_id=7, unit_id=found.unit_id, sheet=sheet, ends_on=until, activist_on=None)
        store.commit()
        assert take_down_postings() == 0
    assert take_down_postings() == 1
    [(row, _)] = postings.of_case(look(), 7)
    assert row.name is None
