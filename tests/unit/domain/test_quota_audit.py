"""The audit finds nothing in order, and names every planted fault, and nothing that does not follow from it."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from tests.support.cast import Cast, apply, plan_for_school
from workflows import clock, journal
from workflows.domain import members, quotas
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember
from workflows.domain.numbering import NumberBlock, NumberPassage, Place, PlaceState
from workflows.domain.quota_ledger import Bucket, MovementKind, PlanState, QuotaAccount, QuotaMovement
from workflows.journal import SYSTEM, JournalChain

JOINED = clock.start_of(clock.today()).date()


@pytest.fixture
def year(session: Session, cast: Cast) -> int:
    """A plan at work: case 1 admitted, case 2 waiting for approval, case 3 withdrawn; answers the plan's id."""
    plan = plan_for_school(session, cast, 5)
    for case_id in (1, 2, 3):
        apply(session, cast, case_id)
        quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
    place = quotas.use(session, case_id=1, actor=SYSTEM)
    members.admit(session, case_id=1, joined_on=JOINED, number=place.number)
    quotas.release(session, case_id=3, reason="撤回", actor=SYSTEM)
    members.settle(session, 3, CandidateStatus.WITHDRAWN)
    return plan.id


@pytest.mark.usefixtures("year")
def test_a_plan_at_work_has_no_faults_and_says_what_was_checked(session: Session) -> None:
    audit = quotas.audit(session)
    assert audit.faults == []
    numbers = {"名额": 3, "号段": 4, "号段交接": 4}
    assert audit.checked == {"计划": 1, "名额账户": 4, "名额流水": 9, **numbers, "年后更正": 0}


def test_places_given_back_are_still_in_order(session: Session, cast: Cast) -> None:
    plan = plan_for_school(session, cast, 5)
    quotas.give_back(session, plan, cast.school.id, 2, SYSTEM)
    quotas.give_back(session, plan, cast.county.id, 1, SYSTEM)
    assert quotas.audit(session).faults == []


def test_an_empty_product_is_in_order(session: Session) -> None:
    assert quotas.audit(session).faults == []


def _account(session: Session, cast: Cast) -> None:
    at_school = QuotaAccount.unit_id == cast.school.id
    session.execute(update(QuotaAccount).where(at_school).values(free=4, allotted_in=6))


def _expired_in_an_open_plan(session: Session, cast: Cast) -> None:
    at_school = QuotaAccount.unit_id == cast.school.id
    session.execute(update(QuotaAccount).where(at_school).values(free=2, expired=1))


def _free_in_a_closed_plan(session: Session, _cast: Cast) -> None:
    session.execute(update(quotas.Plan).values(state=PlanState.CLOSED))


def _block_in_other_hands(session: Session, cast: Cast) -> None:
    held = NumberBlock.unit_id == cast.school.id
    session.execute(update(NumberBlock).where(held).values(unit_id=cast.other_school.id))


def _place_of_another_unit(session: Session, cast: Cast) -> None:
    session.execute(update(Place).where(Place.case_id == 3).values(unit_id=cast.other_school.id))


def _passage_from_nowhere(session: Session, cast: Cast) -> None:
    passage = session.scalars(select(NumberPassage).where(NumberPassage.to_unit_id == cast.school.id)).one()
    values = {"plan_id": passage.plan_id, "movement_id": passage.movement_id, "to_unit_id": cast.other_school.id}
    values |= {"from_unit_id": cast.county.id, "first": passage.first, "last": passage.first}
    session.execute(insert(NumberPassage).values(**values))


def _lost_place(session: Session, _cast: Cast) -> None:
    session.execute(delete(Place).where(Place.case_id == 2))


def _moved_number(session: Session, _cast: Cast) -> None:
    session.execute(update(Place).where(Place.case_id == 2).values(number="202015000001"))


def _foreign_number(session: Session, _cast: Cast) -> None:
    session.execute(update(Place).where(Place.case_id == 2).values(number="202115000098"))


