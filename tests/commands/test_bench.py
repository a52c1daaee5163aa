"""`tuancheng bench`: the measurements run at a tiny size, say what they should, and leave nothing behind.

How fast anything is, no test says: docs/explanation/capacity.md does.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from click.testing import Result
from sqlalchemy import create_engine, text

from tests.support.postgres import Postgres
from webapp.commands.bench import batch, ground, http, walking
from webapp.commands.demo import calendar
from workflows import migrations
from workflows.domain import quotas

Tuancheng = Callable[..., Result]
InWords = Callable[[str, dict[str, Any]], str]


@pytest.fixture
def given(postgres: Postgres) -> str:
    """The address of a database beside which measurements make their own."""
    return postgres.administration.render_as_string(hide_password=False)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where measurements put what they need."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen rounds or pages run the same code as two hundred, and one uncounted case the same as three."""
    monkeypatch.setattr("webapp.commands.bench.steps.WARM", 1)
    monkeypatch.setattr("webapp.commands.bench.http.WARM", 1)
    monkeypatch.setattr("webapp.commands.bench.inbox.RUNS", 12)
    monkeypatch.setattr("webapp.commands.bench.looping.STEPS", 12)
    monkeypatch.setattr("webapp.commands.bench.timers.RUNS", 3)
    monkeypatch.setattr("webapp.commands.bench.looping.LATE", slice(9, 12))


def databases(address: str) -> set[str]:
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            return set(connection.scalars(text("SELECT datname FROM pg_database")))
    finally:
        engine.dispose()


@pytest.fixture
def in_words(tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch) -> InWords:
    """What a person is told of figures that have been measured."""

    def said(what: str, found: dict[str, Any]) -> str:
        monkeypatch.setattr(f"webapp.commands.bench.{what}.measure", lambda *_sizes, **_more: found)
        answer = tuancheng("bench", what)
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    return said


def way_of_people() -> list[walking.Step]:
    return [step for step in walking.way() if step.step]


def told(answer: Result) -> dict[str, Any]:
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert isinstance(found, dict)
    return found


def test_steps_tells_what_a_step_costs_beside_the_bare_library(
    tuancheng: Tuancheng, in_words: InWords, temporary: Path
) -> None:
    found = told(tuancheng("bench", "steps", "--cases", "2", "--bare", "--json"))
    assert found["steps"] == 2 * len(found["by_step"])
    assert found["steps_per_s"] > 0
    assert found["min_ms"] <= found["median_ms"] <= found["p95_ms"] <= found["max_ms"]
    # P1 of the targets. A step that asks nothing of its own has 9; one more there is a tenth of the speed.
    assert 0 < found["statements_per_step"] <= min(12, found["statements_max"])
    assert found["by_step"]["check_admission_form"]["statements"] == 9
    assert (found["commits_per_step"], found["commits_max"]) == (1, 1)
    # P6 of the targets; the journal is counted apart.
    assert found["bytes_open_case"] <= 12_000
    assert found["bytes_finished_case"] <= 8_000
    assert found["bytes_open_case"] > 0
    assert found["bytes_finished_case"] > found["tables_finished_case"]["step_record"] > 0
    assert found["journal_bytes_finished_case"] > 0
    assert found["ratio_to_bare"] == pytest.approx(found["steps_per_s"] / found["bare_steps_per_s"], abs=0.01)
    assert found["growth_200_to_5"] > 0
    assert found["cpu_median_ms"] > 0
    assert found["floor_median_ms"] > 0
    assert not list(temporary.iterdir())
    said = in_words("steps", found)
    assert all(word in said for word in ("每秒步数", "中位数", "每步语句", "办结案件", "SpiffWorkflow"))


def test_steps_on_postgresql_uses_a_database_beside_the_given_one(
    tuancheng: Tuancheng, in_words: InWords, given: str
) -> None:
    before = databases(given)
    found = told(tuancheng("bench", "steps", "--cases", "1", "--database", given, "--json"))
    assert (found["database"], found["commits_per_step"], found["ratio_to_bare"]) == ("postgresql", 1, None)
    assert databases(given) == before
    assert "SpiffWorkflow" not in in_words("steps", found)


