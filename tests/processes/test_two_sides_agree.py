"""Neither side ever shows 认定 while the other does not: every interleaving of what both sides and the post may do."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support import two_sides
from tests.support.two_cases import TwoCases
from tests.support.two_sides import Move, Rule, World
from workflows.domain import two_keys
from workflows.domain.two_keys import Key, Side, State
from workflows.operations.rehearsal import BlankDatabase


def test_in_every_interleaving_both_sides_show_the_same_and_come_to_the_same_end() -> None:
    found = two_sides.explore()
    assert len(found.came_from) > 500
    assert list(two_sides.faults_in(found)) == []
    ends = {world.row.state for world in found.came_from if world.is_over}
    assert ends == {state for state in State if not state.is_live}
    assert any(world.row.state is State.RECOGNISED for world in found.came_from)


MISTAKES = {
    "each side shows what it last looked at": (
        Rule(own_opinion=True),
        "one side shows what the other does not: begin party，sign league，sign party",
    ),
    "nobody tells the other side": (
        Rule(tells=False),
        "the party's case never hears of it: begin party，refuse league",
    ),
    "keys stay when the facts change": (
        Rule(renew=lambda now, digest: replace(now, digest=digest)),
        "recognised without two keys over the same facts: begin party，sign league，sign party，report league",
    ),
    "a key is placed over whatever the facts are by now": (
        Rule(sign=lambda now, side, key: two_keys.sign(now, side, Key(now.digest, key.by))),
        "signed what was not shown: renew，sign league",
    ),
    "one key is enough": (
        Rule(sign=lambda now, side, key: replace(two_keys.sign(now, side, key), state=State.RECOGNISED)),
        "recognised without two keys over the same facts: sign league",
    ),
}


@pytest.mark.parametrize("rule, fault", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_rule_is_found_with_the_shortest_way_to_it(rule: Rule, fault: str) -> None:
    assert fault in list(two_sides.faults_in(two_sides.explore(rule), rule))


@pytest.fixture(scope="module")
def real() -> Iterator[TwoCases]:
    with BlankDatabase() as database:
        yield TwoCases(database)


def _alike(world: World, move: Move) -> object:
    """What the code goes by when it makes a move: where the row stands, and where the one stands who moves."""
    row = world.row
    mine = world.desk(move.side or Side.LEAGUE)
    return move, row.state, row.league is None, row.party is None, mine.at, mine.seen == row.digest


def test_the_real_cases_do_what_the_model_says(real: TwoCases) -> None:
    """Each move of the model, from a world of each kind, is made with the shipped drawings and the real database."""
    rule = Rule(versions=2, messages=4)
    first = two_sides.beginning()
    kept = {first: real.database.content()}
    waiting, seen = [first], set[str]()
    while waiting:
        world = waiting.pop(0)
        for move in two_sides.moves(world):
            kind = repr(_alike(world, move))
            then = two_sides.after(world, move, rule)
            if kind in seen or (then is None and move.name in ("report", "renew")):
                continue
            seen.add(kind)
            with real.as_it_was(kept[world]) as session:
                done = real.make(session, move)
                assert done is (then is not None), (world, move)
                assert real.world(session) == (then or world), (world, move)
                if then is not None and then not in kept:
                    kept[then] = real.database.content()
                    waiting.append(then)
    assert len(seen) > 100
