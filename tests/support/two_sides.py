"""Joint recognition as a model to explore: the row under the real rule, two cases that act and look, and a post.

The rule is `workflows.domain.two_keys` itself; what a case does between its waits, and what the post may do to a
message (late, in any order, again), is told here in a few lines. `tests/processes/test_two_sides_agree.py` explores all
of it, and holds it against the real cases.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from workflows.domain import two_keys
from workflows.domain.two_keys import UNDECIDED, Key, Side, State, TwoKeys
from workflows.errors import Refusal

PEOPLE = {Side.LEAGUE: 1, Side.PARTY: 2}
NOT_BEGUN, SIGN, WAIT = "not begun", "sign", "wait"


@dataclass(frozen=True)
class Rule:
    """The rule that is explored: the real one, or one with a mistake in it."""

    sign: Callable[[TwoKeys, Side, Key], TwoKeys] = two_keys.sign
    refuse: Callable[[TwoKeys], TwoKeys] = two_keys.refuse
    withdraw: Callable[[TwoKeys], TwoKeys] = two_keys.withdraw
    renew: Callable[[TwoKeys, str], TwoKeys] = two_keys.renew
    expire: Callable[[TwoKeys], TwoKeys] = two_keys.expire
    own_opinion: bool = False
    """Whether a side shows what it last looked at instead of the row both read."""
    tells: bool = True
    """Whether the other side is told that the row has changed."""
    versions: int = 3
    """Versions of the facts that are explored: signed over the first, over the second, and new ones again."""
    messages: int = 2
    """Undelivered messages to one side; one more would be looked at like the second."""


REAL = Rule()


class Desk(NamedTuple):
    """Where one side's case stands: waiting for its key, for the other side, or ended with a result."""

    at: str
    seen: str = ""
    """Digest of the facts it was shown last."""
    opinion: State = State.OPEN
    """What stood when it looked last."""


@dataclass(frozen=True)
class World:
    """Everything that matters at one moment."""

    row: TwoKeys
    league: Desk
    party: Desk
    post: tuple[int, int] = (0, 0)
    """Undelivered messages to the League and to the Party."""

    def desk(self, side: Side) -> Desk:
        return self.league if side is Side.LEAGUE else self.party

    def with_desk(self, side: Side, desk: Desk) -> "World":
        return replace(self, league=desk) if side is Side.LEAGUE else replace(self, party=desk)

    def waiting_for(self, side: Side) -> int:
        return self.post[list(Side).index(side)]

    def with_post(self, side: Side, messages: int) -> "World":
        other = self.waiting_for(side.other)
        return replace(self, post=(messages, other) if side is Side.LEAGUE else (other, messages))

    @property
    def is_over(self) -> bool:
        return all(self.desk(side).at in _ENDS for side in Side)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way."""
        return self.post == (0, 0) and self.party.at != NOT_BEGUN


_ENDS = frozenset(state.value for state in State if not state.is_live)


class Move(NamedTuple):
    """One thing that may happen next."""

    name: str
    side: Side | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.side.value}" if self.side else self.name


def beginning() -> World:
    """The League has asked; the Party's case has not begun."""
    return _look(World(TwoKeys("facts 1"), Desk(""), Desk(NOT_BEGUN)), Side.LEAGUE)


def moves(world: World) -> Iterator[Move]:
    """Everything that might be tried, possible or not: people act whenever they like, and the post is as it is."""
    if world.party.at == NOT_BEGUN:
        yield Move("begin", Side.PARTY)
    for side in Side:
        if world.desk(side).at == SIGN:
            yield from (Move("sign", side), Move("refuse", side))
        if world.desk(side).at in (SIGN, WAIT):
            yield from (Move("withdraw", side), Move("report", side), Move("expire", side))
            if world.waiting_for(side):
                yield Move("deliver", side)
    yield Move("renew")


def after(world: World, move: Move, rule: Rule = REAL) -> World | None:
    """The world after a move; None when the move is refused, and nothing has happened."""
    side = move.side
    if move.name == "begin":
        return _look(world, Side.PARTY)
    if move.name == "deliver":
        assert side is not None
        return _look(world.with_post(side, world.waiting_for(side) - 1), side)
    try:
        row = _row_after(world, move, rule)
    except Refusal:
        return None
    if row is None:
        return None
    changed = row.state is not world.row.state or row.digest != world.row.digest
    told = replace(world, row=row)
    for each in Side:
        if changed and rule.tells and each is not side:
            told = _leave(told, each, rule)
    return told if side is None else _look(told, side)


