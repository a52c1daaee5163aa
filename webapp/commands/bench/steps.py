"""The cost of one user step through the service layer, and what is kept of a case."""

import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import fmean, median
from typing import Any

from webapp.commands.bench import looping, sizes
from webapp.commands.bench.ground import Ground
from webapp.commands.bench.metering import Cost, Meter, median_ms, p95_ms, per_second, progress
from webapp.commands.bench.walking import Season, Step, content_of, way
from workflows import clock

WARM = 3
"""Cases that walk ahead of the others and are not counted: parsing, compiling, filling caches."""

BLOCK = 25
"""Steps of ours, then as many bare ones, in turn: what disturbs the machine disturbs both."""

LOOKED_AT = 50
"""Cases whose rows are added up, at most."""

LOOPING = 3
"""Cases that walk round and round."""


@dataclass
class Measured:
    """What came out of one walk."""

    costs: list[tuple[str, Cost]] = field(default_factory=list)
    bare: list[Cost] = field(default_factory=list)
    floor: list[Cost] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    open_at: str = ""
    bare_open: list[int] = field(default_factory=list)


def measure(ground: Ground, number: int, seed: int, *, bare: bool) -> dict[str, Any]:
    """Walk `number` candidates through the admission drawing and answer what it cost."""
    season = Season(ground.engine, WARM + number, seed)
    beside = _bare(ground) if bare else None
    measured = Measured()
    try:
        _walk(season, beside, measured)
        finished = season.cases[WARM : WARM + LOOKED_AT]
        with clock.standing_at(season.now), progress("反复办理", LOOPING * looping.STEPS) as tell:
            grown, grown_cpu = looping.growth(ground.engine, season.branches[0].unit_id, LOOPING, tell)
        told = _told(measured) | {
            "bytes_finished_case": round(median(sizes.of_case(ground.engine, each) for each in finished)),
            "journal_bytes_finished_case": round(median(sizes.of_journal(ground.engine, each) for each in finished)),
            "growth_200_to_5": grown,
            "cpu_growth_200_to_5": grown_cpu,
            "tables_finished_case": sizes.by_table(ground.engine, finished[0]),
        }
    finally:
        if beside is not None:
            beside.close()
    return {**told, "database": ground.kind, "cases": number, "seed": seed, "versions": versions(ground)}


def versions(ground: Ground) -> dict[str, str]:
    """What was measured with."""
    return {
        "python": platform.python_version(),
        "database": ground.version,
        **{name: version(name) for name in ("SpiffWorkflow", "SQLAlchemy", "tuancheng")},
    }


def _bare(ground: Ground) -> Any:
    from webapp.commands.bench.bare import Bare  # only who asks for it needs the library's own classes

    return Bare(ground.engine)


def _walk(season: Season, beside: Any, measured: Measured) -> None:
    steps = way()
    everybody = range(len(season.branches))
    for _ in everybody:
        number = season.start()
        if beside is not None:
            beside.start(number)
    meter = Meter(season.engine)
    of_people = [step for step in steps if step.step]
    half = of_people[len(of_people) // 2]
    with progress("办理", len(of_people) * len(everybody)) as tell:
        for step in steps:
            season.arrive(step, everybody)
            if not step.step:
                for number in everybody if beside is not None and not step.record else ():
                    beside.end_wait(number)
                continue
            if step is half:
                _weigh_open(season, beside, measured, step)
            for block in (everybody[:WARM], *(everybody[first : first + BLOCK] for first in everybody[WARM::BLOCK])):
                costs = [_ours(season, meter, number, step) for number in block]
                theirs = [_theirs(season, beside, meter, number, step) for number in block] if beside else []
                floor = [meter.cost_of(beside.write_only) for _ in block] if beside else []
                if block.start >= WARM:
                    measured.costs += [(step.step, cost) for cost in costs]
                    measured.bare += theirs
                    measured.floor += floor
                tell(len(block))
    if beside is not None and any(passed != [step.step for step in of_people] for passed in beside.passed.values()):
        raise RuntimeError("bare SpiffWorkflow did not pass the same user steps")


def _ours(season: Season, meter: Meter, number: int, step: Step) -> Cost:
    ready = season.ready(number, step)
    with clock.standing_at(ready.moment):
        return meter.cost_of(lambda: season.complete(ready))


def _theirs(season: Season, beside: Any, meter: Meter, number: int, step: Step) -> Cost:
    content = content_of(step, number, season.branches[number])
    with clock.standing_at(season.now):
        return meter.cost_of(lambda: beside.complete(number, step, content))


def _weigh_open(season: Season, beside: Any, measured: Measured, step: Step) -> None:
    looked_at = range(WARM, min(WARM + LOOKED_AT, len(season.cases)))
    measured.open = [sizes.of_case(season.engine, season.cases[number]) for number in looked_at]
    measured.open_at = step.step
    if beside is not None:
        measured.bare_open = [beside.size(number) for number in looked_at]


def _told(measured: Measured) -> dict[str, Any]:
    costs = [cost for _, cost in measured.costs]
    seconds = [cost.seconds for cost in costs]
    return {
        "steps": len(costs),
        "steps_per_s": per_second(seconds),
        "median_ms": median_ms(seconds),
        "p95_ms": p95_ms(seconds),
        "min_ms": round(min(seconds) * 1000, 3),
        "max_ms": round(max(seconds) * 1000, 3),
        "cpu_median_ms": median_ms([cost.cpu for cost in costs]),
        "statements_per_step": round(fmean(cost.statements for cost in costs), 2),
        "statements_max": max(cost.statements for cost in costs),
        "commits_per_step": round(fmean(cost.commits for cost in costs), 3),
        "commits_max": max(cost.commits for cost in costs),
        "bytes_open_case": round(median(measured.open)),
        "open_case_at": measured.open_at,
        **_beside(costs, measured),
        "by_step": _by_step(measured.costs),
    }


def _beside(costs: list[Cost], measured: Measured) -> dict[str, Any]:
    """Ours against the bare library, and against writing alone."""
    if not measured.bare:
        return {"ratio_to_bare": None}
    ours, bare = per_second([cost.seconds for cost in costs]), per_second([cost.seconds for cost in measured.bare])
    return {
        "ratio_to_bare": round(ours / bare, 3),
        "cpu_ratio_to_bare": round(sum(cost.cpu for cost in measured.bare) / sum(cost.cpu for cost in costs), 3),
        "bare_steps_per_s": bare,
        "bare_median_ms": median_ms([cost.seconds for cost in measured.bare]),
        "bare_cpu_median_ms": median_ms([cost.cpu for cost in measured.bare]),
        "bare_bytes_open_case": round(median(measured.bare_open)),
        "floor_median_ms": median_ms([cost.seconds for cost in measured.floor]),
    }


def _by_step(costs: list[tuple[str, Cost]]) -> dict[str, dict[str, float]]:
    found = {}
    for step in dict.fromkeys(step for step, _ in costs):
        own = [cost for each, cost in costs if each == step]
        found[step] = {
            "median_ms": median_ms([cost.seconds for cost in own]),
            "statements": round(fmean(cost.statements for cost in own), 2),
        }
    return found
