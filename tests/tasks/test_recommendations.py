"""The nightly look at recommendations whose validity runs out."""

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from tasks.recommendations import watch_recommendations
from tests.support import recommending
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import recommendations
from workflows.domain.recommendations import State


def test_at_night_a_recommendation_that_is_over_is_marked(
    founded: Cast, store: Session, look: Callable[[], Session]
) -> None:
    [youth, *_] = recommending.members(store, founded.branch, 4)
    recommending.open_round(store, founded)
    row = recommending.recommended(store, founded, youth, date(2021, 4, 8))
    store.commit()
    with clock.standing_at(clock.start_of(date(2023, 4, 8))):
        assert watch_recommendations() == 0
    assert watch_recommendations() == 1
    assert recommendations.get(look(), row.id).state == State.EXPIRED
