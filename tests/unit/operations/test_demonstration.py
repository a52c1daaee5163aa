"""Demo candidates: one whose way cannot be walked today is left out, and nothing of the attempt stays behind."""

import gc
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.engine import bundles
from workflows.engine.environment import Addressee
from workflows.engine.scenarios import Scenario
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Actor
from workflows.operations import demonstration
from workflows.operations.demonstration import DemoStage
from workflows.operations.rehearsal import lawful_actor

ADMISSION = Path(__file__).parents[3] / "bpmn" / "admission"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
def way(session: Session) -> Scenario:
    """The first two steps of the plain way, with the process published."""
    files = bundles.read_folder(ADMISSION)
    bundles.store(session, files, [], SYSTEM, "测试")
    whole = demonstration._whole_way(files.files, demonstration.WAYS["NMG_2020"])
    return replace(whole, steps=whole.steps[:2])


def test_the_next_candidate_is_not_taken_for_one_whose_case_was_taken_back(
    session: Session, cast: Cast, way: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []  # as an exception's frames hold what they have seen
    event.listen(session, "loaded_as_persistent", lambda _session, row: seen.append(row))

    def actor_for(stage: DemoStage, addressee: Addressee, barred: set[int]) -> Actor:
        gc.collect()  # the case is read anew at every step, as in a process that has been running for long
        return lawful_actor(stage.session, addressee, barred)

    monkeypatch.setattr(DemoStage, "actor_for", actor_for)
    broken = replace(way, steps=[*way.steps, {"do": "ceremony", "on": date(2020, 9, 1), "outcome": "submit"}])
    assert demonstration._walk(session, cast.branch, "演示·安甲", broken) == 0
    [lost] = {row for row in seen if isinstance(row, Case)}
    assert demonstration._walk(session, cast.branch, "演示·安乙", way) == 1
    kept = session.scalars(select(Case)).one()
    assert (kept is lost, kept.title) == (False, "演示·安乙")
    assert session.scalar(select(func.count()).select_from(Case)) == 1
