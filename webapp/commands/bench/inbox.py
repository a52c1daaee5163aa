"""The first page of an inbox among many cases: rows of three real cases, copied in bulk, then asked as the page asks.

A case is walked to the school's decision, one to the county's filing and one to its end; all others are copies of
their rows, spread evenly over the branches, due dates within a month around today. What no inbox reads (step records,
due times, journal) is not copied.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from statistics import fmean
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from webapp.commands.bench import sizes
from webapp.commands.bench.cast import CANDIDATES_PER_BRANCH, Branch
from webapp.commands.bench.ground import Ground
from webapp.commands.bench.metering import Cost, Meter, median_ms, p95_ms, progress
from webapp.commands.bench.steps import versions
from webapp.commands.bench.walking import Season
from workflows import clock
from workflows.database import only_reading
from workflows.domain import posts, units
from workflows.domain.posts import PostKind
from workflows.engine import inbox
from workflows.engine.environment import Held
from workflows.engine.tables import Case, WorkItem

FOR_SCHOOLS, FOR_COUNTIES = "approve_admission", "county_filing"
RUNS = 200
PAGE = 30
AT_ONCE = 2_000

Rows = list[dict[str, Any]]


def measure(ground: Ground, number: int, finished: int, counties: int, seed: int) -> dict[str, Any]:
    """Fill the tables and time the first page for somebody at a county and somebody at a school."""
    season = Season(ground.engine, counties * CANDIDATES_PER_BRANCH, seed, branches_per_school=1)
    # One branch stands for each county's school.
    branches = season.branches[::CANDIDATES_PER_BRANCH]
    _fill(season, branches, number, finished)
    meter = Meter(ground.engine)
    readers = {
        "county": (branches[0].county_id, PostKind.COUNTY_COMMITTEE),
        "school": (branches[0].school_id, PostKind.GRASSROOTS_COMMITTEE),
    }
    costs: dict[str, list[Cost]] = {}
    seen: dict[str, int] = {}
    for reader, (unit_id, kind) in readers.items():
        pages = _pages(ground, unit_id, kind, branches[0])
        for name, page in pages.items():
            page()
            costs[f"{reader}.{name}"] = []
        for run in range(RUNS):
            name = list(pages)[run % len(pages)]
            with only_reading():
                costs[f"{reader}.{name}"].append(meter.cost_of(pages[name]))
        seen[reader] = pages["plain"]()
    every = [cost for own in costs.values() for cost in own]
    seconds = {name: [cost.seconds for cost in own] for name, own in costs.items()}
    times = [cost.seconds for cost in every]
    return {
        "cases": number,
        "finished": finished,
        "counties": counties,
        "items_seen": seen,
        "runs": len(every),
        "median_ms": median_ms(times),
        "p95_ms": p95_ms(times),
        "statements_per_page": round(fmean(cost.statements for cost in every), 2),
        "statements_max": max(cost.statements for cost in every),
        "commits_per_page": round(fmean(cost.commits for cost in every), 3),
        "bytes_open_case": sizes.of_case(ground.engine, season.cases[0]),
        "bytes_finished_case": sizes.of_case(ground.engine, season.cases[2]),
        "by_page": {name: {"median_ms": median_ms(own), "p95_ms": p95_ms(own)} for name, own in seconds.items()},
        "database": ground.kind,
        "seed": seed,
        "versions": versions(ground),
    }


def _pages(ground: Ground, unit_id: int, kind: PostKind, branch: Branch) -> dict[str, Callable[[], int]]:
    """The page as it is opened, filtered and sorted; each answers how many items there are."""
    with only_reading(), Session(ground.engine) as session:
        person_id = posts.holders(session, unit_id, [kind])[0].id
    held = [Held(unit_id=unit_id, kind=str(kind))]

    def page(*, within: int | None = None, **asked: Any) -> int:
        with only_reading(), Session(ground.engine) as session:
            unit_ids = units.subtree_ids(session, within) if within else None
            found = inbox.items(session, held, person_id, unit_ids=unit_ids, limit=PAGE, **asked)
            inbox.counts(session, held, person_id)
            return found.total

    step = FOR_COUNTIES if kind == PostKind.COUNTY_COMMITTEE else FOR_SCHOOLS
    return {
        "plain": page,
        "newest first": lambda: page(sort="new"),
        "overdue": lambda: page(overdue=True),
        "one step": lambda: page(step=step),
        "by name": lambda: page(title="1"),
        "one unit": lambda: page(within=branch.school_id),
    }


def _fill(season: Season, branches: list[Branch], number: int, finished: int) -> None:
    """Three cases by hand, the others as copies of their rows."""
    with progress("准备", 3 * 20) as tell:
        for until in (FOR_SCHOOLS, FOR_COUNTIES, None):
            season.now = season.begins
            season.bring([season.start()], until, tell)
    models = [_rows(season, case_id) for case_id in season.cases]
    dice = random.Random(len(branches))
    with progress("填入", number + finished) as tell:
        for first in range(0, number, AT_ONCE):
            block = range(first, min(first + AT_ONCE, number))
            _insert(season, _open(models[:2], branches, block, dice))
            tell(len(block))
        for first in range(0, finished, AT_ONCE):
            block = range(first, min(first + AT_ONCE, finished))
            _insert(season, _closed(models[2], branches, block))
            tell(len(block))
    with season.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _rows(season: Season, case_id: int) -> tuple[dict[str, Any], Rows]:
    """A case's row and its work items', without their ids."""
    cases, items = _table(Case), _table(WorkItem)
    with only_reading(), Session(season.engine) as session:
        case = session.execute(select(*cases.c).where(cases.c.id == case_id)).one()._asdict()
        waiting = [row._asdict() for row in session.execute(select(*items.c).where(items.c.case_id == case_id))]
    return _but(case, "id"), [_but(item, "id", "case_id") for item in waiting]


def _but(row: Mapping[str, Any], *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in left_out}


def _table(mapped: Any) -> Table:
    table: Table = mapped.__table__
    return table


def _open(
    models: list[tuple[dict[str, Any], Rows]], branches: list[Branch], block: range, dice: random.Random
) -> Iterator[tuple[dict[str, Any], Rows]]:
    for number in block:
        branch = branches[number % len(branches)]
        case, items = models[number // len(branches) % 2]
        due = clock.today() + timedelta(days=dice.randint(-30, 30))
        above = {
            str(PostKind.GRASSROOTS_COMMITTEE): branch.school_id,
            str(PostKind.COUNTY_COMMITTEE): branch.county_id,
        }
        yield (
            {**case, "unit_id": branch.unit_id, "title": f"测量申请人{number}", "subject_id": None},
            [
                {**item, "unit_id": above[item["post_kind"]], "due_on": due if dice.random() < 0.8 else None}
                for item in items
            ],
        )


def _closed(
    model: tuple[dict[str, Any], Rows], branches: list[Branch], block: range
) -> Iterator[tuple[dict[str, Any], Rows]]:
    for number in block:
        unit_id = branches[number % len(branches)].unit_id
        yield {**model[0], "unit_id": unit_id, "title": f"测量团员{number}", "subject_id": None}, []


def _insert(season: Season, made: Iterator[tuple[dict[str, Any], Rows]]) -> None:
    cases, items = _table(Case), _table(WorkItem)
    with Session(season.engine) as session, session.begin():
        last = session.scalar(select(func.max(cases.c.id))) or 0
        rows, waiting = [], []
        for case_id, (case, own) in enumerate(made, last + 1):
            rows.append({**case, "id": case_id})
            waiting += [{**item, "case_id": case_id} for item in own]
        session.execute(insert(cases), rows)
        if waiting:
            session.execute(insert(items), waiting)
