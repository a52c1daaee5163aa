"""A whole year: the region of `tuancheng demo year`, played to its end by some processes, and then the audit."""

import time
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from webapp.commands.bench.ground import Ground
from webapp.commands.bench.steps import versions
from webapp.commands.demo import calendar, players, telling
from workflows import journal
from workflows.database import only_reading
from workflows.domain import quotas

FAULTS_TOLD = 20


def measure(ground: Ground, people: int, year: int, workers: int, seed: int) -> dict[str, Any]:
    """Build the year, let it pass, and look whether places, numbers, members and journal tell one story."""
    begun = time.perf_counter()
    applicants = calendar.found(ground.engine, people=people, year=year, seed=seed)
    built, before = time.perf_counter(), time.process_time()
    parts = calendar.parts_of(ground.address, applicants, year, seed, workers)
    played = calendar.play(ground.engine, parts, calendar.days_of(year), telling.progress())
    ended = time.perf_counter()
    faults, checked = _audited(ground.engine)
    seconds, acts = ended - built, played.tally.acts
    is_shared = len(parts) > 1
    in_other_processes = sum(played.memory) if is_shared else 0
    computed = sum(played.computed) if is_shared else played.computed[0] - before
    return {
        "people": people,
        "year": year,
        "workers": len(parts),
        "seconds": round(seconds, 1),
        "seconds_to_build": round(built - begun, 1),
        "seconds_to_audit": round(time.perf_counter() - ended, 1),
        "days": played.days,
        "steps": acts["steps"],
        "steps_per_s": round(acts["steps"] / seconds, 1),
        "cpu_ms_per_step": round(computed * 1000 / max(acts["steps"], 1), 2),
        "acts": dict(acts),
        "jobs_performed": played.performed,
        "refusals": dict(played.tally.refusals),
        "outcomes": telling.outcomes(ground.engine),
        "waiting": telling.waiting(ground.engine),
        "memory_mb": round((players.memory() + in_other_processes) / 2**20),
        "database_mb": round(_size(ground.engine) / 2**20, 1),
        "checked": checked,
        "faults": faults,
        "by_step": dict(sorted(played.tally.steps.items())),
        "database": ground.kind,
        "seed": seed,
        "versions": versions(ground),
    }


def _audited(engine: Engine) -> tuple[list[str], dict[str, int]]:
    """Every fault of places and of the journal, and what was looked at."""
    with only_reading(), Session(engine) as session:
        places, chains = quotas.audit(session), journal.verify(session)
    checked = {**places.checked, "履历": chains.entries, "链": chains.chains, "封存": chains.seals}
    return [*places.faults, *chains.faults], checked


def _size(engine: Engine) -> int:
    """Bytes of the database with its indexes; of SQLite without what still lies in the log beside it."""
    asked = "SELECT pg_database_size(current_database())"
    if engine.dialect.name == "sqlite":
        asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with only_reading(), engine.connect() as connection:
        return int(connection.execute(text(asked)).scalar_one())
