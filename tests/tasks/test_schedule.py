"""The worker's settings hold together."""

import runpy
from pathlib import Path

import pytest
from celery import Celery

from tasks import database, schedule, settings
from workflows.outbox import RESEND_AFTER


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The application's module, as a worker imports it."""
    monkeypatch.setenv("TUANCHENG_BROKER_URL", "redis://127.0.0.1:1/0")
    return runpy.run_path(str(Path(schedule.__file__).with_name("app.py")))


def test_every_scheduled_job_exists(module: dict[str, object]) -> None:
    app = module["app"]
    assert isinstance(app, Celery)
    app.loader.import_default_modules()
    for entry in schedule.SCHEDULE.values():
        assert entry["task"] in app.tasks
    assert schedule.PERFORM in app.tasks


def test_no_job_outlives_the_patience_of_the_broker_or_of_the_sweep(module: dict[str, object]) -> None:
    longest, patience = module["LONGEST_JOB"], module["VISIBLE_AGAIN_AFTER"]
    assert isinstance(longest, int)
    assert isinstance(patience, int)
    assert longest < patience <= RESEND_AFTER.total_seconds()


def test_messages_are_acknowledged_late_and_hold_json_only(module: dict[str, object]) -> None:
    conf = module["app"].conf  # type: ignore[attr-defined]
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]


def test_only_redis_is_told_how_long_to_wait_for_a_dead_worker(module: dict[str, object]) -> None:
    options = module["transport_options"]
    assert callable(options)
    assert options("redis://x")["visibility_timeout"] == module["VISIBLE_AGAIN_AFTER"]
    assert options("amqp://x") == {}


def test_a_worker_killed_in_its_search_for_lost_messages_does_not_keep_the_others_from_searching(
    module: dict[str, object],
) -> None:
    options, patience = module["transport_options"], module["VISIBLE_AGAIN_AFTER"]
    assert callable(options)
    assert isinstance(patience, int)
    assert 0 < options("redis://x")["unacked_mutex_expire"] < patience


def test_a_missing_setting_ends_the_worker_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUANCHENG_DATABASE_URL", raising=False)
    with pytest.raises(SystemExit, match="TUANCHENG_DATABASE_URL is not set"):
        settings.database_url()


def test_a_forked_worker_makes_its_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUANCHENG_DATABASE_URL", "sqlite://")
    mine = database.engine()
    assert database.engine() is mine
    database._own_connections()
    assert database.engine() is not mine
    database.engine.cache_clear()
