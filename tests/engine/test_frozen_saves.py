"""Cases saved by earlier versions of the engine go on to their end. See frozen/README.md: never edit, only add."""

import json
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.engine.conftest import MONDAY, SECRETARY, Office
from workflows import clock
from workflows.database import table_of, throwaway_key
from workflows.engine import bundles, persistence, saving, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Environment
from workflows.engine.running import Act
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations import rehearsal
from workflows.operations.rehearsal import BlankDatabase

FROZEN = Path(__file__).parent / "frozen"
SAVES = sorted(FROZEN.glob("*.json"))
ADMISSION = [path for path in SAVES if "admission" in path.name]
TINY = [path for path in SAVES if "admission" not in path.name]


def test_there_are_saves_of_every_format_that_is_read() -> None:
    assert {json.loads(path.read_text())["format"] for path in SAVES} == set(saving.READABLE)


@pytest.mark.parametrize("path", ADMISSION, ids=lambda path: path.stem)
def test_an_admission_saved_long_ago_comes_to_its_end(path: Path, blank_database: BlankDatabase) -> None:
    save = json.loads(path.read_text())
    files = bundles.read_folder(FROZEN / save["bundle"])
    scenario = scenarios.read(files.files[save["scenario"]], save["scenario"])
    with Session(blank_database.emptied()) as session, throwaway_key():
        with clock.standing_at(clock.start_of(scenario.begins) - timedelta(days=1)):
            stage = rehearsal.RehearsalStage(session, files, scenario)
        player = scenarios._Player(scenario, stage)
        for number, step in enumerate(scenario.steps):
            if number == save["done"]:
                with clock.standing_at(player.moment):
                    thaw(session, stage.environment, player.case(), save)
            player.do(step)
        assert player.case().ended_step == scenario.ends_at


@pytest.mark.parametrize("path", TINY, ids=lambda path: path.stem)
def test_a_tiny_case_saved_long_ago_comes_to_its_end(path: Path, blank_database: BlankDatabase) -> None:
    save = json.loads(path.read_text())
    with Session(blank_database.emptied()) as session, clock.standing_at(MONDAY):
        office = Office(session, "saved and restored")
        office.given = save["given"]
        case = office.start(tiny(save["drawing"]), process=save["drawing"])
        for number, (what, step, argument) in enumerate(save["steps"]):
            if number == save["done"]:
                thaw(session, office.environment, case, save)
            go(office, what, step, argument)
        assert office.waiting == []
        assert case.ended_at is not None


def tiny(drawing: str) -> BundleFiles:
    """A frozen drawing with the frozen form for every step."""
    text = (FROZEN / "tiny" / f"{drawing}.bpmn").read_text()
    nodes = BundleFiles({"tiny.bpmn": text}).catalogue().nodes.values()
    form = (FROZEN / "tiny" / "forms" / "any.form").read_text()
    return BundleFiles({"tiny.bpmn": text} | {f"forms/{bundles.form_name(node)}.form": form for node in nodes})


def thaw(session: Session, environment: Environment, case: Case, save: dict[str, Any]) -> None:
    """Put the frozen state in the place of the case's own, and what it waits for beside it."""
    case = persistence.lock(session, case.id)
    case.state = b64decode(save["state"])
    for table in [table_of(kept.model) for kept in persistence.KEPT]:
        session.execute(delete(table).where(table.c.case_id == case.id))
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), SYSTEM)
    workflow = persistence.load(act)
    act.kept = {}
    persistence.write(act, workflow)
    session.commit()


def go(office: Office, what: str, step: str, argument: str) -> None:
    """One step: somebody does it, some days pass, or somebody sends a message."""
    if what == "do":
        items = office.session.scalars(select(WorkItem).where(WorkItem.step == step).order_by(WorkItem.id))
        office.complete(items.first(), argument, SECRETARY)
    elif what == "days":
        with clock.moved_by(timedelta(days=int(argument))):
            assert office.timers_fire() == 1
    else:
        office.send(step, argument)
