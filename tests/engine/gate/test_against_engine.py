"""The gate against the engine itself: what it calls sound never stands still, what it says stops does stop there."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from tests.engine.at_work import work
from tests.engine.conftest import MONDAY, SECRETARY, NoneLeft, Office
from tests.engine.gate import test_levels, test_scarce, test_ways
from tests.engine.gate.shelf import LIBRARY, OPERATIONS, drawn
from tests.engine.test_drawings import NAMES
from tests.engine.test_random_walk import Move, TinyWorld
from tests.support.drawings import drawn as tiny
from tests.support.drawings import end, start, way
from workflows import clock
from workflows.engine import bundles, cases, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Call
from workflows.engine.tables import WorkItem
from workflows.journal import SYSTEM

SOUND = {**test_ways.SOUND, **test_levels.SOUND, **test_scarce.SOUND}
STOPS = {**test_ways.STOPS, "in a sub-process": (start(), test_levels.STOPPED, end(), way("begin", "work", "done"))}
LONGEST_WALK = 12
SEED = os.environ.get("TUANCHENG_WALK_SEED", "")
LONG_AFTER = MONDAY + timedelta(days=10_000)


class Shelf:
    """One book for each case; who asks for what cannot be is found out at once."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.state: dict[int, str] = {}

    def take(self, call: Call) -> None:
        if self.dice.random() < 0.3:
            raise NoneLeft()
        assert self.state.get(call.case_id, "back") == "back"
        self.state[call.case_id] = "taken"

    def lend(self, call: Call) -> dict[str, str]:
        self.take(call)
        return {"state": "out"}

    def fetch(self, call: Call) -> dict[str, str]:
        self.put_back(call)
        return {"state": "back"}

    def read(self, call: Call) -> None:
        assert self.state[call.case_id] == "taken"
        self.state[call.case_id] = "read"

    def put_back(self, call: Call) -> None:
        assert self.state.get(call.case_id, "back") != "read"
        self.state[call.case_id] = "back"

    def functions(self) -> dict[str, Callable[[Call], Any]]:
        return {
            "shelf.take": self.take,
            "shelf.read": self.read,
            "shelf.put_back": self.put_back,
            "shelf.lend": self.lend,
            "shelf.fetch": self.fetch,
            "shelf.note": lambda _call: None,
            "vote.count": lambda _call: {"result": self.dice.choice(["adopted", "rejected"])},
        }


@pytest.fixture
def shelf(office: Office) -> Shelf:
    shelf = Shelf(Random(1))
    functions = shelf.functions()
    operations = {each.name: replace(each, function=functions[each.name]) for each in OPERATIONS}
    office.environment = replace(office.environment, operations=operations)
    office.given = {"rules": {"kind": "A"}}
    return shelf


def begun(office: Office, files: BundleFiles, process: str = "tiny") -> TinyWorld:
    """A case of a drawing, whatever the check says of it."""
    bundles.store(office.session, files, [], SYSTEM, "")
    case = cases.start(office.session, office.environment, process=process, unit_id=7, actor=SECRETARY)
    office.session.commit()
    return TinyWorld(office, case)


def moves(world: TinyWorld) -> list[Move]:
    """What can move the case; a message that an event sub-process takes at any time is none of it."""
    bundle = bundle_of(world)
    any_time = {name for name, info in bundle.messages.items() if bundle.drawing.nodes[info.step].kind == "startEvent"}
    return [move for move in world.moves() if move[0] != "say" or move[1] not in any_time]


def bundle_of(world: TinyWorld) -> bundles.ParsedBundle:
    return bundles.parsed(world.office.session, world.case.bundle_id)


def at_most_once(world: TinyWorld) -> bool:
    """Whether no step waits twice, unless it is drawn to be done several times."""
    nodes = bundle_of(world).drawing.nodes
    waiting = [item.step for item in world.office.session.scalars(select(WorkItem))]
    return all(count == 1 or nodes[step].repeat or nodes[step].inside for step, count in Counter(waiting).items())


def walked(world: TinyWorld, dice: Random, shelf: Shelf | None = None) -> None:
    """Go a random way; a case that has not ended can always be moved, and no answer is refused."""
    office, name = world.office, world.case.process
    for _ in range(LONGEST_WALK):
        with clock.standing_at(LONG_AFTER):
            work(office)
        if world.case.ended_at is not None:
            return
        assert moves(world), name
        assert at_most_once(world), name
        before = dict(shelf.state) if shelf else {}
        refused = world.make(dice.choice([*moves(world), *world.moves()]))
        assert refused in ("", "message.not_awaited", NoneLeft.code), name
        if shelf and refused:
            shelf.state = before


@pytest.mark.parametrize("office", ["in memory"], indirect=True)
@pytest.mark.parametrize("name", SOUND)
def test_no_random_walk_through_a_sound_drawing_ever_stands_still(office: Office, shelf: Shelf, name: str) -> None:
    world = begun(office, drawn(*SOUND[name]))
    walked(world, Random(name + SEED), shelf)
    if world.case.ended_at is not None:
        assert shelf.state.get(world.case.id) != "taken"


@pytest.mark.parametrize("office", ["in memory"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_no_random_walk_through_a_tiny_drawing_ever_stands_still(office: Office, name: str) -> None:
    office.given, office.left = {"people": ["甲", "乙", "丙"], "amounts": [1, 2]}, 40
    walked(begun(office, tiny(name), name), Random(name + SEED))


@pytest.mark.parametrize("office", ["in memory"], indirect=True)
@pytest.mark.parametrize("name", STOPS)
def test_a_walk_along_the_way_of_a_stop_stands_still(office: Office, shelf: Shelf, name: str) -> None:
    files = drawn(*STOPS[name])
    [fault] = check.faults_in(files, LIBRARY)
    steps = [element for element in fault.path if f'userTask id="{element}"' in files.files["tiny.bpmn"]]
    stood_still = []
    for answers in product(["yes", "no"], repeat=len(steps)):
        world = begun(office, files)
        for step, answer in zip(steps, answers, strict=True):
            if step in [move[1] for move in moves(world)]:
                world.make(("do", step, step, answer, "2020-03-02"))
        stood_still.append(world.case.ended_at is None and not moves(world))
    assert any(stood_still)
