"""The demo's figures: one report for every county and demo class, plainly invented, and never twice."""

from sqlalchemy.orm import Session

from tests.support.application import ON_SQLITE
from workflows.domain import demo_head_counts, head_counts, region, units
from workflows.domain.head_counts import Standing


@ON_SQLITE
def test_every_county_has_invented_figures_once(session: Session) -> None:
    top = region.install(session)
    assert demo_head_counts.install(session, 2020) == 103 + len(region.DIRECT_UNITS)
    assert demo_head_counts.install(session, 2020) == 0
    whole = Standing(session, top, head_counts.day_for(2020)).of(top)
    assert 500_000 < whole.students < 3_000_000
    report = head_counts.reports_of(session, units.by_code(session, "150102").id)[0]
    assert "演示" in report.source
