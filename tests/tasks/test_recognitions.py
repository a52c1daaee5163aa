"""The nightly look at the facts behind joint recognitions."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks import database
from tasks.recognitions import renew_recognitions
from tests.support import drawings
from tests.support.two_cases import AT_WORK, TwoCases
from tests.support.two_sides import Move
from workflows import clock
from workflows.domain import recognitions
from workflows.domain.recommendations import Recommendation
from workflows.domain.recommendations import State as Record
from workflows.domain.two_keys import Side, State
from workflows.engine import bundles, cases, correlation
from workflows.engine.bundles import BundleFiles
from workflows.engine.mailbox import KeptMessage
from workflows.engine.tables import Case
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Actor
from workflows.operations import recognitions as joint
from workflows.operations.rehearsal import BlankDatabase


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TwoCases, Session]]:
    """Both sides have signed; the recommendation has a case of its own."""
    with BlankDatabase() as blank:
        both = TwoCases(blank)
        monkeypatch.setattr(database, "engine", lambda: blank.engine)
        with Session(blank.engine) as session, clock.standing_at(AT_WORK):
            session.scalars(select(Recommendation)).one().case_id = _case_of_the_recommendation(session, both)
            session.commit()
            for move in (Move("begin", Side.PARTY), Move("sign", Side.LEAGUE), Move("sign", Side.PARTY)):
                assert both.make(session, move)
            yield both, session


def _case_of_the_recommendation(session: Session, both: TwoCases) -> int:
    """A case that waits for the result, as the recommendation's does, and then stands at `read`."""
    drawn = drawings.drawn("message_catch_event")
    waiting = drawn.files["message_catch_event.bpmn"].replace('name="news"', f'name="{joint.CLOSED}"')
    waiting = waiting.replace('id="day" name="day"', 'id="day" name="recommendation"').replace("书记", "团支部书记")
    of = session.scalars(select(Recommendation.id)).one()
    waiting = waiting.replace("<bpmn:messagePath>wish.on<", f"<bpmn:messagePath>{of}<")
    bundles.store(session, BundleFiles({**drawn.files, "message_catch_event.bpmn": waiting}), [], SYSTEM, "")
    secretary = Actor(person_id=both.stage.cast["secretary"])
    given = {"process": "message_catch_event", "unit_id": both.stage.unit_id, "actor": secretary}
    return cases.start(session, both.stage.environment, outcome="yes", content={}, **given).id


def record(session: Session) -> Recommendation:
    session.expire_all()
    return session.scalars(select(Recommendation)).one()


def test_the_record_says_determined_only_while_the_recognition_stands(signed: tuple[TwoCases, Session]) -> None:
    both, session = signed
    assert (record(session).state, record(session).determined_on) == (Record.DETERMINED, clock.today())
    assert both.make(session, Move("renew"))
    assert (record(session).state, record(session).determined_on) == (Record.KEPT, None)


def test_the_case_of_the_recommendation_hears_the_result_and_no_result_that_does_not_hold_any_more(
    signed: tuple[TwoCases, Session],
) -> None:
    both, session = signed
    case_id = record(session).case_id
    assert case_id is not None
    [kept] = session.scalars(select(KeptMessage).where(KeptMessage.name == joint.CLOSED))
    assert kept.payload == {"state": "recognised", "reason": "", "on": clock.today().isoformat()}
    assert both.make(session, Move("renew"))
    [kept] = session.scalars(select(KeptMessage).where(KeptMessage.name == joint.CLOSED))
    assert (kept.payload["state"], kept.payload["on"]) == ("suspended", None)
    assert "推荐文号" in kept.payload["reason"]
    assert correlation.deliver_to(session, both.stage.environment, case_id) == 1
    session.commit()
    assert cases.data_of(session.get_one(Case, case_id))["hear"]["state"] == "suspended"
    for side in Side:
        assert both.make(session, Move("deliver", side))
        assert both.make(session, Move("sign", side))
    assert record(session).state is Record.DETERMINED
    assert session.scalars(select(KeptMessage).where(KeptMessage.name == joint.CLOSED)).all() == []


def test_at_night_new_facts_suspend_a_recognition_and_both_sides_are_told(signed: tuple[TwoCases, Session]) -> None:
    both, session = signed
    for side in Side:
        assert both.make(session, Move("deliver", side))
    assert renew_recognitions() == 0
    record(session).document += "（更正）"
    session.commit()
    assert renew_recognitions() == 1
    assert renew_recognitions() == 0
    session.expire_all()
    assert both.row(session).state is State.SUSPENDED
    assert {joint.MESSAGE[side] for side in Side} <= set(session.scalars(select(KeptMessage.name)))


def test_one_that_cannot_be_looked_at_keeps_nobody_else_from_it(
    signed: tuple[TwoCases, Session], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    both, session = signed
    known = both.row(session).id
    monkeypatch.setattr(recognitions, "live_ids", lambda _session: [known + 1, known])
    record(session).document += "（更正）"
    session.commit()
    assert renew_recognitions() == 1
    assert f"recognition {known + 1} failed: {NotFound.__name__}" in caplog.text
