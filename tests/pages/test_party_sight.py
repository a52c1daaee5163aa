"""A post of the Party sees a case of the League while a step of it waits for that post, and no longer."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Applied, Visit
from tests.support import party as party_side
from tests.support.cast import Cast
from workflows.domain.posts import PostKind
from workflows.engine.tables import Case, WorkItem


def test_a_league_case_is_seen_while_it_waits_for_the_party_branch(
    visit: Visit, cast: Cast, session: Session, applied: Applied
) -> None:
    party = party_side.build(session, cast)
    applied()
    item = session.scalars(select(WorkItem)).one()
    guan, bai = visit(party.guan), visit(party.bai)
    paths = (f"/cases/{item.case_id}", f"/work-items/{item.id}")
    assert [guan.open(path).status for path in paths] == [404, 404]
    addressed = (item.unit_id, item.post_kind)
    item.unit_id, item.post_kind = party.branch.id, PostKind.PARTY_BRANCH_SECRETARY
    session.flush()
    assert [guan.open(path).status for path in paths] == [200, 200]
    assert [bai.open(path).status for path in paths] == [404, 404]
    assert "乌云" in guan.open("/inbox")
    assert "乌云" not in guan.open("/cases")
    item.unit_id, item.post_kind = addressed
    session.flush()
    assert [guan.open(path).status for path in paths] == [404, 404]


def test_a_case_of_the_party_is_out_of_the_leagues_sight(
    visit: Visit, cast: Cast, session: Session, applied: Applied
) -> None:
    party = party_side.build(session, cast)
    applied()
    item = session.scalars(select(WorkItem)).one()
    session.get_one(Case, item.case_id).unit_id = item.unit_id = party.branch.id
    item.post_kind = PostKind.PARTY_BRANCH_SECRETARY
    session.flush()
    path = f"/cases/{item.case_id}"
    assert [visit(person).open(path).status for person in (party.guan, party.shi, party.bai)] == [200] * 3
    league = (cast.saren, cast.gaowa, cast.zhao, cast.sun, cast.ma, cast.he)
    assert [visit(person).open(path).status for person in league] == [404] * 6
