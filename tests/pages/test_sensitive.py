"""What an applicant was punished for is read by those who must know it: branch secretary and committees above."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.support.cast import Cast
from workflows.engine.tables import Case, StepRecord


@pytest.fixture
def punished(applied: Applied, session: Session) -> Case:
    """A case whose applicant was punished, and that has since been revoked."""
    applied(punishment="revoked", punishment_revoked_on="2018-05-01")
    return session.scalars(select(Case)).one()


def test_the_secretary_and_the_committees_above_read_it(punished: Case, visit: Visit, cast: Cast) -> None:
    for person in (cast.saren, cast.chen, cast.zhao):
        assert "2018-05-01" in visit(person).open(f"/cases/{punished.id}"), person.name


def test_nobody_else_who_sees_the_case_reads_it(punished: Case, visit: Visit, cast: Cast) -> None:
    for person in (cast.lin, cast.sun, cast.ma):
        page = visit(person).open(f"/cases/{punished.id}")
        assert page.status == 200
        assert "处分" not in page, person.name
        assert "2018-05-01" not in page.source, person.name


def test_the_api_keeps_it_back_as_the_pages_do(punished: Case, visit: Visit, cast: Cast) -> None:
    def told(visitor_of: object) -> dict[str, str]:
        answer = visitor_of.client.get(f"/api/v1/cases/{punished.id}/history")  # type: ignore[attr-defined]
        return dict(answer.get_json()["items"][0]["content"])

    assert told(visit(cast.saren))["punishment"] == "revoked"
    assert "punishment" not in told(visit(cast.lin))


def test_the_record_itself_is_whole(punished: Case, session: Session) -> None:
    assert session.scalars(select(StepRecord)).one().content["punishment_revoked_on"] == "2018-05-01"