def _row_after(world: World, move: Move, rule: Rule) -> TwoKeys | None:
    row, side = world.row, move.side
    if move.name in ("report", "renew"):
        version = int(row.digest.split()[1])
        if version == rule.versions or not row.state.is_live:
            return None
        return rule.renew(row, f"facts {version + 1}")
    assert side is not None
    if move.name == "sign":
        return rule.sign(row, side, Key(world.desk(side).seen, PEOPLE[side]))
    return {"refuse": rule.refuse, "withdraw": rule.withdraw, "expire": rule.expire}[move.name](row)


def _look(world: World, side: Side) -> World:
    row = world.row
    if not row.state.is_live:
        # What is still on its way to a case that has ended is thrown away.
        return world.with_desk(side, Desk(row.state.value, "", row.state)).with_post(side, 0)
    at = SIGN if row.state in UNDECIDED and row.key_of(side) is None else WAIT
    return world.with_desk(side, Desk(at, row.digest, row.state))


def _leave(world: World, side: Side, rule: Rule) -> World:
    """A message for a side: kept until its case begins; of no use to a case that has ended."""
    if world.desk(side).at in _ENDS:
        return world
    return world.with_post(side, min(world.waiting_for(side) + 1, rule.messages))


def shows(world: World, side: Side, rule: Rule = REAL) -> bool:
    """Whether the side shows 认定."""
    return (world.desk(side).opinion if rule.own_opinion else world.row.state) is State.RECOGNISED


@dataclass
class Explored:
    """Every world that can come about, by which move from which other, and what can come of it."""

    came_from: dict[World, tuple[World, Move] | None]
    leads_to: dict[World, list[tuple[Move, World]]]

    def way_to(self, world: World) -> list[str]:
        """The moves that lead there, for people."""
        way: list[str] = []
        before = self.came_from[world]
        while before is not None:
            way.insert(0, str(before[1]))
            before = self.came_from[before[0]]
        return way


def explore(rule: Rule = REAL) -> Explored:
    """All interleavings, worlds that are alike taken for one; the shortest way to each is kept."""
    first = beginning()
    found = Explored({first: None}, {})
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        reached = [(move, then) for move in moves(world) if (then := after(world, move, rule)) is not None]
        found.leads_to[world] = reached
        for move, then in reached:
            if then not in found.came_from:
                found.came_from[then] = (world, move)
                waiting.append(then)
    return found


def faults_in(found: Explored, rule: Rule = REAL) -> Iterator[str]:
    """What must never be, with the shortest way to it."""
    for world in found.came_from:
        way = "，".join(found.way_to(world))
        if shows(world, Side.LEAGUE, rule) != shows(world, Side.PARTY, rule):
            yield f"one side shows what the other does not: {way}"
        if world.row.state is State.RECOGNISED and not world.row.agree:
            yield f"recognised without two keys over the same facts: {way}"
        if world.is_over and {world.league.at, world.party.at} != {world.row.state.value}:
            yield f"the two cases end differently: {way}"
        if world.is_quiet and not world.is_over:
            yield from _stuck(world, way)
        for move, then in found.leads_to[world]:
            key = then.row.key_of(move.side) if move.side else None
            if move.name == "sign" and move.side and (key is None or key.digest != world.desk(move.side).seen):
                yield f"signed what was not shown: {'，'.join([*found.way_to(world), str(move)])}"
    yield from _dead_ends(found)


def _stuck(world: World, way: str) -> Iterator[str]:
    """Nothing is on its way, so both sides must stand where the row puts them, and somebody must have work."""
    for side in Side:
        if world != _look(world, side):
            yield f"the {side.value}'s case never hears of it: {way}"
    if world.row.state in UNDECIDED and SIGN not in (world.league.at, world.party.at):
        yield f"nobody can decide: {way}"


def _dead_ends(found: Explored) -> Iterator[str]:
    """Worlds from which both cases cannot come to an end any more."""
    backwards: dict[World, list[World]] = {}
    for world, reached in found.leads_to.items():
        for _, then in reached:
            backwards.setdefault(then, []).append(world)
    can_end = {world for world in found.came_from if world.is_over}
    waiting = deque(can_end)
    while waiting:
        for before in backwards.get(waiting.popleft(), ()):
            if before not in can_end:
                can_end.add(before)
                waiting.append(before)
    for world in found.came_from:
        if world not in can_end:
            yield f"no way out: {'，'.join(found.way_to(world))}"
