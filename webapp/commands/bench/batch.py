"""One decision for many work items: from the commit that opens the batch until the worker has decided the last item."""

import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import fmean, median
from typing import Any

import click
from celery import Celery
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from webapp.commands.bench import sizes
from webapp.commands.bench.cast import CANDIDATES_PER_BRANCH
from webapp.commands.bench.ground import Ground
from webapp.commands.bench.metering import Cost, Meter, median_ms, p95_ms, progress
from webapp.commands.bench.steps import versions
from webapp.commands.bench.walking import Ready, Season, way
from webapp.embedded import children
from webapp.embedded.environment import free_port
from webapp.embedded.supervision import Child
from webapp.queue import RELAY_JOB
from workflows import clock
from workflows.database import only_reading
from workflows.engine import batches
from workflows.engine.tables import Batch, BatchItem, StepRecord
from workflows.operations.wiring import ENVIRONMENT

STEP = "approve_admission"

ALONE = 50
"""Items at most that this process decides by itself, to see what each costs: the worker's statements are not seen."""

LOOK_SECONDS = 0.05
RING_SECONDS = 2.0
"""How often the relay is asked to hand over what is left, as the beat of a running product asks."""

START_SECONDS = 60.0
LONGEST_SILENCE = 60.0
"""Seconds without one more item decided after which the worker is taken for dead."""


