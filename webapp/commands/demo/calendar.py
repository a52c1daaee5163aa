"""The simulated year: day after day, each day the offices of all processes, then the worker's part, then the night."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from webapp.commands.demo import nights, offices, players
from webapp.commands.demo.offices import Tally
from webapp.commands.demo.players import Answer, Part
from webapp.embedded.founding import publish_packaged
from workflows import clock
from workflows.domain import demo_applicants, demo_population
from workflows.domain.demo_applicants import Applicant

ENDS = (3, 31)
"""Month and day of the following year until which ceremonies and files of the last wave are waited for."""

Tell = Callable[[date, Tally], object]


@dataclass(frozen=True)
class Played:
    """What was done in how many days, jobs the worker performed, and what each process has used.

    `memory` is the most each has had (bytes), `computed` the seconds each computed since it began.
    """

    tally: Tally
    performed: int
    days: int
    memory: list[int]
    computed: list[float]


def found(engine: Engine, *, people: int, year: int, seed: int, hashed: str | None = None) -> list[Applicant]:
    """Build the region at the beginning of the year and answer who will apply. Raises demo_population.NotEmpty."""
    begins = clock.start_of(demo_applicants.first_day(year))
    with clock.standing_at(begins), Session(engine) as session, session.begin():
        publish_packaged(session)
        branches = demo_population.found(session, people=people, year=year, seed=seed, hashed=hashed)
    return demo_applicants.of_year(branches, year, seed)


def days_of(year: int, until: date | None = None) -> list[date]:
    """Every day from the first application on to the last file, or to `until`."""
    first = demo_applicants.first_day(year)
    last = min(until or date.max, date(year + 1, *ENDS))
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def play(
    engine: Engine,
    parts: Sequence[Part],
    days: Sequence[date],
    tell: Tell = lambda _day, _tally: None,
) -> Played:
    """Let the days pass, the parts beside one another; with one part everything happens in this process.

    Raises players.PlayerFailed when another process could not go on.
    """
    with players.playing(engine, parts) as everybody:
        for day in days:
            answers = everybody.all(players.DAY, day)
            # Nothing follows from a day on which nobody did anything, but what failed once is tried again.
            if any(answer.was_busy for answer in answers) or day.toordinal() % nights.WEEK == 0:
                everybody.all(players.EVENING, day)
                everybody.one(players.NIGHT, day)
            tell(day, _sum(answers))
        answers = everybody.all(players.LOOK, days[-1])
    performed, memory = sum(each.performed for each in answers), [each.memory for each in answers]
    return Played(_sum(answers), performed, len(days), memory, [each.computed for each in answers])


def parts_of(address: str, applicants: Sequence[Applicant], year: int, seed: int, processes: int) -> list[Part]:
    """One part for each process; the applicants of a county stay together, and no part is empty."""
    shares = offices.by_county(applicants, processes)
    return [Part(address, share, year, seed) for share in shares if share]


def _sum(answers: Sequence[Answer]) -> Tally:
    return sum((answer.tally for answer in answers), Tally())
