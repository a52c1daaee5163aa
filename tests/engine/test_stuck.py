"""No case that a person, a timer or a message can still move is taken for stuck, whatever its drawing is made of."""

from random import Random

import pytest

from tests.engine.conftest import Office
from tests.engine.test_drawings import NAMES
from tests.engine.test_random_walk import TinyWorld, begin
from tests.support.drawings import drawn
from workflows.engine import stuck

STEPS = 6


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_a_case_that_can_move_is_not_stuck(office: Office, name: str) -> None:
    office.given, office.left = {"people": ["甲", "乙", "丙"], "amounts": [1, 2]}, 40
    world, dice = TinyWorld(office, begin(office, name, drawn(name))), Random(name)
    for _ in range(STEPS):
        assert [incident.step for incident in stuck.find(office.session, stuck.suspects(office.session))] == []
        moves = [move for move in world.moves() if not world.case.ended_at]
        if not moves:
            break
        world.make(dice.choice(moves))