def measure(ground: Ground, items: int, workers: int, seed: int) -> dict[str, Any]:
    """Decide `items` admissions of one school by one batch, answer how long the worker took, then decide some alone."""
    alone = min(items, ALONE)
    every = items + alone
    season = Season(ground.engine, every, seed, branches_per_school=-(-every // CANDIDATES_PER_BRANCH))
    ready = _brought(season, every)
    with _at_work(ground, workers) as relay:
        batch_id = _opened(season, ready[:items])
        begun = time.perf_counter()
        _wait(ground.engine, batch_id, items, relay)
        seconds = time.perf_counter() - begun
    costs = _decide_alone(season, _opened(season, ready[items:]))
    times = [cost.seconds for cost in costs]
    return {
        "items": items,
        "items_per_s": round(items / seconds, 1),
        "seconds": round(seconds, 3),
        "workers": workers,
        "step": STEP,
        **_results(ground.engine, batch_id, season.cases[:items]),
        "alone": alone,
        "median_ms": median_ms(times),
        "p95_ms": p95_ms(times),
        "statements_per_item": round(fmean(cost.statements for cost in costs), 2),
        "commits_per_item": round(fmean(cost.commits for cost in costs), 3),
        "bytes_open_case": round(median(sizes.of_case(ground.engine, each) for each in season.cases[items:])),
        "database": ground.kind,
        "seed": seed,
        "versions": versions(ground),
    }


def _brought(season: Season, number: int) -> list[Ready]:
    """So many cases, brought to the step that is decided."""
    step = next(step for step in way() if step.step == STEP)
    before = [each.step for each in way() if each.step].index(STEP)
    with progress("准备", number * before) as tell:
        for _ in range(number):
            season.start()
        season.bring(range(number), STEP, tell)
    season.travel(step.day)
    return [season.ready(each, step) for each in range(number)]


def _opened(season: Season, ready: list[Ready]) -> int:
    with clock.standing_at(season.now), Session(season.engine) as session, session.begin():
        return batches.open_batch(
            session,
            ENVIRONMENT,
            chosen=[(each.work_item_id, each.version) for each in ready],
            actor=ready[0].actor,
            outcome=ready[0].outcome,
            content=ready[0].content,
        ).id


def _decide_alone(season: Season, batch_id: int) -> list[Cost]:
    """Each item in a transaction of its own, as the worker does it."""
    with only_reading(), Session(season.engine) as session:
        items = [item.id for item in batches.progress_of(session, batch_id).items]
    meter = Meter(season.engine)
    with clock.standing_at(season.now):
        return [meter.cost_of(lambda each=item_id: _decide(season.engine, each)) for item_id in items]  # type: ignore[misc]


def _decide(engine: Engine, item_id: int) -> None:
    with Session(engine) as session, session.begin():
        batches.do_item(session, ENVIRONMENT, item_id)


@contextmanager
def _at_work(ground: Ground, workers: int) -> Iterator[Callable[[], None]]:
    """A broker and a worker of `workers` processes; gives what rings for the relay."""
    with tempfile.TemporaryDirectory(prefix="tuancheng-bench-") as name, ExitStack() as at_end:
        folder, port = Path(name), free_port()
        address = f"redis://:{secrets.token_urlsafe(16)}@127.0.0.1:{port}/0"
        told = {"TUANCHENG_DATABASE_URL": ground.address, "TUANCHENG_BROKER_URL": address}
        # No beat: its clock is this machine's, and the candidates' deadlines are long past by it.
        command = [sys.executable, "-m", "celery", "-A", "tasks.app", "worker", "--loglevel", "warning"]
        broker = children.broker(folder, port)
        broker.environment = told
        worker = Child("后台任务", [*command, "--concurrency", str(workers)], folder / "worker.log", told)
        for child in (broker, worker):
            at_end.callback(child.stop)
            child.start()
        app = Celery("bench", broker=address, set_as_current=False)
        at_end.callback(app.close)
        _wait_for(worker, app)
        yield lambda: _ring(app, worker)


def _wait_for(worker: Child, app: Celery) -> None:
    """Until the worker answers; what it costs to start is no part of the measure."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and _lives(worker):
        with suppress(Exception):
            if app.control.ping(timeout=0.5):
                return
        time.sleep(LOOK_SECONDS)
    raise click.ClickException(f"后台任务没有启动：\n{worker.last_words()}")


def _lives(child: Child) -> bool:
    return child.process is not None and child.process.poll() is None


def _ring(app: Celery, worker: Child) -> None:
    if not _lives(worker):
        raise click.ClickException(f"后台任务意外停止：\n{worker.last_words()}")
    app.send_task(RELAY_JOB)


def _wait(engine: Engine, batch_id: int, items: int, relay: Callable[[], None]) -> None:
    rung = moved = float("-inf")
    done = -1
    with progress("批量办理", items) as tell:
        while True:
            if time.monotonic() - rung > RING_SECONDS:
                relay()
                rung = time.monotonic()
            decided, ended = _state(engine, batch_id)
            if ended:
                return
            if decided != done:
                tell(decided - max(done, 0))
                done, moved = decided, time.monotonic()
            elif time.monotonic() - moved > LONGEST_SILENCE:
                raise click.ClickException(f"批量办理停在 {done}/{items}。")
            time.sleep(LOOK_SECONDS)


def _state(engine: Engine, batch_id: int) -> tuple[int, bool]:
    decided = select(func.count()).where(BatchItem.batch_id == batch_id, BatchItem.status != "waiting")
    with only_reading(), Session(engine) as session:
        return session.scalar(decided) or 0, session.get_one(Batch, batch_id).ended_at is not None


def _results(engine: Engine, batch_id: int, case_ids: list[int]) -> dict[str, Any]:
    """What became of each item, and whether each case has exactly the one record of it."""
    with only_reading(), Session(engine) as session:
        items = batches.progress_of(session, batch_id).items
        records = select(StepRecord.case_id).where(StepRecord.step == STEP, StepRecord.case_id.in_(case_ids))
        recorded = Counter(session.scalars(records))
    done = {item.case_id for item in items if item.status == "done"}
    return {
        "done": len(done),
        "refused": sum(item.status == "refused" for item in items),
        "refusals": dict(Counter(item.code for item in items if item.status == "refused")),
        "records_as_decided": recorded == Counter(dict.fromkeys(done, 1)),
    }
