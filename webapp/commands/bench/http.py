"""One user step over HTTP: the product's own server with one worker, people with sessions; beside the service layer."""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.commands.bench.browsing import API, Browsing, Visitor
from webapp.commands.bench.ground import Ground
from webapp.commands.bench.metering import Cost, Meter, median_ms, p95_ms, per_second, progress
from webapp.commands.bench.served import QUICK
from webapp.commands.bench.steps import BLOCK, WARM, versions
from webapp.commands.bench.walking import Ready, Season, way
from webapp.embedded import children
from webapp.embedded.environment import free_port
from webapp.embedded.supervision import Child
from workflows import clock
from workflows.domain import accounts
from workflows.domain.posts import Post

PASSWORD = "Measured-2020-" + secrets.token_hex(4)
START_SECONDS = 60.0

_HIDDEN = re.compile(r'<input type="hidden" name="(csrf_token|version)" value="([^"]*)">')


@dataclass
class Way:
    """One way of doing a step, the candidates who go it, and what it cost."""

    complete: Callable[[Ready], Cost]
    numbers: range
    costs: list[Cost] = field(default_factory=list)
    reading: list[Cost] = field(default_factory=list)


class Desk:
    """Where everybody sits down to act through the server."""

    def __init__(self, browsing: Browsing, logins: dict[int, str]) -> None:
        self.browsing = browsing
        self.visitors = {person_id: Visitor(login) for person_id, login in logins.items()}
        self.read: dict[str, list[Cost]] = {"http": [], "page": [], "floor": []}

    def by_api(self, ready: Ready) -> Cost:
        """Read the work item, then do the step with the ETag that came with it."""
        visitor, where = self._signed_in(ready), f"{API}/work-items/{ready.work_item_id}"
        seen = self.browsing.get(visitor, where, ready.moment)
        self.read["http"].append(seen.cost)
        decision = {"outcome": ready.outcome, "content": ready.content}
        told = {"If_Match": seen.headers["ETag"], "Idempotency_Key": secrets.token_hex(16)}
        return self.browsing.post_json(visitor, f"{where}/completion", decision, ready.moment, **told).cost

    def by_page(self, ready: Ready) -> Cost:
        """Open the page, then send its form."""
        visitor, where = self._signed_in(ready), f"/work-items/{ready.work_item_id}"
        page = self.browsing.get(visitor, where, ready.moment)
        self.read["page"].append(page.cost)
        values = {"outcome": ready.outcome, **dict(_HIDDEN.findall(page.body))}
        for key, value in ready.content.items():
            if value is not False and value is not None:
                values[key] = "true" if value is True else str(value)
        return self.browsing.post_form(visitor, where, values, ready.moment).cost

    def nothing(self, ready: Ready) -> None:
        """The least that can be asked: no session, no database."""
        answer = self.browsing.get(Visitor(""), f"{API}/session/csrf-token", ready.moment)
        self.read["floor"].append(answer.cost)

    def _signed_in(self, ready: Ready) -> Visitor:
        visitor = self.visitors[ready.actor.person_id or 0]
        self.browsing.sign_in(visitor, ready.moment)
        return visitor


def measure(ground: Ground, number: int, seed: int) -> dict[str, Any]:
    """Walk `number` candidates by the API, as many by the pages and as many without HTTP, in turn; what each cost."""
    each = WARM + number
    season = Season(ground.engine, 3 * each, seed)
    meter = Meter(season.engine)
    with _server(ground) as port:
        desk = Desk(Browsing(port, PASSWORD), _accounts(season))
        ways = {
            "service": Way(lambda ready: meter.cost_of(lambda: season.complete(ready)), range(each)),
            "http": Way(desk.by_api, range(each, 2 * each)),
            "page": Way(desk.by_page, range(2 * each, 3 * each)),
        }
        _walk(season, desk, ways)
        desk.browsing.close()
    told: dict[str, Any] = {}
    for name, going in ways.items():
        told |= _told(name, going.costs)
    for name, costs in desk.read.items():
        told |= {f"{name}_get_median_ms": median_ms([cost.seconds for cost in costs])}
        told |= {f"{name}_get_p95_ms": p95_ms([cost.seconds for cost in costs])}
        told |= {f"{name}_get_statements": round(fmean(cost.statements for cost in costs), 2)}
    told["ratio_to_service"] = round(told["http_steps_per_s"] / told["service_steps_per_s"], 3)
    return {**told, "database": ground.kind, "cases": number, "seed": seed, "versions": versions(ground)}


