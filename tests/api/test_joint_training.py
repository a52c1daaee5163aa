"""Joint training over the API: the list and the one look of both sides."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support import joint
from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from workflows import clock
from workflows.domain.joint_training_tables import JointTraining
from workflows.domain.people import Person
from workflows.engine import cases
from workflows.operations.wiring import ENVIRONMENT

SignedIn = Callable[[Person], Caller]


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


@pytest.fixture
def row(session: Session, cast: Cast, party: Party) -> JointTraining:
    """Lin's training, once assessed."""
    joint.determined(session, cast, party, clock.today() - timedelta(days=155))
    found = joint.planned(session, cast, party)
    for timer in cases.due_timers(session):
        cases.fire_timer(session, ENVIRONMENT, timer)
    session.commit()
    joint.assessed(session, cast, party, found, "continue")
    return found


def test_both_sides_read_the_same(
    cast: Cast, party: Party, signed_in: SignedIn, row: JointTraining, session: Session
) -> None:
    readers = (cast.saren, cast.bator, party.guan)
    looks = [signed_in(person).get(f"/joint-training/{row.id}").json for person in readers]
    assert looks[0] == looks[1] == looks[2]
    told = looks[0]
    assert (told["training"]["state"], told["training"]["months"], told["plan"]["version"]) == ("running", 5, 1)
    assert [(each["side"], each["person_id"]) for each in told["mentors"]] == [
        ("league", cast.bator.id),
        ("party", party.shi.id),
    ]
    [assessment] = told["assessments"]
    assert (assessment["number"], assessment["result"], assessment["league_view"]) == (1, "continue", "continue")
    assert told["training"]["next_due_on"] > assessment["due_on"]
    assert [each["id"] for each in signed_in(party.bai).get("/joint-training").json["items"]] == [row.id]


def test_who_takes_no_part_is_told_nothing(cast: Cast, signed_in: SignedIn, row: JointTraining) -> None:
    he = signed_in(cast.he)
    assert he.get(f"/joint-training/{row.id}").status_code == 404
    assert he.get("/joint-training").json == {"items": []}
