"""A recommendation travels with the member who moves to another branch: who made it stays, whose it is changes."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.domain import party_links, recommendations, units
from workflows.domain.members import LeagueMember
from workflows.domain.recommendations import State
from workflows.engine import bundles, scenarios
from workflows.engine.tables import Case, WorkItem
from workflows.operations import neighbours, validity
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage

FILES = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "recommendation")
SCENARIO = "scenarios/moves_with_the_person.yaml"


def test_membership_case_and_party_branch_move_and_who_recommended_stays() -> None:
    written = scenarios.read(FILES.files[SCENARIO], SCENARIO)
    accepted = next(at for at, step in enumerate(written.steps, 1) if step.get("outcome") == "accept")
    way = replace(written, steps=written.steps[:accepted])
    with BlankDatabase() as database, throwaway_key(), Session(database.emptied()) as session:
        with clock.standing_at(clock.start_of(way.begins) - timedelta(days=1)):
            stage = RehearsalStage(session, FILES, way)
        case_id = scenarios.walk(way, stage)
        assert case_id is not None
        away = units.by_code(session, neighbours.OTHER_SCHOOL)
        record = recommendations.locked_of_case(session, case_id)
        assert (record.unit_id, record.state) == (stage.unit_id, State.RECOMMENDED)
        assert session.get_one(LeagueMember, record.person_id).unit_id == away.id
        assert session.get_one(Case, case_id).unit_id == away.id
        theirs = party_links.party_branch_of(session, away.id)
        assert record.party_unit_id == theirs.id
        [item] = session.scalars(select(WorkItem).where(WorkItem.case_id == case_id))
        assert (item.step, item.unit_id) == ("party_decision", theirs.id)
        with clock.standing_at(clock.start_of(date(2026, 6, 1))):
            validity.watch(session)
        assert record.state == State.RECOMMENDED  # its case still runs, and ends it itself
