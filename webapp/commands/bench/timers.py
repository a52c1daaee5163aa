"""What waiting timers cost: a tick of the clock with none due, and firing those that are.

Cases are walked to the talk, where a deadline stands; waiting timers are copies of one of those rows, due over the
year after. The tick asks as the worker's does, and each due timer fires in a transaction of its own.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import CTE, Connection, Engine, event, insert, literal, select, text
from sqlalchemy.orm import Session

from webapp.commands.bench.ground import Ground
from webapp.commands.bench.metering import Meter, median_ms, p95_ms, per_second, progress
from webapp.commands.bench.steps import versions
from webapp.commands.bench.walking import Season
from workflows import clock
from workflows.database import only_reading, polite_when_busy, table_of
from workflows.engine import cases
from workflows.engine.tables import DueTimer
from workflows.operations.wiring import ENVIRONMENT

STEP, TIMER = "initial_talk", "initial_talk_overdue"
RUNS = 200
AT_ONCE = 200
"""Timers a tick of the worker asks for."""

DAYS = 365
INDEX = "ix_due_timer_due_at"


def measure(ground: Ground, waiting: int, due: int, seed: int) -> dict[str, Any]:
    """Time the tick without and among waiting timers, then fire `due` of them."""
    season = Season(ground.engine, due + 1, seed)
    with progress("准备", due + 1) as tell:
        season.bring([season.start() for _ in range(due + 1)], STEP, tell)
    meter = Meter(ground.engine)
    with clock.standing_at(season.now):
        few = _tick(ground.engine, meter)
        fill(ground.engine, season.cases[-1], waiting)
        many = _tick(ground.engine, meter)
        plan = plan_of_a_tick(ground.engine)
    fired = _fire(season, meter, due)
    return {
        "waiting": waiting,
        "runs": RUNS,
        "tick_alone_median_ms": median_ms(few),
        "tick_median_ms": median_ms(many),
        "tick_p95_ms": p95_ms(many),
        "uses_index": INDEX in plan,
        "fired": len(fired),
        "fire_median_ms": median_ms(fired),
        "fire_p95_ms": p95_ms(fired),
        "fired_per_s": per_second(fired),
        "database": ground.kind,
        "seed": seed,
        "versions": versions(ground),
    }


def fill(engine: Engine, case_id: int, number: int) -> None:
    """Let one case wait for so many timers more, due on the days of a year that begins in two months."""
    timers = table_of(DueTimer)
    same = {"case_id": case_id, "step": TIMER, "label": "逾期未谈话", "attached_to": STEP, "attempts": 0, "held": False}
    with engine.begin() as connection:
        for day in range(DAYS):
            first, last = number * day // DAYS + 1, number * (day + 1) // DAYS
            if first > last:
                continue
            counted = _numbers(first, last)
            row = {**same, "due_at": clock.now() + timedelta(days=60 + day)}
            values = [literal(value, timers.c[name].type) for name, value in row.items()]
            # No task of a case has a number below zero.
            of_the_day = select(*values, -counted.c.n)
            connection.execute(insert(timers).from_select([*row, "task"], of_the_day))
        connection.execute(text("ANALYZE"))


def _numbers(first: int, last: int) -> CTE:
    begin = select(literal(first).label("n")).cte("numbers", recursive=True)
    return begin.union_all(select(begin.c.n + 1).where(begin.c.n < last))


def plan_of_a_tick(engine: Engine) -> str:
    """How the database finds what is due, in its own words."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        _due(engine)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    [(statement, parameters)] = [each for each in asked if "due_timer" in each[0]]
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        rows: Sequence[Any] = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def _due(engine: Engine) -> list[int]:
    with only_reading(), Session(engine) as session:
        return cases.due_timers(session, AT_ONCE)


def _tick(engine: Engine, meter: Meter) -> list[float]:
    return [meter.cost_of(partial(_due, engine)).seconds for _ in range(RUNS)]


def _fire(season: Season, meter: Meter, most: int) -> list[float]:
    """Fire the deadlines of the talk, a day after they passed: of all cases but the one that the copies belong to."""
    with clock.standing_at(season.now + timedelta(days=40)):
        with only_reading(), Session(season.engine) as session:
            timers = table_of(DueTimer)
            ready = timers.c.due_at <= clock.now()
            own = select(timers.c.id).where(timers.c.case_id.in_(season.cases[:-1]), timers.c.step == TIMER, ready)
            due = list(session.scalars(own.order_by(timers.c.id).limit(most)))
        return [meter.cost_of(partial(_fire_one, season.engine, timer_id)).seconds for timer_id in due]


def _fire_one(engine: Engine, timer_id: int) -> None:
    with polite_when_busy(), Session(engine) as session, session.begin():
        cases.fire_timer(session, ENVIRONMENT, timer_id)