def _block_twice(session: Session, cast: Cast) -> None:
    block = session.scalars(select(NumberBlock).where(NumberBlock.unit_id == cast.school.id)).one()
    values = {"plan_id": block.plan_id, "unit_id": cast.other_school.id, "first": block.first}
    session.execute(insert(NumberBlock).values(**values, last=block.last, next=block.last))


def _next_set_back(session: Session, cast: Cast) -> None:
    session.execute(update(NumberBlock).where(NumberBlock.unit_id == cast.school.id).values(next=NumberBlock.first))


def _member_unmade(session: Session, _cast: Cast) -> None:
    session.execute(update(Candidate).where(Candidate.case_id == 1).values(status=CandidateStatus.REFUSED))


def _candidate_gone(session: Session, _cast: Cast) -> None:
    session.execute(update(Candidate).where(Candidate.case_id == 2).values(case_id=99))


def _still_held(session: Session, _cast: Cast) -> None:
    members.settle(session, 2, CandidateStatus.WITHDRAWN)


def _number_from_nowhere(session: Session, cast: Cast) -> None:
    session.get_one(LeagueMember, cast.saren.id).number = "202015000777"


def _journal_short(session: Session, cast: Cast) -> None:
    account = session.scalars(select(QuotaAccount).where(QuotaAccount.unit_id == cast.school.id)).one()
    journal.write(session)
    session.execute(update(JournalChain).where(JournalChain.chain == account.chain).values(length=1))


def _movement_from_nowhere(session: Session, cast: Cast) -> None:
    account = session.scalars(select(QuotaAccount).where(QuotaAccount.unit_id == cast.school.id)).one()
    session.add(
        QuotaMovement(
            plan_id=account.plan_id,
            kind=MovementKind.ISSUE,
            to_account=account.id,
            to_bucket=Bucket.FREE,
            amount=2,
            at=clock.now(),
        )
    )


def _number_twice(session: Session, cast: Cast) -> None:
    session.execute(text("DROP INDEX uq_place_active_number"))
    session.execute(update(Place).where(Place.case_id == 2).values(number="202015000096", state=PlaceState.USED))


def _total_written_up(session: Session, _cast: Cast) -> None:
    session.execute(update(quotas.Plan).values(total=101))


YEAR, SCHOOL = "2020年", "2020年·第一中学团委"


