"""What is shown of ratios: a unit's line now and next, and the figures of its places. API and pages ask here."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import quotas, ratios
from workflows.domain.members import LeagueMember
from workflows.domain.numbering import USING, Place
from workflows.domain.quotas import Plan
from workflows.domain.ratio_forecasts import Forecast
from workflows.domain.ratios import Mark, Ratio
from workflows.domain.units import Unit


@dataclass(frozen=True)
class ScopeSeen:
    """One scope of one unit: the figures, and both ratios as people write them."""

    scope: str
    label: str
    ratio: Ratio
    now: str
    next: str
    mark_now: Mark
    mark_next: Mark


@dataclass(frozen=True)
class LineSeen:
    """One unit with its scopes and 团青比; `counted` says whether anything is reported for it."""

    unit: Unit
    scopes: list[ScopeSeen]
    youth: str
    mark: Mark
    counted: bool


@dataclass(frozen=True)
class Tiles:
    """The plan's places at and below a unit, how many files are complete, and the days until the year ends."""

    used: int
    reserved: int
    free: int
    filed: int
    admitted: int
    days_left: int

    @property
    def files(self) -> str:
        """The share of the members admitted in the plan whose electronic file is entered."""
        return f"{self.filed * 100 // self.admitted}%" if self.admitted else "—"


def line_of(forecast: Forecast) -> LineSeen:
    """A forecast as a reader sees it."""
    scopes = [
        ScopeSeen(
            scope=str(scope),
            label=gettext(scope.label),
            ratio=ratio,
            now=ratios.percent(ratio.now),
            next=ratios.percent(ratio.next),
            mark_now=ratio.mark_now,
            mark_next=ratio.mark_next,
        )
        for scope, ratio in forecast.scopes.items()
    ]
    return LineSeen(forecast.unit, scopes, ratios.percent(forecast.youth), forecast.mark, bool(forecast.counts.reports))


def tiles(session: Session, plan: Plan, unit: Unit) -> Tiles:
    """The figures of a unit's places in the plan, with everything that reports to it."""
    row = quotas.overview(session, plan, unit.id)[0]
    admitted = (
        select(func.count(), func.count(LeagueMember.file_entered_on))
        .join(Place, Place.number == LeagueMember.number)
        .join(Unit, Unit.id == LeagueMember.unit_id)
        .where(Place.plan_id == plan.id, Place.state.in_(USING), Unit.path.startswith(unit.path, autoescape=True))
    )
    everybody, filed = session.execute(admitted).one()
    days_left = max(0, (date(plan.year, 12, 31) - clock.today()).days)
    return Tiles(row.used_below, row.reserved_below, row.free_below, filed, everybody, days_left)
