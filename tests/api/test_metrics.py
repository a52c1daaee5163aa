"""/metrics: nothing without the setting, nothing without the token, and figures that are true."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.support import trouble
from tests.support.cast import Cast
from webapp.settings import Settings, SettingsIncomplete
from workflows import clock, outbox
from workflows.engine import jobs, stuck
from workflows.engine.job_tables import Job
from workflows.engine.tables import DueTimer

TOKEN = "a token for tests only"


def figures(app: Flask) -> dict[str, float]:
    """What a reader with the token is told."""
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    lines = answer.get_data(as_text=True).splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines) if name[:1] != "#"}


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application has been given a token."""
    monkeypatch.setitem(app.config, "METRICS_TOKEN", TOKEN)
    trouble.lend_operation(monkeypatch)


def test_without_the_setting_there_is_no_such_page(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer a token for tests", "Basic abc", "Bearer 令牌"])
def test_without_the_token_nothing_is_told(app: Flask, told: None, header: str | None) -> None:
    answer = app.test_client().get("/metrics", headers={"Authorization": header} if header is not None else {})
    assert (answer.status_code, answer.data) == (401, b"")


def test_nothing_waits_at_first(app: Flask, told: None, cast: Cast, now: datetime) -> None:
    assert {name: value for name, value in figures(app).items() if value} == {}


def test_figures_tell_what_waits_and_for_how_long(
    app: Flask, told: None, cast: Cast, session: Session, now: datetime
) -> None:
    trouble.publish(session)
    trouble.a_case(session, cast)
    with clock.moved_by(timedelta(seconds=30)):
        before = figures(app)
    assert before['tuancheng_jobs{status="waiting"}'] == 1
    assert before["tuancheng_job_lag_seconds"] == before["tuancheng_job_oldest_seconds"] == 30
    trouble.work(session)
    case_id = trouble.a_case(session, cast, count=1)
    job_id = jobs.of_case(session, case_id)[0].id
    assert jobs.claim(session, job_id) == 1
    outbox.post(session, "notice")
    row = {"case_id": case_id, "task": 99, "step": "rest", "label": "等", "due_at": now}
    session.add_all([DueTimer(**row), DueTimer(**{**row, "task": 98}, held=True)])
    session.commit()
    with clock.moved_by(timedelta(seconds=90)):
        told_now = figures(app)
    wanted = {
        'jobs{status="waiting"}': 0,
        'jobs{status="running"}': 1,
        'jobs{status="failed"}': 1,
        "job_lag_seconds": 0,
        "job_oldest_seconds": 90,
        "outbox_rows": 1,
        "outbox_lag_seconds": 90,
        "timers_due": 1,
        "timer_lag_seconds": 90,
        'incidents{kind="job"}': 1,
        'incidents{kind="timer"}': 0,
        'incidents{kind="stuck"}': 0,
        "stuck_cases": 0,
        "batch_items_waiting": 0,
    }
    assert told_now == {f"tuancheng_{name}": value for name, value in wanted.items()}


def test_a_stuck_case_is_counted(app: Flask, told: None, cast: Cast, session: Session, now: datetime) -> None:
    trouble.publish(session)
    trouble.a_case(session, cast)
    session.execute(Job.__table__.delete())
    stuck.find(session, stuck.suspects(session))
    session.commit()
    assert figures(app)["tuancheng_stuck_cases"] == 1


def test_figures_name_no_person_and_every_one_is_on_the_reference_page(
    app: Flask, told: None, cast: Cast, session: Session, now: datetime
) -> None:
    trouble.an_incident(session, cast)
    names = {re.sub(r"\{.*", "", name) for name in figures(app)}
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert names == set(re.findall(r"^\| `(tuancheng_\w+)", page, re.MULTILINE))
    everything = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "乌云" not in everything.get_data(as_text=True)


def test_a_token_that_can_be_guessed_is_refused_at_the_start() -> None:
    environment = {
        "TUANCHENG_DATABASE_URL": "sqlite://",
        "TUANCHENG_BROKER_URL": "redis://127.0.0.1:1/0",
        "TUANCHENG_SECRET_KEY": "x" * 32,
        "TUANCHENG_DATA_KEY": "x" * 32,
    }
    assert Settings.from_environment(environment).metrics_token == ""
    assert Settings.from_environment({**environment, "TUANCHENG_METRICS_TOKEN": "x" * 16}).metrics_token == "x" * 16
    with pytest.raises(SettingsIncomplete, match="TUANCHENG_METRICS_TOKEN is too short"):
        Settings.from_environment({**environment, "TUANCHENG_METRICS_TOKEN": "short"})
