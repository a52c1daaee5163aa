"""The product as it runs: gunicorn, a Celery worker with its beat, PostgreSQL, Valkey, and people in a real browser."""

import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.e2e.desk import PAGE_MS, Desk
from tests.support import broker, browser
from tests.support.postgres import Postgres
from webapp.embedded.supervision import Child
from workflows import clock
from workflows.database import new_engine
from workflows.domain import demo
from workflows.engine import bundles, check
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT

expect.set_options(timeout=PAGE_MS)

ADMISSION = Path(__file__).parents[2] / "bpmn" / "admission"
PASSWORD = "Demo-for-tests-1"
READY_SECONDS = 60
PLAN_OF = date(2026, 2, 1)
"""The plan is that of the year in which the stories' dates lie."""


@dataclass(frozen=True)
class House:
    """Where the product runs, and the database under it."""

    url: str
    database: Engine


@pytest.fixture(scope="session")
def house(postgres: Postgres, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo schools, the admission process, a server and a worker; every story brings its own candidates."""
    name, logs = f"tuancheng_{uuid4().hex[:12]}", tmp_path_factory.mktemp("stories")
    engine = new_engine(postgres.create(name, template=postgres_template).render_as_string(hide_password=False))
    with ExitStack() as at_end:
        at_end.callback(postgres.drop, name)
        at_end.callback(engine.dispose)
        with Session(engine) as session:
            with clock.standing_at(clock.start_of(PLAN_OF)):
                demo.install(session, password=PASSWORD)
            check.publish(session, ENVIRONMENT, bundles.read_folder(ADMISSION), SYSTEM, "首次发布")
            session.commit()
        environment = {
            "TUANCHENG_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "TUANCHENG_BROKER_URL": at_end.enter_context(broker.running()),
            "TUANCHENG_SECRET_KEY": "a secret for the end-to-end tests only",
        }
        port = free_port()
        web = ["gunicorn", "webapp.app:create_app()", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
        worker = ["celery", "-A", "tasks.app", "worker", "--beat", "--concurrency", "1", "--loglevel", "info"]
        for part, command in (("web", [*web, "--threads", "4"]), ("worker", worker)):
            child = Child(part, [sys.executable, "-m", *command], logs / f"{part}.log", environment)
            at_end.callback(child.stop)
            child.start()
        wait_for(port, logs / "web.log")
        yield House(f"http://127.0.0.1:{port}", engine)


@pytest.fixture
def process_restored(house: House) -> Iterator[None]:
    """After the story the newest version of the process is the packaged one again."""
    yield
    with Session(house.database) as session:
        check.publish(session, ENVIRONMENT, bundles.read_folder(ADMISSION), SYSTEM, "恢复")
        session.commit()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for all stories."""
    found = browser.find()
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=found.executable, args=browser.ARGUMENTS, env=found.environ()
        ) as started,
    ):
        yield started


@pytest.fixture
def desks(house: House, chromium: Browser) -> Iterator["Desks"]:
    """Desks at which people sit, each with a browser of its own; what went wrong in a console fails the test."""
    found = Desks(house.url, chromium)
    yield found
    complaints = found.close()
    assert not complaints


class Desks:
    """One desk for each login, opened when it is first needed."""

    def __init__(self, url: str, chromium: Browser) -> None:
        self.url, self.chromium = url, chromium
        self.open: dict[str, Desk] = {}

    def __getitem__(self, login: str) -> Desk:
        if login not in self.open:
            context = self.chromium.new_context(
                base_url=self.url, locale="zh-CN", viewport={"width": 1366, "height": 768}
            )
            self.open[login] = Desk(context.new_page())
            self.open[login].sign_in(login, PASSWORD)
        return self.open[login]

    def close(self) -> list[str]:
        """Close all, and answer what the consoles complained about."""
        for desk in self.open.values():
            desk.page.context.close()
        return [complaint for desk in self.open.values() for complaint in desk.complaints]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, log: Path) -> None:
    """Until the server answers; fails with what it said when it does not."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=2):
                return
        except urllib.error.HTTPError as error:
            raise AssertionError(log.read_text()) from error
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