def test_http_has_people_act_through_the_server_beside_the_service_layer(
    tuancheng: Tuancheng, in_words: InWords, temporary: Path
) -> None:
    found = told(tuancheng("bench", "http", "--cases", "1", "--json"))
    steps = len(way_of_people())
    assert (found["http_steps"], found["page_steps"], found["service_steps"]) == (steps, steps, steps)
    assert 0 < found["http_median_ms"] <= found["http_p95_ms"]
    assert found["http_steps_per_s"] > 0
    assert found["http_statements_per_step"] > found["service_statements_per_step"] > 0
    assert found["http_cpu_median_ms"] > 0
    assert found["http_get_median_ms"] > 0
    assert found["floor_get_statements"] == 0
    assert not list(temporary.iterdir())
    said = in_words("http", found)
    assert all(word in said for word in ("经接口", "经网页", "服务层", "办理前读取"))


def test_a_server_that_does_not_come_up_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    monkeypatch.setattr("webapp.embedded.children.sys.executable", "/bin/false")
    told = pytest.raises(ClickException, match="网页没有启动")
    with ground.fresh(None) as there, told, http._server(there):
        pass
    assert not list(temporary.iterdir())


def test_batch_has_a_worker_decide_every_item_once(
    tuancheng: Tuancheng, in_words: InWords, given: str, temporary: Path
) -> None:
    before = databases(given)
    found = told(tuancheng("bench", "batch", "--items", "2", "--database", given, "--json"))
    assert (found["database"], found["workers"], found["done"], found["refused"]) == ("postgresql", 2, 2, 0)
    assert found["records_as_decided"] is True
    assert found["items_per_s"] > 0
    assert found["alone"] == 2
    assert found["p95_ms"] >= found["median_ms"] > 0
    assert (found["statements_per_item"], found["commits_per_item"]) == (22, 1)
    assert found["bytes_open_case"] < 12_000
    assert databases(given) == before
    assert not list(temporary.iterdir())
    said = in_words("batch", found)
    assert all(word in said for word in ("每秒项数", "单独一项", "逐项核对"))


def test_a_worker_that_does_not_come_up_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    monkeypatch.setattr("webapp.commands.bench.batch.sys.executable", "/bin/false")
    told = pytest.raises(ClickException, match="后台任务没有启动")
    with ground.fresh(None) as there, told, batch._at_work(there, 1):
        pass
    assert not list(temporary.iterdir())


def test_inbox_times_the_first_page_as_two_readers_open_it(
    tuancheng: Tuancheng, in_words: InWords, temporary: Path
) -> None:
    found = told(tuancheng("bench", "inbox", "--cases", "40", "--finished", "10", "--counties", "2", "--json"))
    assert (found["cases"], found["finished"], found["counties"]) == (40, 10, 2)
    assert all(0 < seen <= 20 for seen in found["items_seen"].values())
    assert found["p95_ms"] >= found["median_ms"] > 0
    assert {"county.plain", "school.overdue", "county.one unit"} <= found["by_page"].keys()
    assert (found["statements_per_page"], found["statements_max"], found["commits_per_page"]) == (3.33, 5, 0)
    assert found["bytes_finished_case"] < 8_000
    assert found["bytes_open_case"] < 12_000
    assert not list(temporary.iterdir())
    said = in_words("inbox", found)
    assert all(word in said for word in ("第95百分位", "每页语句", "所占字节"))


