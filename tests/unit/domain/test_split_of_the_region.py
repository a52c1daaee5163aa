"""The year's plan over the real region: fourteen cities and units, 103 counties, every place accounted for."""

from collections.abc import Iterator

import pytest
from sqlalchemy import StaticPool
from sqlalchemy.orm import Session

from workflows import tables
from workflows.database import new_engine
from workflows.domain import demo_head_counts, quotas, region, split_proposals, units
from workflows.domain.units import UnitKind
from workflows.journal import SYSTEM

TOTAL = 53_700


@pytest.fixture
def session() -> Iterator[Session]:
    """A database in memory that nobody keeps."""
    engine = new_engine("sqlite://", poolclass=StaticPool)
    tables.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_the_plan_reaches_every_county_and_every_place_is_accounted_for(session: Session) -> None:
    top = region.install(session)
    plan = quotas.open_plan(session, 2020, TOTAL, SYSTEM)
    demo_head_counts.install(session, 2020)
    cities = [unit for unit in units.children(session, top.id) if unit.kind == UnitKind.PREFECTURE]
    for unit in (top, *cities):
        proposal = split_proposals.propose(session, plan, unit.id, SYSTEM)
        lines = split_proposals.lines_of(session, proposal.id)
        assert sum(line.amount for line in lines) + proposal.reserve + proposal.left_over == proposal.total
        assert all(line.amount <= line.need for line in lines)
        split_proposals.confirm(session, proposal.id, SYSTEM)
    counties = [unit for city in (top, *cities) for unit in units.children(session, city.id)]
    given = [quotas.account_of(session, plan.id, unit.id) for unit in counties if unit.kind == UnitKind.COUNTY]
    assert len(given) == 103
    assert all(account is not None and account.free > 0 for account in given)
    assert quotas.overview(session, plan, top.id)[0].free_below == TOTAL
    assert quotas.audit(session).faults == []
