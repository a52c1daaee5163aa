"""The one look of both sides at a joint recognition: who signed what, what is open, and what has changed."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support import party as party_side
from tests.support import two_cases
from tests.support.cast import Cast
from tests.support.party import Party
from workflows import clock
from workflows.domain.recognition_tables import Recognition
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State, end_of_validity
from workflows.domain.two_keys import Side
from workflows.engine import bundles, correlation
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations import recognitions as joint
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


@pytest.fixture
def asked(session: Session, cast: Cast, party: Party, now: object) -> Recommendation:
    """Bator's recommendation, which the school has passed to the Party branch."""
    for side in Side:
        bundles.store(session, bundles.read_folder(two_cases.BUNDLES / side.value), [], SYSTEM, "")
    met = clock.today() - timedelta(days=30)
    row = Recommendation(
        person_id=cast.bator.id,
        product=Product.ACTIVIST,
        unit_id=cast.branch.id,
        state=State.RECOMMENDED,
        holds_place=False,
        recommended_on=met,
        votes={"eligible_voters": 30, "present_voters": 28, "votes_for": 26},
        passed_on=clock.today() - timedelta(days=10),
        document="一中团推〔2020〕2号",
        party_unit_id=party.branch.id,
        valid_until=end_of_validity(met, 2),
        created_at=clock.now(),
    )
    session.add(row)
    session.commit()
    return row


@pytest.fixture
def row(session: Session, visit: Visit, cast: Cast, asked: Recommendation) -> Recognition:
    """Saren has asked for the recognition on the page, and the Party's case has begun."""
    saren = visit(cast.saren)
    path = "/processes/joint_recognition_league/new"
    assert "巴特尔（入党积极分子" in saren.open(path)
    given = {"presented_on": clock.today().isoformat(), "opinion": "支部一致同意提请"}
    saren.submit(recommendation=str(asked.id), outcome="submit", **given)
    _post_arrives(session)
    return session.scalars(select(Recognition)).one()


def _post_arrives(session: Session) -> None:
    for each in session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))).all():
        if each.kind == joint.BEGIN:
            joint.begin_party_case(session, ENVIRONMENT, each.payload)
        elif each.kind in correlation.PERFORM:
            correlation.PERFORM[each.kind](session, ENVIRONMENT, each.payload)
        each.done_at = clock.now()
    session.commit()


def _item(session: Session, case_id: int | None) -> str:
    return f"/work-items/{session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id)).one()}"


def _signature(outcome: str = "sign", reason: str = "") -> dict[str, str]:
    today = date.isoformat(clock.today())
    return {"decided_on": today, "minutes": "会议记录第3号", "reason": reason, "outcome": outcome}


def test_both_sides_sign_on_their_own_page_and_read_the_same(
    session: Session, visit: Visit, cast: Cast, party: Party, row: Recognition
) -> None:
    gaowa, guan = visit(cast.gaowa), visit(party.guan)
    page = gaowa.open(_item(session, row.league_case_id))
    assert "双方签署的事实" in page
    assert row.digest[:12] in page
    gaowa.submit(**_signature())
    path = f"/recognitions/{row.id}"
    for visitor in (gaowa, guan):
        look = visitor.open(path)
        assert "待双方认定" in look
        assert "高娃" in look
        assert "第一中学党支部 · 党支部书记" in look
    guan.open(_item(session, row.party_case_id))
    guan.submit(**_signature())
    for visitor in (gaowa, guan):
        assert "双方已认定" in visitor.open(path)
        assert "巴特尔" in visitor.open("/recognitions")
        assert "双方已认定" in visitor.open(path)
    league = session.get_one(Case, row.league_case_id)
    assert "双方已认定" in gaowa.open(f"/cases/{league.id}")


def test_facts_that_changed_are_shown_and_renewed_by_whoever_works_on_it(
    session: Session, visit: Visit, cast: Cast, party: Party, row: Recognition, asked: Recommendation
) -> None:
    gaowa, bai = visit(cast.gaowa), visit(party.bai)
    gaowa.open(_item(session, row.league_case_id))
    asked.document = "一中团推〔2020〕3号"
    session.commit()
    refused = gaowa.submit(**_signature())
    assert refused.status == 409
    assert "推荐文号由“一中团推〔2020〕2号”变为“一中团推〔2020〕3号”" in refused
    path = f"/recognitions/{row.id}"
    assert "登记的事实已有变动" in bai.open(path)
    assert "事实已更新" in bai.submit(f"{path}/renew")
    assert "登记的事实已有变动" not in bai.open(path)
    _post_arrives(session)
    gaowa.open(_item(session, row.league_case_id))
    assert gaowa.submit(**_signature()).status == 200


def test_who_stands_above_neither_side_reads_nothing_and_who_only_reads_does_not_renew(
    session: Session, visit: Visit, cast: Cast, party: Party, row: Recognition
) -> None:
    path = f"/recognitions/{row.id}"
    assert visit(cast.he).open(path).status == 404
    zhao = visit(cast.zhao)
    assert zhao.open(path).status == 200
    assert "更新事实" not in zhao.open(path)
    token = {"csrf_token": zhao.page.tree.forms[0].fields["csrf_token"]}
    assert zhao.client.post(f"{path}/renew", data=token).status_code == 403


def test_what_was_reported_is_read_by_those_who_must_know_it(
    session: Session, visit: Visit, cast: Cast, party: Party, row: Recognition
) -> None:
    bai = visit(party.bai)
    bai.open(f"/recognitions/{row.id}")
    bai.follow("打开案卷")
    bai.follow("报告新情况")
    bai.submit(happened_on=clock.today().isoformat(), reported="期中考试违纪", document="学校处理决定")
    for reader in (cast.gaowa, party.guan, party.bai):
        assert "期中考试违纪" in visit(reader).open(f"/recognitions/{row.id}")
    for other in (cast.lin, cast.ma):
        page = visit(other).open(f"/recognitions/{row.id}")
        assert page.status == 200
        assert "期中考试违纪" not in page
        assert "仅供办理人查看" in page


def test_before_anything_is_recognised_the_list_says_how_it_begins(
    visit: Visit, cast: Cast, party: Party, now: object
) -> None:
    assert "还没有联合认定" in visit(party.guan).open("/recognitions")
    assert visit(cast.he).open("/recognitions").status == 403


def test_a_branch_without_a_party_branch_keeps_its_board_and_begins_other_things_there(
    visit: Visit, cast: Cast, admission: object, session: Session, now: object
) -> None:
    for side in Side:
        bundles.store(session, bundles.read_folder(two_cases.BUNDLES / side.value), [], SYSTEM, "")
    board = visit(cast.saren).open("/")
    assert board.status == 200
    assert len(board.links("新的申请")) == 1
    assert len(board.links("联合认定（团组织一方）")) == 1
    assert board.links("联合认定（党组织一方）") == []
