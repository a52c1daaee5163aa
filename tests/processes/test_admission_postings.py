"""The public notice of an admission: what everybody may read on each day of it, and that it comes down by itself."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import throwaway_key
from workflows.domain import postings
from workflows.domain.postings import PostedCandidate, Why
from workflows.engine import bundles, scenarios
from workflows.operations import rehearsal
from workflows.operations.rehearsal import BlankDatabase

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
DISMISSED = "scenarios/objections_dismissed_the_notice_runs_on.yaml"
UPHELD = "scenarios/objection_upheld_on_the_last_day.yaml"
PARTLY = "scenarios/objection_extends_the_training.yaml"
WITHDRAWN = "scenarios/withdrawn_with_a_place_reserved.yaml"


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as blank, throwaway_key():
        yield blank


@pytest.fixture
def blank(database: BlankDatabase) -> Iterator[Session]:
    with Session(database.emptied()) as session:
        yield session


def noticed(session: Session, path: str, until: str) -> PostedCandidate:
    """Play a scenario up to the step that names `until` and everything before it; the notice of its case."""
    scenario = scenarios.read(ADMISSION.files[path], path)
    with clock.standing_at(clock.start_of(scenario.begins) - timedelta(days=1)):
        stage = rehearsal.RehearsalStage(session, ADMISSION, scenario)
    player = scenarios._Player(scenario, stage)
    for step in scenario.steps:
        player.do(step)
        if step.get("do") == until or step.get("message") == until:
            break
    [(row, _sheet)] = postings.of_case(session, player.case_id)
    return row


def test_the_notice_shows_the_candidate_until_its_last_working_day(blank: Session) -> None:
    row = noticed(blank, WITHDRAWN, "public_notice")
    assert (row.name, row.class_name) == ("测试申请人", "八年级2班")
    assert (row.applied_on, row.activist_on) == (date(2020, 3, 2), date(2020, 3, 16))
    assert row.ends_on == date(2020, 7, 1)  # 25 to 27 June are free, Sunday the 28th is worked


def test_an_objection_stops_the_days_and_leaves_the_notice_where_it_is(blank: Session) -> None:
    row = noticed(blank, DISMISSED, "objection_raised")
    assert (row.ends_on, row.taken_down_at) == (None, None)


def test_a_dismissed_objection_lets_the_days_run_on_that_were_left(blank: Session) -> None:
    row = noticed(blank, DISMISSED, "investigate_objection")
    assert row.ends_on == date(2020, 7, 20)  # 29 and 30 June and 1 July were left; 15 July is not counted


@pytest.mark.parametrize("path", [UPHELD, PARTLY])
def test_an_objection_that_is_not_dismissed_takes_the_notice_down_at_once(blank: Session, path: str) -> None:
    row = noticed(blank, path, "investigate_objection")
    assert row.why == Why.OBJECTION
    assert {row.name, row.class_name, row.applied_on, row.activist_on} == {None}


def test_a_withdrawal_takes_the_notice_down(blank: Session) -> None:
    row = noticed(blank, WITHDRAWN, "applicant_withdraws")
    assert (row.why, row.name) == (Why.CASE_ENDED, None)