def test_a_measurement_that_breaks_off_leaves_nothing_behind(
    tuancheng: Tuancheng, given: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webapp.commands.bench.steps.measure", interrupted)
    before = databases(given)
    assert tuancheng("bench", "steps", "--database", given).exit_code == 1
    assert tuancheng("bench", "steps").exit_code == 1
    assert databases(given) == before
    assert not list(temporary.iterdir())


def test_a_file_that_is_there_already_is_left_alone(tuancheng: Tuancheng, tmp_path: Path) -> None:
    mine = tmp_path / "mine.sqlite"
    mine.write_bytes(b"precious")
    answer = tuancheng("bench", "steps", "--database", f"sqlite:///{mine}")
    assert (answer.exit_code, "已经存在" in answer.stderr) == (2, True)
    assert mine.read_bytes() == b"precious"


def test_a_file_that_is_not_there_is_gone_afterwards(tmp_path: Path) -> None:
    with ground.fresh(f"sqlite:///{tmp_path / 'new.sqlite'}") as there:
        assert migrations.current(there.engine)
        assert (tmp_path / "new.sqlite").exists()
    assert not list(tmp_path.glob("new.sqlite*"))


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://host/name",
        "sqlite://",
        "sqlite:////nowhere/at/all.sqlite",
        "postgresql+psycopg://host",
        "postgresql+psycopg://nobody@127.0.0.1:1/none",
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_words(tuancheng: Tuancheng, address: str) -> None:
    answer = tuancheng("bench", "steps", "--database", address)
    assert (answer.exit_code, "--database" in answer.stderr) == (2, True)


@pytest.mark.parametrize("size", ["0", "-1", "many"])
@pytest.mark.parametrize(
    "what",
    [("steps", "--cases"), ("http", "--cases"), ("batch", "--items"), ("inbox", "--cases")],
    ids=lambda it: it[0],
)
def test_a_size_that_is_none_is_refused(tuancheng: Tuancheng, what: tuple[str, str], size: str) -> None:
    assert tuancheng("bench", *what, size).exit_code == 2


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_timers_tells_what_a_tick_costs_and_what_firing_does(
    tuancheng: Tuancheng, in_words: InWords, given: str, temporary: Path, where: str
) -> None:
    chosen = ("--database", given) if where == "postgresql" else ()
    found = told(tuancheng("bench", "timers", "--timers", "500", "--due", "2", "--json", *chosen))
    assert (found["database"], found["waiting"], found["fired"]) == (where, 500, 2)
    assert found["tick_alone_median_ms"] > 0
    assert 0 < found["tick_median_ms"] <= found["tick_p95_ms"]
    assert 0 < found["fire_median_ms"] <= found["fire_p95_ms"]
    assert not list(temporary.iterdir())
    said = in_words("timers", found)
    assert all(word in said for word in ("查一次到期", "用索引", "触发一个"))


def test_a_year_is_walked_by_two_processes_and_audited(
    tuancheng: Tuancheng, in_words: InWords, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    days = calendar.days_of(2020)[:16]
    monkeypatch.setattr(calendar, "days_of", lambda _year: days)
    found = told(tuancheng("bench", "year", "--people", "12", "--workers", "2", "--json"))
    assert (found["people"], found["workers"], found["days"]) == (12, 2, 16)
    assert found["steps"] == sum(found["by_step"].values()) > 0
    assert found["steps_per_s"] > 0
    assert sum(found["outcomes"].values()) == found["by_step"]["submit_application/submit"]
    assert found["cpu_ms_per_step"] > 0
    assert (found["faults"], found["refusals"]) == ([], {})
    assert found["checked"]["履历"] > found["steps"]
    # Each of the three processes holds the program at least.
    assert found["memory_mb"] > 150
    assert found["database_mb"] > 0
    assert not list(temporary.iterdir())
    said = in_words("year", found)
    assert all(word in said for word in ("规模", "每秒步数", "内存", "对账"))


def test_a_year_that_does_not_add_up_ends_with_1(
    tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    days = calendar.days_of(2020)[:2]
    monkeypatch.setattr(calendar, "days_of", lambda _year: days)
    monkeypatch.setattr(quotas, "audit", lambda _session: quotas.Audit({}, ["账户 1：流水合计与账面不符"]))
    answer = tuancheng("bench", "year", "--people", "1", "--workers", "1")
    assert answer.exit_code == 1
    assert "账户 1：流水合计与账面不符" in answer.stderr
    assert not list(temporary.iterdir())