def _told(name: str, costs: list[Cost]) -> dict[str, Any]:
    seconds = [cost.seconds for cost in costs]
    return {
        f"{name}_steps": len(costs),
        f"{name}_steps_per_s": per_second(seconds),
        f"{name}_median_ms": median_ms(seconds),
        f"{name}_p95_ms": p95_ms(seconds),
        f"{name}_cpu_median_ms": median_ms([cost.cpu for cost in costs]),
        f"{name}_statements_per_step": round(fmean(cost.statements for cost in costs), 2),
        f"{name}_statements_max": max(cost.statements for cost in costs),
    }


def _walk(season: Season, desk: Desk, ways: dict[str, Way]) -> None:
    for _ in season.branches:
        season.start()
    steps = way()
    with progress("办理", len(season.branches) * sum(bool(step.step) for step in steps)) as tell:
        for step in steps:
            season.arrive(step, range(len(season.branches)))
            for first in range(0, len(season.branches) // len(ways), BLOCK) if step.step else ():
                for going in ways.values():
                    block = going.numbers[first : first + BLOCK]
                    for number in block:
                        ready = season.ready(number, step)
                        with clock.standing_at(ready.moment):
                            cost = going.complete(ready)
                        if number - going.numbers.start >= WARM:
                            going.costs.append(cost)
                    tell(len(block))
                desk.nothing(ready)


def _accounts(season: Season) -> dict[int, str]:
    """A login for everybody who holds a post, by person; all have one password."""
    hashed = QUICK.hash(PASSWORD)
    with clock.standing_at(season.begins), Session(season.engine) as session, session.begin():
        people = set(session.scalars(select(Post.person_id)))
        for person_id in people:
            accounts.create_hashed(
                session, person_id=person_id, login=_login(person_id), hashed=hashed, must_change=False
            )
    return {person_id: _login(person_id) for person_id in people}


def _login(person_id: int) -> str:
    return f"measured-{person_id}"


@contextmanager
def _server(ground: Ground) -> Iterator[int]:
    """A broker and the pages' server with one worker; gives its port."""
    with tempfile.TemporaryDirectory(prefix="tuancheng-bench-") as name, ExitStack() as at_end:
        folder, port, broker_port = Path(name), free_port(), free_port()
        told = {
            "TUANCHENG_DATABASE_URL": ground.address,
            "TUANCHENG_BROKER_URL": f"redis://:{secrets.token_urlsafe(16)}@127.0.0.1:{broker_port}/0",
            "TUANCHENG_SECRET_KEY": secrets.token_hex(32),
        }
        broker = children.broker(folder, broker_port)
        application = "webapp.commands.bench.served:create_app()"
        pages = children.pages(folder, "127.0.0.1", port, workers=1, application=application)
        for child in (broker, pages):
            child.environment = told
            at_end.callback(child.stop)
            child.start()
        _wait_for(pages, port)
        yield port


def _wait_for(pages: Child, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    browsing = Browsing(port, "")
    while time.monotonic() < until and pages.process is not None and pages.process.poll() is None:
        try:
            browsing.get(Visitor(""), f"{API}/session/csrf-token", clock.now())
        except OSError:
            time.sleep(0.05)
        else:
            browsing.close()
            return
    raise click.ClickException(f"网页没有启动：\n{pages.last_words()}")
