"""The ledger of evidence: entered once, never changed, corrected by later rows, with both dates."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import evidence, evidence_forms
from workflows.domain.evidence import CorrectedAlready, EnteredAlready, Evidence, ReasonNeeded
from workflows.domain.evidence_forms import EvidenceWrong, Kind, Mode
from workflows.errors import NotFound
from workflows.journal import Event
from workflows.operations.rehearsal import BlankDatabase

LESSON = {
    "happened_on": "2020-05-08",
    "topic": "学习团章",
    "minutes": 90,
    "mode": "in_person",
    "conductor": "萨仁",
    "witness": "林一",
}
SERVICE = {
    "happened_on": "2020-05-09",
    "topic": "敬老院服务",
    "hours": "2.5",
    "conductor": "志愿者协会",
    "witness": "林一",
}
TALK = {"happened_on": "2020-05-10", "conductor": "巴特尔", "topic": "谈学习情况"}
CASE = 7


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as database:
        yield database


@pytest.fixture
def session(database: BlankDatabase) -> Iterator[Session]:
    with Session(database.emptied()) as session, clock.standing_at(datetime(2020, 6, 1, 2, tzinfo=UTC)):
        yield session


@pytest.fixture
def cast(session: Session) -> Cast:
    return people.build(session)


@pytest.fixture
def wuyun(session: Session, cast: Cast) -> int:
    """The applicant, as a person."""
    return people.apply(session, cast, CASE).person_id


def enter(session: Session, cast: Cast, wuyun: int, kind: Kind = Kind.CLASS_HOURS, **values: Any) -> Evidence:
    given: dict[Kind, dict[str, Any]] = {Kind.CLASS_HOURS: LESSON, Kind.VOLUNTEER_HOURS: SERVICE, Kind.TALK: TALK}
    return evidence.record(
        session,
        person_id=wuyun,
        case_id=CASE,
        kind=kind,
        values={**given[kind], **values},
        actor=cast.actor(cast.saren),
    )


def correct(session: Session, cast: Cast, row: Evidence, values: dict[str, Any] | None, why: str = "登记时写错") -> Any:
    return evidence.correct(session, entry_id=row.id, values=values, reason=why, actor=cast.actor(cast.lin))


def test_an_entry_keeps_when_it_happened_and_when_and_by_whom_it_was_entered(
    session: Session, cast: Cast, wuyun: int
) -> None:
    row = enter(session, cast, wuyun)
    assert (row.happened_on, row.recorded_at.date()) == (date(2020, 5, 8), date(2020, 6, 1))
    assert (row.recorded_by, row.minutes, row.mode) == (cast.saren.id, 90, Mode.IN_PERSON)


def test_the_journal_has_both_dates_and_no_word_of_the_content(session: Session, cast: Cast, wuyun: int) -> None:
    row = enter(session, cast, wuyun)
    [entry] = journal.entries_of(session, journal.case_chain(CASE))
    assert (entry.event, entry.happened_on) == (Event.EVIDENCE_RECORDED, date(2020, 5, 8))
    assert entry.facts["evidence"] == row.id
    assert "学习团章" not in str(entry.facts)


def test_hours_of_service_are_kept_in_minutes_and_told_in_hours_again(session: Session, cast: Cast, wuyun: int) -> None:
    row = enter(session, cast, wuyun, Kind.VOLUNTEER_HOURS)
    assert row.minutes == 150
    assert evidence_forms.as_sent(Kind.VOLUNTEER_HOURS, row)["hours"] == "2.5"


@pytest.mark.parametrize(
    "kind, key, value",
    [
        (Kind.CLASS_HOURS, "happened_on", "2020-06-02"),
        (Kind.CLASS_HOURS, "happened_on", "5月8日"),
        (Kind.CLASS_HOURS, "minutes", 0),
        (Kind.CLASS_HOURS, "minutes", 721),
        (Kind.CLASS_HOURS, "minutes", "45.5"),
        (Kind.CLASS_HOURS, "mode", "dreaming"),
        (Kind.CLASS_HOURS, "witness", "  "),
        (Kind.CLASS_HOURS, "topic", "团" * 501),
        (Kind.CLASS_HOURS, "birth_date", "2005-03-08"),
        (Kind.VOLUNTEER_HOURS, "hours", "2.55"),
        (Kind.VOLUNTEER_HOURS, "hours", "24.1"),
        (Kind.VOLUNTEER_HOURS, "hours", "0.0"),
        (Kind.VOLUNTEER_HOURS, "hours", "-2"),
        (Kind.VOLUNTEER_HOURS, "hours", "٣"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_nothing_is_kept(
    session: Session, cast: Cast, wuyun: int, kind: Kind, key: str, value: Any
) -> None:
    with pytest.raises(EvidenceWrong) as refused:
        enter(session, cast, wuyun, kind, **{key: value})
    assert set(refused.value.fields) == {key}
    assert refused.value.fields[key] in evidence_forms.WORDS
    assert evidence.of_person(session, wuyun) == []


def test_the_same_lesson_is_entered_once_and_the_refusal_names_the_earlier_entry(
    session: Session, cast: Cast, wuyun: int
) -> None:
    first = enter(session, cast, wuyun)
    with pytest.raises(EnteredAlready) as refused:
        enter(session, cast, wuyun, topic=" 学习团章 ", minutes=45)
    assert f"第 {first.id} 号" in str(refused.value)
    enter(session, cast, wuyun, topic="学习团史")
    enter(session, cast, wuyun, happened_on="2020-05-11")
    assert len(evidence.of_person(session, wuyun)) == 3


def test_two_people_may_talk_with_a_candidate_on_one_day_but_each_once(
    session: Session, cast: Cast, wuyun: int
) -> None:
    enter(session, cast, wuyun, Kind.TALK)
    enter(session, cast, wuyun, Kind.TALK, conductor="萨仁")
    with pytest.raises(EnteredAlready):
        enter(session, cast, wuyun, Kind.TALK, topic="谈思想")


def test_a_correction_takes_the_place_of_the_entry_and_keeps_it(session: Session, cast: Cast, wuyun: int) -> None:
    wrong = enter(session, cast, wuyun)
    right = correct(session, cast, wrong, {**LESSON, "minutes": 45})
    rows = evidence.of_person(session, wuyun)
    assert rows == [wrong, right]
    assert evidence.standing_of(rows) == [right]
    assert (right.corrects_id, right.reason, right.recorded_by) == (wrong.id, "登记时写错", cast.lin.id)
    assert wrong.minutes == 90
    last = journal.entries_of(session, journal.case_chain(CASE))[-1]
    assert (last.event, last.facts["corrects"]) == (Event.EVIDENCE_CORRECTED, wrong.id)


def test_what_was_struck_out_may_be_entered_again(session: Session, cast: Cast, wuyun: int) -> None:
    correct(session, cast, enter(session, cast, wuyun), None, "另一名同学的材料")
    assert evidence.standing_of(evidence.of_person(session, wuyun)) == []
    assert enter(session, cast, wuyun).id


def test_only_what_stands_is_corrected(session: Session, cast: Cast, wuyun: int) -> None:
    first = enter(session, cast, wuyun)
    second = correct(session, cast, first, {**LESSON, "minutes": 45})
    with pytest.raises(CorrectedAlready, match=f"第 {second.id} 号"):
        correct(session, cast, first, {**LESSON, "minutes": 60})
    struck = correct(session, cast, second, None, "没有上过这一课")
    with pytest.raises(CorrectedAlready):
        correct(session, cast, struck, {**LESSON, "minutes": 60})


def test_a_correction_must_not_make_two_of_one(session: Session, cast: Cast, wuyun: int) -> None:
    enter(session, cast, wuyun)
    other = enter(session, cast, wuyun, topic="学习团史")
    with pytest.raises(EnteredAlready):
        correct(session, cast, other, LESSON)


@pytest.mark.parametrize("why", ["", "  写错  ", "长" * 501])
def test_a_correction_says_why(session: Session, cast: Cast, wuyun: int, why: str) -> None:
    with pytest.raises(ReasonNeeded):
        correct(session, cast, enter(session, cast, wuyun), None, why)


def test_an_entry_nobody_made_is_not_found(session: Session, cast: Cast) -> None:
    with pytest.raises(NotFound):
        evidence.get(session, 99)


def test_every_kind_says_what_people_call_it() -> None:
    assert set(evidence_forms.FORMS) == set(Kind)
    assert all(kind.label for kind in Kind)