@pytest.mark.parametrize(
    "break_it, told",
    [
        (
            _account,
            [
                f"{SCHOOL}：账上 free 为 4，按流水应为 3",
                f"{SCHOOL}：账上 allotted_in 为 6，按流水应为 5",
                f"{YEAR}：各级空余、预留、使用、失效合计 101，计划总数 100",
                f"{SCHOOL}：空余名额 4，可用编号 3（号段余 2，释放待用 1）",
            ],
        ),
        (
            _lost_place,
            [f"{SCHOOL}：账上 reserved 为 1，名额登记为 0", f"{YEAR}：号段余号与已发编号合计 99，计划总数 100"],
        ),
        (
            _moved_number,
            [
                f"{YEAR}：编号 202015000001 已发出，仍在 内蒙古自治区团委 的未发号段中",
                "编号 202015000001 曾由第一中学团委发出，与交接记录不符",
            ],
        ),
        (
            _foreign_number,
            ["编号 202115000098 不属于 2020 年的计划", "编号 202115000098 曾由第一中学团委发出，与交接记录不符"],
        ),
        (
            _block_twice,
            [
                f"{YEAR}：号段重叠，第一中学团委 与 第二中学团委 都有编号 202015000100",
                f"{YEAR}：号段余号与已发编号合计 101，计划总数 100",
                "号段 202015000100–202015000100 记在第二中学团委名下，与交接记录不符",
            ],
        ),
        (
            _next_set_back,
            [
                f"{YEAR}：编号 202015000096 已发出，仍在 第一中学团委 的未发号段中",
                f"{YEAR}：号段余号与已发编号合计 103，计划总数 100",
                f"{SCHOOL}：空余名额 3，可用编号 6（号段余 5，释放待用 1）",
            ],
        ),
        (_member_unmade, ["编号 202015000096（事项 1）已使用，但没有以此编号接收的团员"]),
        (_candidate_gone, ["编号 202015000097（事项 2）没有对应的申请人"]),
        (_still_held, ["编号 202015000097（事项 2）仍为预留，但申请已终结（withdrawn）"]),
        (_number_from_nowhere, ["团员编号 202015000777 没有对应的已使用名额"]),
        (_journal_short, [f"{SCHOOL}：流水 6 条，日志 1 条"]),
        (
            _movement_from_nowhere,
            [
                f"{SCHOOL}：账上 free 为 3，按流水应为 5",
                f"{SCHOOL}：账上 allotted_in 为 5，按流水应为 7",
                f"{SCHOOL}：流水 7 条，日志 6 条",
            ],
        ),
        (
            _expired_in_an_open_plan,
            [
                f"{SCHOOL}：账上 free 为 2，按流水应为 3",
                f"{SCHOOL}：账上 expired 为 1，按流水应为 0",
                f"{SCHOOL}：计划未关闭，却有失效名额 1",
            ],
        ),
        (
            _free_in_a_closed_plan,
            ["2020年·内蒙古自治区团委：计划已关闭，仍有空余名额 95", f"{SCHOOL}：计划已关闭，仍有空余名额 3"],
        ),
        (
            _block_in_other_hands,
            [
                f"{SCHOOL}：空余名额 3，可用编号 1（号段余 0，释放待用 1）",
                "号段 202015000099–202015000100 记在第二中学团委名下，与交接记录不符",
            ],
        ),
        (
            _place_of_another_unit,
            [
                f"{SCHOOL}：空余名额 3，可用编号 2（号段余 2，释放待用 0）",
                "编号 202015000098 曾由第二中学团委发出，与交接记录不符",
            ],
        ),
        (
            _passage_from_nowhere,
            [
                "编号 202015000096–202015000096 由新城区团委交给第二中学团委时，并不都在其手中",
                "编号 202015000096 曾由第一中学团委发出，与交接记录不符",
            ],
        ),
        (
            _number_twice,
            [
                "编号 202015000096 被 2 个名额同时占用",
                f"{YEAR}：号段余号与已发编号合计 99，计划总数 100",
                "编号 202015000096（事项 2）已使用，但没有以此编号接收的团员",
                f"{SCHOOL}：账上 reserved 为 1，名额登记为 0",
                f"{SCHOOL}：账上 used 为 1，名额登记为 2",
            ],
        ),
        (
            _total_written_up,
            [
                f"{YEAR}：各级空余、预留、使用、失效合计 100，计划总数 101",
                f"{YEAR}：号段余号与已发编号合计 100，计划总数 101",
            ],
        ),
    ],
)
@pytest.mark.usefixtures("year")
def test_each_kind_of_fault_is_named_and_nothing_else(
    session: Session, cast: Cast, break_it: Callable[[Session, Cast], None], told: list[str]
) -> None:
    break_it(session, cast)
    session.flush()
    session.expire_all()
    faults = quotas.audit(session).faults
    assert sorted(faults) == sorted(told)


@pytest.mark.usefixtures("year")
def test_a_place_without_an_account_is_named(session: Session, cast: Cast) -> None:
    other = cast.other_school.id
    session.execute(update(Place).where(Place.case_id == 2).values(unit_id=other))
    session.expire_all()
    assert sorted(quotas.audit(session).faults) == sorted(
        [
            f"{SCHOOL}：账上 reserved 为 1，名额登记为 0",
            f"组织 {other}：有 1 个 reserved 名额，但没有名额账户",
            "编号 202015000097 曾由第二中学团委发出，与交接记录不符",
        ]
    )
