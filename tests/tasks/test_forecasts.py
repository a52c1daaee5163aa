"""The nightly forecast: kept with its day, and only when something has changed."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks.forecasts import forecast_ratios
from tests.support.cast import Cast
from tests.unit.domain.test_split_proposals import counted
from workflows import clock
from workflows.domain import kept_forecasts, quotas
from workflows.domain.head_counts import Line
from workflows.domain.quota_ledger import Plan, PlanState
from workflows.domain.ratios import Mark
from workflows.domain.units import Field


def test_at_night_what_changed_is_kept_with_its_day(founded: Cast, store: Session, look: Callable[[], Session]) -> None:
    first = clock.now()
    counted(store, founded.branch, Line(Field.SENIOR, True, 50, 29))
    store.commit()
    with clock.standing_at(first):
        assert forecast_ratios() == 5
        assert forecast_ratios() == 0
    counted(store, founded.branch, Line(Field.SENIOR, True, 50, 31))
    store.commit()
    with clock.standing_at(first + timedelta(days=1)):
        assert forecast_ratios() == 5
    session = look()
    plan = quotas.current_plan(session)
    newest, earlier = kept_forecasts.of_unit(session, plan, founded.school.id)
    assert newest.kept_on - earlier.kept_on == timedelta(days=1)
    assert (newest.ratio.mark_next, earlier.ratio.mark_next) == (Mark.RED, Mark.AMBER)


def test_without_a_plan_nothing_is_forecast(founded: Cast, store: Session) -> None:
    store.scalars(select(Plan)).one().state = PlanState.CLOSED
    store.commit()
    assert forecast_ratios() == 0
