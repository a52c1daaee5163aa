"""Generated pairs of versions, cases at random positions: each is refused with a reason, or moved and goes on.

A wider search: TUANCHENG_PAIRS=2000 TUANCHENG_WALK_SEED=7 pytest tests/engine/moving/test_generated_pairs.py
"""

import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.engine.conftest import MONDAY, SECRETARY, Office
from tests.engine.moving.pairs import CHANGES, another_version
from tests.engine.moving.test_moves import WHY, rows_of
from tests.engine.test_drawings import NAMES
from tests.engine.test_random_walk import TinyWorld, begin, seen
from tests.support.drawings import drawn
from workflows import clock, tables
from workflows.database import new_engine
from workflows.engine import bundles, check, persistence
from workflows.engine.moving import moves, planning
from workflows.engine.tables import Bundle, Case
from workflows.errors import Refusal
from workflows.journal import SYSTEM

PAIRS = int(os.environ.get("TUANCHENG_PAIRS", "30"))
SEED = int(os.environ.get("TUANCHENG_WALK_SEED", "1"))
LONGEST_WALK = 40


@pytest.fixture
def office() -> Iterator[Office]:
    engine = new_engine("sqlite://")
    tables.metadata.create_all(engine)
    with clock.standing_at(MONDAY), Session(engine) as session:
        office = Office(session, "saved and restored")
        office.given, office.left = {"people": ["甲", "乙", "丙"], "amounts": [1, 2]}, 10_000
        yield office
    engine.dispose()


def walked(world: TinyWorld, random: Random, steps: int) -> list[Any]:
    """Random steps, until there is none left to make."""
    told: list[Any] = []
    for _ in range(steps):
        possible = world.moves()
        if not possible:
            break
        told.append(random.choice(possible))
        world.make(told[-1])
    return told


def waits_for_data(world: TinyWorld) -> bool:
    """Whether the drawing lets a case wait for its own data, which nobody else can move."""
    drawing = bundles.parsed(world.office.session, world.case.bundle_id).drawing
    return any(node.event == "conditional" for node in drawing.nodes.values())


def moved(office: Office, case: Case, target: Bundle, plan: planning.Plan) -> moves.CaseMove:
    made = moves.move(
        office.session,
        office.environment,
        case_id=case.id,
        target=target,
        actor=SECRETARY,
        reason=WHY,
        place=plan.refusal is not None,
    )
    office.session.commit()
    return made


def planned(office: Office, case: Case, target: Bundle) -> planning.Plan:
    locked = persistence.lock(office.session, case.id)
    found = planning.plan(office.session, office.environment, locked, target).plan
    office.session.rollback()
    return found


def test_every_case_is_refused_with_a_reason_or_moved_and_walked_to_its_end(office: Office) -> None:
    answers: Counter[str] = Counter()
    for number in range(PAIRS):
        random = Random(SEED * 1_000_003 + number)
        name = random.choice(NAMES)
        change = random.choice(CHANGES)
        files = drawn(name)
        new = another_version(files, random, change)
        if new is None or check.faults_in(new, office.environment):
            answers["no such version"] += 1
            continue
        case = begin(office, name, files)
        office.case = case
        world = TinyWorld(office, case)
        told = walked(world, random, random.choice([0, 1, 1, 2, 3, 5]))
        if case.ended_at is not None:
            answers["over before"] += 1
            continue
        where = f"pair {number} of seed {SEED}: {name}, {change.__name__}, after {told}"
        target = bundles.store(office.session, new, [], SYSTEM, "")
        office.session.commit()
        answers[one(office, world, target, random, where)] += 1
        office.session.rollback()
        bundles.store(office.session, files, [], SYSTEM, "")
        office.session.commit()
    assert answers["moved"] > PAIRS / 10, answers
    assert answers["placed"] > 0, answers


def one(office: Office, world: TinyWorld, target: Bundle, random: Random, where: str) -> str:
    """Move one case and walk it to its end; what became of it."""
    plan = planned(office, world.case, target)
    if plan.refusal is not None and not plan.can_place:
        assert plan.refusal.code.startswith("move."), where
        assert "—" not in plan.refusal.message(), where
        return plan.refusal.code
    before = rows_of(office)
    try:
        made = moved(office, world.case, target, plan)
    except Refusal as refusal:
        # Only an automatic step at which the case would be set may refuse what the plan allowed.
        assert plan.at_once, where
        office.session.rollback()
        return refusal.code
    after = seen(office.session, world.case.id)
    assert world.moves() or waits_for_data(world) or after["ended"][0], where
    if made.can_undo:
        moves.undo(office.session, office.environment, move_id=made.id, actor=SECRETARY, reason=WHY)
        office.session.commit()
        assert rows_of(office) == before, where
        moved(office, world.case, target, plan)
        assert seen(office.session, world.case.id)["items"] == after["items"], where
    more = walked(world, random, random.choice([1, 2]))
    back = and_back(office, world, target)
    more += [back, *walked(world, random, LONGEST_WALK)]
    office.session.expire_all()
    ended = office.session.scalars(select(Case.ended_at).where(Case.id == world.case.id)).one()
    assert ended or world.moves() or waits_for_data(world), (where, more)
    return "placed" if plan.refusal else "moved"


def and_back(office: Office, world: TinyWorld, target: Bundle) -> str:
    """Move the case to the version it began with, if it goes on there; what became of it."""
    office.session.expire_all()
    if world.case.ended_at is not None:
        return "over"
    first = next(each for each in bundles.versions(office.session, target.process) if each.version < target.version)
    plan = planned(office, world.case, first)
    if plan.refusal is not None and not plan.can_place:
        assert plan.refusal.code.startswith("move."), plan.refusal
        return plan.refusal.code
    try:
        moved(office, world.case, first, plan)
    except Refusal as refusal:
        if not plan.at_once:
            raise
        office.session.rollback()
        return refusal.code
    seen(office.session, world.case.id)
    return "back"
