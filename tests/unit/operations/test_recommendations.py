"""Nobody examines his own recommendation; what else the operations do is played in scenarios."""

import pytest
from sqlalchemy.orm import Session

from tests.support import recommending
from tests.support.cast import Cast
from workflows.domain.recommendation_refusals import OwnCase
from workflows.engine.environment import Call
from workflows.journal import Actor
from workflows.operations import recommendations


def call(session: Session, cast: Cast, actor: Actor, **parameters: object) -> Call:
    return Call(session=session, case_id=1, unit_id=cast.branch.id, actor=actor, data={}, parameters=parameters)


def test_the_candidate_and_who_acts_for_him_must_recuse_themselves(session: Session, cast: Cast) -> None:
    lin, saren = cast.lin.id, cast.saren.id
    for actor in (Actor(person_id=lin), Actor(person_id=saren, for_person_id=lin)):
        with pytest.raises(OwnCase):
            recommendations.recuse(call(session, cast, actor, person=lin))
    assert recommendations.recuse(call(session, cast, Actor(person_id=saren), person=lin)) == {}


def test_nobody_approves_a_list_with_himself_on_it(session: Session, cast: Cast) -> None:
    [youth, *_] = recommending.members(session, cast.branch, 11)
    recommending.open_round(session, cast)
    nomination = {"person": str(youth.id), "product": "activist"}
    with pytest.raises(OwnCase):
        recommendations.list_candidate(call(session, cast, Actor(person_id=youth.id), nomination=nomination))
    listed = recommendations.list_candidate(call(session, cast, cast.actor(cast.gaowa), nomination=nomination))
    assert listed["id"]
