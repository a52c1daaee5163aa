"""The nightly forecast of the ratios."""

from celery import shared_task

from tasks.database import transaction
from tasks.schedule import FORECAST_RATIOS, NIGHTLY
from workflows.domain import kept_forecasts, quotas
from workflows.domain.quota_ledger import NoPlan


@shared_task(name=FORECAST_RATIOS, **NIGHTLY)
def forecast_ratios() -> int:
    """Keep what has changed in the forecasts of the open plan; how many units and scopes. Without a plan, none."""
    with transaction() as session:
        try:
            plan = quotas.current_plan(session)
        except NoPlan:
            return 0
        return kept_forecasts.keep(session, plan)
