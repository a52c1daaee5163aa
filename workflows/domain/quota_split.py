"""How places are split over the units below: by need, weighed, within limits, to the last whole place.

need   = max(0, target ratio x students - members - places had already), at most as many as there are applicants
weight = need x factor (vocational 1.2, ordinary 1.0, graduating 0)
A line never gets more than its limit; what one line cannot take goes to the others in the same proportion, and what
none can take stays where it is. The same figures give the same split in whatever order they are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from workflows.domain.apportionment import largest_remainder
from workflows.domain.head_counts import Counts, Line
from workflows.domain.ratios import Limits, Mark, Scope, of_scope


@dataclass(frozen=True)
class Wanting:
    """One unit below as the split sees it: `had` are its places of this plan, `last_year` those of the year before."""

    unit_id: int
    counts: Counts
    limits: Limits
    had: int = 0
    last_year: int | None = None


@dataclass(frozen=True)
class Share:
    """What one unit is proposed to get, and why: every figure of the way there.

    `ceiling` is the most places the unit may get by control (None: no limit known); `exact` the share before rounding.
    """

    unit_id: int
    students: int
    members: int
    applicants: int | None
    had: int
    need: int
    weight: int
    ceiling: int | None
    exact: Fraction
    amount: int

    @property
    def limit(self) -> int:
        """The most the split gives this unit."""
        return self.need if self.ceiling is None else min(self.need, self.ceiling)


@dataclass(frozen=True)
class Split:
    """A split of `total` places: what is kept back, what nobody can take, and a share for each unit."""

    total: int
    reserve: int
    left_over: int
    shares: tuple[Share, ...]


def split(total: int, below: Sequence[Wanting], reserve_rate: int) -> Split:
    """Split `total` places over the units below, keeping `reserve_rate` percent back (rounded down).

    The shares, the reserve and what is left over always sum to `total`. Raises ValueError for a negative total or a
    rate that is no percentage.
    """
    if total < 0 or not 0 <= reserve_rate <= 100:
        raise ValueError("a split needs a total of at least 0 and a rate from 0 to 100")
    reserve = total * reserve_rate // 100
    found = {each.unit_id: (*need_and_weight(each), ceiling_of(each)) for each in below}
    wanted = {key: (need if ceiling is None else min(need, ceiling)) for key, (need, _, ceiling) in found.items()}
    exact, amounts = within(total - reserve, {key: weight for key, (_, weight, _) in found.items()}, wanted)
    shares = tuple(
        Share(
            unit_id=each.unit_id,
            students=each.counts.students,
            members=each.counts.members,
            applicants=each.counts.applicants,
            had=each.had,
            need=found[each.unit_id][0],
            weight=found[each.unit_id][1],
            ceiling=found[each.unit_id][2],
            exact=exact[each.unit_id],
            amount=amounts[each.unit_id],
        )
        for each in below
    )
    return Split(total, reserve, total - reserve - sum(amounts.values()), shares)


def need_and_weight(unit: Wanting) -> tuple[int, int]:
    """How many places the unit is in need of, and what that weighs (in hundredths).

    Graduating classes without weight are in no need: no place could follow it. Places the unit has already are taken
    off where they weigh most, so that a place is never counted twice.
    """
    limits, had, need, weight = unit.limits, unit.had, 0, 0
    weighed = [(limits.factor(line.stage, is_graduating=line.is_graduating), line) for line in unit.counts.lines]
    for factor, line in sorted(weighed, key=lambda one: (-one[0], one[1].stage, one[1].is_graduating)):
        if factor:
            wanted = _need(line, limits)
            taken = min(had, wanted)
            had, wanted = had - taken, wanted - taken
            need, weight = need + wanted, weight + wanted * factor
    return need, weight


def _need(line: Line, limits: Limits) -> int:
    missing = max(0, limits.target(line.stage) * line.students // 100 - line.members)
    return missing if line.applicants is None else min(missing, line.applicants)


def ceiling_of(unit: Wanting) -> int | None:
    """The most places control leaves the unit: last year's less the cut where a ratio is over its limit; else None.

    Without last year's figure no ceiling can be told.
    """
    red = any(of_scope(unit.counts, scope, unit.limits).mark_now is Mark.RED for scope in Scope)
    if not red or unit.last_year is None:
        return None
    return max(0, unit.last_year * (100 - unit.limits.reduction) // 100 - unit.had)


def within(
    total: int, weights: Mapping[int, int], limits: Mapping[int, int]
) -> tuple[dict[int, Fraction], dict[int, int]]:
    """Exact shares and whole parts of `total` by weight, none above its limit, in no order of the keys.

    The parts sum to `total`, or to all limits of what has weight where those are fewer. Of two equal remainders the
    greater weight wins, then the lower key.
    """
    keys = sorted(weights, key=lambda key: (-weights[key], key))
    exact = {key: Fraction(0) for key in weights}
    parts = dict.fromkeys(weights, 0)
    going, rest = {key: weights[key] for key in keys if weights[key] and limits[key]}, total
    while going:
        whole = sum(going.values())
        full = [key for key, weight in going.items() if Fraction(rest * weight, whole) > limits[key]]
        if not full:
            exact |= {key: Fraction(rest * weight, whole) for key, weight in going.items()}
            parts |= largest_remainder(rest, going)
            break
        for key in full:
            exact[key], parts[key] = Fraction(limits[key]), limits[key]
            rest -= limits[key]
            del going[key]
    return exact, parts
