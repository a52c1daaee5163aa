"""The operations behind a public notice, called as a drawing calls them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, apply
from workflows import clock
from workflows.domain import postings as public
from workflows.domain.postings import Kind
from workflows.domain.working_days import NoticeOver
from workflows.engine.environment import Call
from workflows.journal import SYSTEM
from workflows.operations import postings

NOTICE = {"posted_on": "2020-06-23", "where": None, "contact": "校团委办公室", "outcome": "submit"}
OBJECTION = {"began_on": "2020-06-23", "ends_on": "2020-07-01", "working_days": 10}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(clock.start_of(date(2020, 6, 23))):
        yield


def call(session: Session, cast: Cast, **parameters: Any) -> Call:
    return Call(session=session, case_id=7, unit_id=cast.branch.id, actor=SYSTEM, data={}, parameters=parameters)


def test_a_notice_counts_from_its_posting_and_resumes_with_what_was_left(session: Session, cast: Cast) -> None:
    apply(session, cast, 7)
    answer = postings.put_up(call(session, cast, notice=NOTICE, working_days=5, activist_on=None))
    assert answer == {"began_on": "2020-06-23", "ends_on": "2020-07-01", "over_on": "2020-07-02", "kind": "target"}
    stopped = postings.stop(call(session, cast, raised_on="2020-06-29", **OBJECTION))
    assert stopped == {"days_left": 3, "raised_on": "2020-06-29", "settle_by": "2020-07-13"}
    resumed = {"settled_on": "2020-07-15", "days_left": 3}
    answer = postings.resume(call(session, cast, notice=NOTICE, activist_on=None, **resumed))
    assert answer == {"began_on": "2020-07-15", "ends_on": "2020-07-20", "over_on": "2020-07-21", "kind": "target"}
    [(row, sheet)] = public.of_case(session, 7)
    assert (row.ends_on, sheet.place, sheet.contact) == (date(2020, 7, 20), "", "校团委办公室")


def test_an_objection_after_the_end_is_refused_with_its_rule(session: Session, cast: Cast) -> None:
    apply(session, cast, 7)
    postings.put_up(call(session, cast, notice=NOTICE, working_days=5, activist_on=None))
    with pytest.raises(NoticeOver) as refused:
        postings.stop(call(session, cast, raised_on="2020-07-02", **OBJECTION))
    assert (refused.value.rule, refused.value.article) == ("异议须在公示期内提出", "地方“三公示”做法")
    [(row, _)] = public.of_case(session, 7)
    assert row.ends_on == date(2020, 7, 1)


def test_a_case_without_a_copy_can_still_be_stopped(session: Session, cast: Cast) -> None:
    apply(session, cast, 7)
    assert postings.stop(call(session, cast, raised_on="2020-07-01", **OBJECTION))["days_left"] == 1
    known = replace(call(session, cast), data={"notice": {"ends_on": "2020-07-01"}})
    assert postings.take_down(known) == {"ends_on": "2020-07-01", "taken_down_on": "2020-06-23"}


def test_a_notice_of_another_kind_stays_of_that_kind_when_it_runs_on(session: Session, cast: Cast) -> None:
    apply(session, cast, 7)
    first = call(session, cast, notice=NOTICE, working_days=5, activist_on=None)
    answer = postings.put_up(first, Kind.MEMBER)
    postings.stop(call(session, cast, raised_on="2020-06-29", **OBJECTION))
    resumed = call(session, cast, notice=NOTICE, activist_on=None, settled_on="2020-07-15", days_left=3)
    assert postings.resume(replace(resumed, data={"notice": answer}))["kind"] == "member"
    [(row, sheet)] = public.of_case(session, 7)
    assert (row.ends_on, sheet.kind) == (date(2020, 7, 20), Kind.MEMBER)
