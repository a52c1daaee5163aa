"""What stands behind the facts that operations find: the evidence counted, and why other evidence was not."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import evidence
from workflows.domain.evidence_forms import Kind
from workflows.engine.environment import Asked, Entry
from workflows.operations import sources

CASE = 1
TODAY = clock.start_of(date(2020, 6, 20)) + timedelta(hours=9)
GIVEN = {"activist_on": "2020-03-16", "assessed_on": "2020-06-17", "rules": {"minutes_per_hour": 45}}


@pytest.fixture
def candidate(session: Session, cast: Cast) -> int:
    with clock.standing_at(TODAY):
        return people.apply(session, cast, CASE).person_id


def lesson(session: Session, cast: Cast, candidate: int, day: str, minutes: int = 90) -> None:
    values = {
        "happened_on": day,
        "topic": f"团章学习 {day}",
        "minutes": minutes,
        "mode": "in_person",
        "conductor": "林一",
        "witness": "萨仁",
    }
    keep(session, cast, candidate, Kind.CLASS_HOURS, values)


def keep(session: Session, cast: Cast, candidate: int, kind: Kind, values: dict[str, Any]) -> None:
    actor = cast.actor(cast.saren)
    with clock.standing_at(TODAY):
        evidence.record(session, person_id=candidate, case_id=CASE, kind=kind, values=values, actor=actor)


def found(session: Session, name: str, **changes: Any) -> list[Entry]:
    asked = {"case_id": CASE, "operation": "evidence.count", "name": name, "parameters": GIVEN, "at": TODAY}
    return sources.entries(session, Asked(**{**asked, **changes}))


def test_each_lesson_tells_what_it_counts_for_and_why_not_more(session: Session, cast: Cast, candidate: int) -> None:
    lesson(session, cast, candidate, "2020-02-01")
    lesson(session, cast, candidate, "2020-04-01")
    early, counted = found(session, "class_hours")
    assert (early.counted, early.note) == (0, "不计：早于确定为入团积极分子之日")
    assert (counted.label, counted.happened_on, counted.counted, counted.note) == ("团课", date(2020, 4, 1), 2, "")
    assert (counted.person_id, counted.recorded_at) == (cast.saren.id, TODAY)


def test_what_was_entered_later_is_not_behind_the_fact(session: Session, cast: Cast, candidate: int) -> None:
    lesson(session, cast, candidate, "2020-04-01")
    assert found(session, "class_hours", at=TODAY - timedelta(minutes=1)) == []


def test_other_kinds_and_other_operations_have_nothing_to_tell(session: Session, cast: Cast, candidate: int) -> None:
    lesson(session, cast, candidate, "2020-04-01")
    assert found(session, "talks") == []
    assert found(session, "class_hours", operation="quota.reserve") == []
    assert found(session, "unheard_of") == []
    assert found(session, "class_hours", case_id=99) == []


def test_everything_the_count_finds_has_its_kind_of_evidence() -> None:
    assert set(sources.KINDS.values()) == set(Kind)
