"""`tuancheng demo year`: a whole year of invented people, lawful from end to end, and the same for the same seed."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from webapp.commands.bench.cast import Casting
from webapp.commands.demo import calendar, offices, players, spare_places, telling
from webapp.commands.demo.calendar import Played
from webapp.commands.demo.patience import TRIES, patiently
from workflows import clock, journal, tables
from workflows.database import new_engine
from workflows.domain import accounts, demo_applicants, people, posts, quotas, units
from workflows.domain.demo_population import Branch
from workflows.domain.posts import PostKind
from workflows.domain.units import Field, Unit, UnitKind
from workflows.engine.tables import Case
from workflows.errors import Busy
from workflows.journal import JournalEntry

Tuancheng = Callable[..., Result]

YEAR, SEED, PEOPLE = 2020, 7, 6
FIRST = demo_applicants.first_day(YEAR)
SOME_DAYS = FIRST + timedelta(days=45)


def played(path: Path, days: list[date], seed: int = SEED) -> tuple[Engine, Played]:
    """A year of six people in a database of its own, up to the last of the days."""
    engine = new_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    applicants = calendar.found(engine, people=PEOPLE, year=YEAR, seed=seed)
    parts = calendar.parts_of(f"sqlite:///{path}", applicants, YEAR, seed, 1)
    return engine, calendar.play(engine, parts, days)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Played]]:
    """The whole year, walked once."""
    engine, found = played(tmp_path_factory.mktemp("year") / "all.sqlite", calendar.days_of(YEAR))
    yield engine, found
    engine.dispose()


def told(engine: Engine, until: date) -> list[tuple[Any, ...]]:
    """What the journal holds of everything up to a day, without times and digests."""
    entry = JournalEntry
    columns = (entry.chain, entry.position, entry.event, entry.person_id, entry.post_id, entry.unit_id, entry.facts)
    query = select(*columns).where(entry.recorded_at < clock.start_of(until)).order_by(entry.chain, entry.position)
    with Session(engine) as session:
        return [tuple(row) for row in session.execute(query)]


def test_everybody_comes_to_an_end_and_nobody_is_refused(year: tuple[Engine, Played]) -> None:
    engine, found = year
    outcomes = telling.outcomes(engine)
    assert sum(outcomes.values()) == PEOPLE
    assert outcomes["入团完成"] >= PEOPLE // 2
    assert telling.OPEN not in outcomes
    assert found.tally.refusals == Counter()
    assert found.tally.acts["steps"] == sum(found.tally.steps.values()) >= 20 * outcomes["入团完成"]


def test_places_members_and_journal_tell_one_story_at_the_end(year: tuple[Engine, Played]) -> None:
    engine, _ = year
    with Session(engine) as session:
        assert quotas.audit(session).faults == []
        checked = journal.verify(session)
        assert checked.faults == []
        assert checked.seals > 10
        admitted = session.scalars(select(Case).where(Case.result == "admitted")).all()
        assert all(quotas.place_of(session, case.id) for case in admitted)


def test_the_same_seed_gives_the_same_journal(year: tuple[Engine, Played], tmp_path: Path) -> None:
    engine, _ = year
    again, _ = played(tmp_path / "again.sqlite", calendar.days_of(YEAR, SOME_DAYS))
    assert len(told(again, SOME_DAYS)) > 40
    assert told(again, SOME_DAYS) == told(engine, SOME_DAYS)
    again.dispose()


def test_another_seed_gives_another_year(year: tuple[Engine, Played], tmp_path: Path) -> None:
    engine, _ = year
    other, _ = played(tmp_path / "other.sqlite", calendar.days_of(YEAR, FIRST + timedelta(days=20)), seed=SEED + 1)
    assert told(other, SOME_DAYS) != told(engine, FIRST + timedelta(days=20))
    other.dispose()


def test_the_command_says_how_to_open_what_it_made(tuancheng: Tuancheng, tmp_path: Path) -> None:
    data = tmp_path / "var"
    words = ("demo", "year", "--people", "2", "--year", "2020", "--until", str(FIRST + timedelta(days=3)))
    answer = tuancheng(*words, "--data", str(data))
    assert answer.exit_code == 0, answer.output
    assert f"tuancheng run --no-demo --data {data}" in answer.output
    password = answer.output.split("口令 ")[1].split()[0]
    engine = new_engine(f"sqlite:///{data / 'tuancheng.sqlite'}")
    with Session(engine) as session:
        assert accounts.sign_in(session, "150102.1", password).refusal is None
        assert accounts.sign_in(session, "150102.1", password + "x").refusal is not None
    engine.dispose()
    again = tuancheng(*words, "--data", str(data))
    assert again.exit_code == 1
    assert "空库" in again.output


def test_a_day_before_the_year_begins_is_refused(tuancheng: Tuancheng, tmp_path: Path) -> None:
    answer = tuancheng("demo", "year", "--year", "2020", "--until", "2019-06-01", "--data", str(tmp_path / "var"))
    assert answer.exit_code == 2
    assert str(FIRST) in answer.output
    assert not (tmp_path / "var").exists()


def test_a_named_database_needs_a_key_of_its_own(
    tuancheng: Tuancheng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{tmp_path / 'named.sqlite'}"
    monkeypatch.delenv("TUANCHENG_DATA_KEY")
    answer = tuancheng("demo", "year", "--year", "2020", "--database", address)
    assert answer.exit_code == 1
    assert "TUANCHENG_DATA_KEY" in answer.output


def test_what_is_no_address_is_refused(tuancheng: Tuancheng) -> None:
    answer = tuancheng("demo", "year", "--year", "2020", "--database", "nowhere")
    assert answer.exit_code == 2
    assert "--database" in answer.output


def a_county(session: Session) -> tuple[Unit, Unit, Unit]:
    """A county with its officer, and two schools in it."""
    region = units.add(session, None, code="R", name="自治区", kind=UnitKind.REGION)
    county = units.add(session, region, code="C", name="旗县", kind=UnitKind.COUNTY)
    schools = [units.add(session, county, code=code, name=code, kind=UnitKind.SCHOOL) for code in ("S1", "S2")]
    officer = people.add(session, name="演示·经办", sex="male", birth_date=date(1990, 1, 1))
    posts.assign(
        session,
        person_id=officer.id,
        unit_id=county.id,
        kind=PostKind.COUNTY_COMMITTEE,
        since=date(2019, 9, 1),
        actor=journal.SYSTEM,
    )
    return county, schools[0], schools[1]


def test_a_county_helps_a_school_out_of_its_reserve_and_then_from_another_school(session: Session) -> None:
    with clock.standing_at(clock.start_of(date(2020, 3, 2))):
        county, poor, rich = a_county(session)
        plan = quotas.open_plan(session, YEAR, 4, journal.SYSTEM)
        quotas.allot(session, plan, county.parent_id or 0, county.id, 4, journal.SYSTEM)
        quotas.allot_many(session, plan, county.id, {poor.id: 1, rich.id: 2}, journal.SYSTEM)
        casting = Casting()
        moved = [spare_places.move(session, casting, county.id, poor.id) for _ in range(3)]
        account = quotas.account_of(session, plan.id, poor.id)
    # One of the county's own, one of the other school's, which keeps its last.
    assert moved == [1, 1, 0]
    assert account is not None
    assert account.free == 3
    assert quotas.audit(session).faults == []


def test_the_counties_are_shared_out_evenly_and_each_stays_whole() -> None:
    branches = [
        Branch(county * 10, county * 100, county, Field.SENIOR, "高一1班", 5, 10, (1, 2)) for county in range(1, 8)
    ]
    parts = offices.by_county(demo_applicants.of_year(branches, YEAR, SEED), 2)
    assert sorted(len(part) for part in parts) == [15, 20]
    homes = [{each.branch.county_id for each in part} for part in parts]
    assert homes[0].isdisjoint(homes[1])


def test_a_process_that_fails_says_why_and_one_that_vanishes_is_missed() -> None:
    ours, theirs = multiprocessing.Pipe()
    hear = players._hearing(ours)
    theirs.send("OperationalError: disk full")
    with pytest.raises(players.PlayerFailed, match="disk full"):
        hear()
    theirs.close()
    with pytest.raises(players.PlayerFailed, match="意外结束"):
        hear()


def test_whoever_finds_the_database_busy_tries_again_and_gives_up_at_last() -> None:
    left = [Busy(), Busy()]

    def act() -> str:
        if left:
            raise left.pop()
        return "done"

    assert patiently(act) == "done"
    left += [Busy() for _ in range(TRIES + 1)]
    with pytest.raises(Busy):
        patiently(act)
    assert len(left) == 1
