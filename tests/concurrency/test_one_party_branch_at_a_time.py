"""Four offices link one League branch with four Party branches at the same moment: one link stands."""

from datetime import date
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once, kinds
from tests.support import cast as people
from workflows.domain import party_links, units
from workflows.domain.party_links import PartyLink
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM

SINCE, UNTIL = date(2020, 1, 1), date(2020, 12, 31)
OFFICES = 4


def race(engine: Engine) -> tuple[list[str], int]:
    """What the offices are answered, and how many links there are then; all for one year, which no index forbids."""
    with Session(engine) as session, session.begin():
        league = people.build(session).branch.id
        committee = units.add(session, None, code="DW", name="党委", kind=UnitKind.PARTY_COMMITTEE)
        parties = [
            units.add(session, committee, code=f"DZ{n}", name=f"第{n}党支部", kind=UnitKind.PARTY_BRANCH).id
            for n in range(OFFICES)
        ]
    link = partial(party_links.link, league_unit_id=league, since=SINCE, until=UNTIL, actor=SYSTEM)
    answers = at_once(engine, *[partial(link, party_unit_id=party) for party in parties])
    with Session(engine) as session:
        return kinds(answers), session.scalar(select(func.count()).select_from(PartyLink)) or 0


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_one_of_many_links_of_the_same_time_stands(fresh_database: Engine) -> None:
    assert race(fresh_database) == (["LinkedAlready"] * (OFFICES - 1) + ["PartyLink"], 1)


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_without_the_lock_all_of_them_would(fresh_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_has_looked, journal = Barrier(OFFICES), party_links._journal

    def without_locking(session: Session, unit_id: int) -> Unit:
        return units.get(session, unit_id)

    def when_everybody_has_looked(*written: Any) -> None:
        everybody_has_looked.wait(timeout=10)
        journal(*written)

    monkeypatch.setattr(party_links.units, "lock", without_locking)
    monkeypatch.setattr(party_links, "_journal", when_everybody_has_looked)
    assert race(fresh_database) == (["PartyLink"] * OFFICES, OFFICES)
