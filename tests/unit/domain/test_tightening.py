"""Tightening a rule for a subtree: who may, what is refused, for which days it holds."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.clock import OFFICE_ZONE
from workflows.domain import posts, rules_in_force, tightening, units
from workflows.domain import tightening_refusals as refusals
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.rules_in_force import State, Tightening
from workflows.domain.units import NothingAbove, Unit, UnitKind
from workflows.errors import InvalidData, NotAuthorised, NotFound, Refusal
from workflows.journal import SYSTEM, Event

TODAY = date(2020, 6, 1)
SINCE, UNTIL = date(2020, 7, 1), date(2020, 12, 31)
WHY = "本校团课按十学时排课"

Propose = Callable[..., Tightening]


@pytest.fixture(autouse=True)
def _today() -> Any:
    with clock.standing_at(datetime(2020, 6, 1, 10, tzinfo=OFFICE_ZONE)):
        yield


@pytest.fixture
def cast(session: Session) -> Cast:
    return people.build(session)


def officer(session: Session, unit: Unit, kind: PostKind, name: str = "钱进") -> Person:
    """Somebody new in a post."""
    person = people._person(name, unit, date(1980, 1, 1))
    session.add(person)
    session.flush()
    posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=people.SINCE, actor=SYSTEM)
    return person


@pytest.fixture
def propose(session: Session, cast: Cast) -> Propose:
    """The school asks for ten class hours, with changes."""

    def ask(unit: Unit | None = None, by: Person | None = None, **changes: Any) -> Tightening:
        given = {"parameter": "class_hours_min", "value": 10, "reason": WHY, "since": SINCE, "until": UNTIL}
        unit, by = unit or cast.school, by or cast.gaowa
        return tightening.propose(session, unit_id=unit.id, actor=cast.actor(by), **(given | changes))

    return ask


def approve(session: Session, cast: Cast, row: Tightening, by: Person | None = None) -> Tightening:
    return tightening.decide(session, tightening_id=row.id, approve=True, actor=cast.actor(by or cast.zhao))


def hours(session: Session, unit: Unit, day: date = SINCE) -> Any:
    return rules_in_force.of_unit(session, unit.id, day).values["class_hours_min"].value


def test_what_the_county_approves_holds_for_the_school_and_everything_below(
    session: Session, cast: Cast, propose: Propose
) -> None:
    row = propose()
    assert hours(session, cast.branch) == 8
    approve(session, cast, row)
    assert [hours(session, unit) for unit in (cast.school, cast.branch, cast.other_school, cast.county)] == [
        10,
        10,
        8,
        8,
    ]
    found = rules_in_force.of_unit(session, cast.branch.id, SINCE).values["class_hours_min"].by
    assert found is not None
    assert (found.row, found.unit) == (row, cast.school)


def test_it_holds_from_its_first_day_to_its_last(session: Session, cast: Cast, propose: Propose) -> None:
    approve(session, cast, propose())
    days = (date(2020, 6, 30), SINCE, UNTIL, date(2021, 1, 1))
    assert [hours(session, cast.branch, day) for day in days] == [8, 10, 10, 8]


def test_every_act_is_journalled_with_who_and_what(session: Session, cast: Cast, propose: Propose) -> None:
    row = approve(session, cast, propose())
    tightening.withdraw(session, tightening_id=row.id, actor=cast.actor(cast.chen))
    declined = propose(parameter="training_min_months", value=6)
    tightening.decide(
        session, tightening_id=declined.id, approve=False, answer="三个月已经足够", actor=cast.actor(cast.zhao)
    )
    told = [(entry.event, entry.person_id) for entry in journal.entries_of(session, journal.unit_chain(cast.school.id))]
    assert told == [
        (Event.RULE_TIGHTENING_PROPOSED, cast.gaowa.id),
        (Event.RULE_TIGHTENING_APPROVED, cast.zhao.id),
        (Event.RULE_TIGHTENING_WITHDRAWN, cast.chen.id),
        (Event.RULE_TIGHTENING_PROPOSED, cast.gaowa.id),
        (Event.RULE_TIGHTENING_DECLINED, cast.zhao.id),
    ]
    first = journal.entries_of(session, journal.unit_chain(cast.school.id))[0]
    term = ["2020-07-01", "2020-12-31"]
    assert first.facts == {"tightening": row.id, "parameter": "class_hours_min", "value": 10, "term": term}


@ON_SQLITE
@pytest.mark.parametrize(
    "parameter, value, refusal, told",
    [
        ("class_hours_min", 6, refusals.RuleLoosened, "现行要求为8 学时（依据：细则：团课学习），“6 学时”比它宽"),
        ("class_hours_min", 8, refusals.RuleNotTighter, "现行要求就是8 学时"),
        ("class_hours_min", 41, refusals.BeyondLimit, "最严可定为40 学时"),
        ("class_hours_min", "10", refusals.RuleValueWrong, "请按此项的单位填写整数"),
        ("class_hours_min", True, refusals.RuleValueWrong, "请按此项的单位填写整数"),
        ("class_hours_min", None, refusals.RuleValueWrong, "请按此项的单位填写整数"),
        ("class_hours_min", [10], refusals.RuleValueWrong, "请按此项的单位填写整数"),
        ("ceremony", "P4M", refusals.RuleLoosened, "现行要求为3 个月"),
        ("ceremony", 60, refusals.RuleValueWrong, "请按此项的单位填写整数"),
        ("talk_deadline", "P29D", refusals.RuleLoosened, "“29 天”比它宽"),
        ("approval_target", "P40D", refusals.RuleLoosened, "依据：未核实的默认值"),
        ("feedback", "P7D", refusals.RuleNotTighter, "依据：本产品的默认值（未核实）"),
        ("quorum", ">=1/2 of should-attend", refusals.RuleLoosened, "大于应到会有表决权人数的半数"),
        ("quorum", ">=2/3 of present", refusals.RuleValueWrong, "从选项中选择"),
        ("ideology_assessment_required", False, refusals.RuleLoosened, "“否”比它宽"),
        ("activist_confirmation", "NOBODY", refusals.RuleValueWrong, "从选项中选择"),
        ("introducers", 3, refusals.RuleFixed, "由上级统一规定（依据：团章第四条）"),
        ("apply_age_min", 16, refusals.RuleFixed, "由上级统一规定（依据：团章第一条）"),
        ("unheard_of", 1, InvalidData, "填写的内容有误"),
    ],
)
def test_what_is_not_stricter_within_bounds_is_refused_with_what_holds(
    session: Session, propose: Propose, parameter: str, value: Any, refusal: type[Refusal], told: str
) -> None:
    with pytest.raises(refusal) as raised:
        propose(parameter=parameter, value=value)
    assert type(raised.value) is refusal
    assert told in str(raised.value)
    assert set(raised.value.fields) <= {"parameter", "value"}
    assert raised.value.fields


@ON_SQLITE
@pytest.mark.parametrize(
    "changes, refusal, field",
    [
        ({"since": date(2020, 5, 31)}, refusals.BeginsInThePast, "since"),
        ({"since": date(2021, 6, 2), "until": date(2021, 6, 2)}, refusals.BeginsTooLate, "since"),
        ({"until": date(2020, 6, 30)}, refusals.EndsBeforeItBegins, "until"),
        ({"until": date(2022, 7, 1)}, refusals.TermTooLong, "until"),
        ({"reason": " 短 "}, refusals.ReasonNeeded, "reason"),
        ({"reason": "长" * 401}, refusals.ReasonNeeded, "reason"),
    ],
)
def test_days_and_reasons_are_checked(
    propose: Propose, changes: dict[str, Any], refusal: type[Refusal], field: str
) -> None:
    with pytest.raises(refusal) as raised:
        propose(**changes)
    assert list(raised.value.fields) == [field]


def test_the_longest_term_is_two_years_to_the_day(propose: Propose) -> None:
    assert propose(until=date(2022, 6, 30)).until == date(2022, 6, 30)


def test_a_term_from_the_29th_of_february_is_bounded_too(session: Session, propose: Propose) -> None:
    with clock.standing_at(datetime(2020, 2, 29, 10, tzinfo=OFFICE_ZONE)):
        leap = date(2020, 2, 29)
        with pytest.raises(refusals.TermTooLong):
            propose(since=leap, until=date(2022, 3, 1))
        assert propose(since=leap, until=date(2022, 2, 28)).until == date(2022, 2, 28)


def test_only_the_committee_of_the_unit_itself_proposes(session: Session, cast: Cast, propose: Propose) -> None:
    for unit, by in ((cast.school, cast.zhao), (cast.school, cast.saren), (cast.county, cast.gaowa)):
        with pytest.raises(NotAuthorised):
            propose(unit, by)
    with pytest.raises(NotAuthorised):
        propose(cast.branch, cast.saren)
    with pytest.raises(NotFound):
        tightening.propose(
            session,
            unit_id=999_999,
            actor=cast.actor(cast.gaowa),
            parameter="class_hours_min",
            value=10,
            reason=WHY,
            since=SINCE,
            until=UNTIL,
        )


def test_only_the_county_decides_on_its_school(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    other = officer(session, cast.other_county, PostKind.COUNTY_COMMITTEE)
    for nobody in (cast.chen, other, cast.sun, cast.he, cast.ma):
        with pytest.raises(NotAuthorised, match="新城区团委的旗县团委经办人"):
            approve(session, cast, row, nobody)
    assert row.state is State.PROPOSED


def test_what_a_county_proposes_is_decided_by_the_prefecture(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose(cast.county, cast.zhao)
    assert row.approver_unit_id == cast.city.id
    with pytest.raises(NotAuthorised):
        approve(session, cast, row, cast.zhao)
    approve(session, cast, row, officer(session, cast.city, PostKind.PREFECTURE_COMMITTEE))
    assert hours(session, cast.branch) == 10


def test_a_school_that_reports_to_the_city_is_decided_on_there_and_a_city_by_the_region(
    session: Session, cast: Cast, propose: Propose
) -> None:
    school = units.add(session, cast.city, code="S9", name="市直中学团委", kind=UnitKind.SCHOOL)
    assert tightening.approver_of(session, school) is cast.city
    assert tightening.approver_of(session, cast.city) is cast.region
    with pytest.raises(NothingAbove):
        tightening.approver_of(session, cast.region)


def test_nobody_decides_on_his_own_proposal_in_whatever_post(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    county = {"unit_id": cast.county.id, "kind": PostKind.COUNTY_COMMITTEE, "since": people.SINCE, "actor": SYSTEM}
    post = posts.assign(session, person_id=cast.gaowa.id, **county)
    with pytest.raises(refusals.OwnProposal):
        approve(session, cast, row, cast.gaowa)
    posts.end(session, post_id=post.id, last_day=date(2020, 5, 1), actor=SYSTEM)
    his = posts.assign(session, person_id=cast.sun.id, **county)
    posts.substitute(session, post_id=his.id, person_id=cast.gaowa.id, since=people.SINCE, until=UNTIL, actor=SYSTEM)
    with pytest.raises(refusals.OwnProposal):
        approve(session, cast, row, cast.gaowa)
    approve(session, cast, row)


def test_a_unit_below_may_go_further_and_never_back(session: Session, cast: Cast, propose: Propose) -> None:
    city = officer(session, cast.city, PostKind.PREFECTURE_COMMITTEE)
    approve(session, cast, propose(cast.county, cast.zhao, value=12), city)
    with pytest.raises(
        refusals.LooserThanAbove, match=r"“新城区团委”已将“团课最少学时”从严为12 学时（2020-07-01至2020-12-31）"
    ):
        propose()
    with pytest.raises(refusals.LooserThanAbove):
        propose(since=date(2020, 6, 1), until=SINCE)
    approve(session, cast, propose(value=14))
    assert (hours(session, cast.branch), hours(session, cast.other_school)) == (14, 12)


def test_before_and_after_the_days_of_the_unit_above_less_is_enough(
    session: Session, cast: Cast, propose: Propose
) -> None:
    city = officer(session, cast.city, PostKind.PREFECTURE_COMMITTEE)
    approve(session, cast, propose(cast.county, cast.zhao, value=12), city)
    approve(session, cast, propose(since=date(2021, 1, 1), until=date(2021, 6, 30)))
    days = (UNTIL, date(2021, 1, 1), date(2021, 7, 1))
    assert [hours(session, cast.branch, day) for day in days] == [12, 10, 8]


def test_what_the_unit_above_has_tightened_meanwhile_is_seen_at_the_decision(
    session: Session, cast: Cast, propose: Propose
) -> None:
    row, city = propose(), officer(session, cast.city, PostKind.PREFECTURE_COMMITTEE)
    approve(session, cast, propose(cast.county, cast.zhao, value=12), city)
    with pytest.raises(refusals.LooserThanAbove):
        approve(session, cast, row)


def test_one_proposal_of_a_kind_waits_at_a_time(session: Session, propose: Propose) -> None:
    propose()
    with pytest.raises(refusals.TighteningPending, match="团课最少学时"):
        propose(value=12)
    propose(parameter="ceremony", value="P30D")


def test_of_overlapping_ones_the_strictest_holds(session: Session, cast: Cast, propose: Propose) -> None:
    approve(session, cast, propose(value=12, until=date(2020, 8, 31)))
    approve(session, cast, propose(value=10))
    assert [hours(session, cast.branch, day) for day in (SINCE, date(2020, 9, 1))] == [12, 10]


def test_a_decision_is_taken_once(session: Session, cast: Cast, propose: Propose) -> None:
    row = approve(session, cast, propose())
    with pytest.raises(refusals.TighteningSettled, match="已批准"):
        approve(session, cast, row)
    with pytest.raises(NotFound):
        tightening.decide(session, tightening_id=999_999, approve=True, actor=cast.actor(cast.zhao))


def test_approving_may_be_answered_in_a_word_and_need_not_be(session: Session, cast: Cast, propose: Propose) -> None:
    given = {"approve": True, "actor": cast.actor(cast.zhao)}
    assert tightening.decide(session, tightening_id=propose().id, answer=" 同意 ", **given).answer == "同意"
    row = propose(parameter="ceremony", value="P30D")
    with pytest.raises(refusals.ReasonNeeded):
        tightening.decide(session, tightening_id=row.id, answer="同" * 401, **given)
    assert tightening.decide(session, tightening_id=row.id, **given).answer == ""


def test_declining_needs_a_reason(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    with pytest.raises(refusals.ReasonNeeded) as raised:
        tightening.decide(session, tightening_id=row.id, approve=False, actor=cast.actor(cast.zhao))
    assert list(raised.value.fields) == ["answer"]


def test_approved_late_it_begins_on_the_day_of_the_decision(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    with clock.standing_at(datetime(2020, 7, 10, 10, tzinfo=OFFICE_ZONE)):
        approve(session, cast, row)
    assert [hours(session, cast.branch, date(2020, 7, day)) for day in (9, 10)] == [8, 10]


def test_what_is_over_is_neither_approved_nor_withdrawn(session: Session, cast: Cast, propose: Propose) -> None:
    row, other = propose(), approve(session, cast, propose(parameter="ceremony", value="P30D"))
    with clock.standing_at(datetime(2021, 1, 1, 10, tzinfo=OFFICE_ZONE)):
        with pytest.raises(refusals.TighteningOver, match="2020-12-31"):
            approve(session, cast, row)
        with pytest.raises(refusals.TighteningOver):
            tightening.withdraw(session, tightening_id=other.id, actor=cast.actor(cast.gaowa))
        assert tightening.count_waiting(session, [cast.county.id]) == 0


def test_withdrawn_it_no_longer_holds_from_that_day_and_did_before(
    session: Session, cast: Cast, propose: Propose
) -> None:
    row = approve(session, cast, propose())
    with clock.standing_at(datetime(2020, 9, 1, 10, tzinfo=OFFICE_ZONE)):
        tightening.withdraw(session, tightening_id=row.id, actor=cast.actor(cast.chen))
        assert [hours(session, cast.branch, day) for day in (date(2020, 8, 31), date(2020, 9, 1))] == [10, 8]
        with pytest.raises(refusals.TighteningSettled, match="已撤回"):
            tightening.withdraw(session, tightening_id=row.id, actor=cast.actor(cast.chen))


def test_withdrawn_before_the_decision_it_never_held(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    with pytest.raises(NotAuthorised):
        tightening.withdraw(session, tightening_id=row.id, actor=cast.actor(cast.zhao))
    tightening.withdraw(session, tightening_id=row.id, actor=cast.actor(cast.gaowa))
    assert hours(session, cast.branch) == 8
    with pytest.raises(refusals.TighteningSettled):
        approve(session, cast, row)


def test_what_waits_is_counted_for_who_decides(session: Session, cast: Cast, propose: Propose) -> None:
    row = propose()
    assert [held.row for held in tightening.waiting_at(session, [cast.county.id])] == [row]
    counts = [tightening.count_waiting(session, [unit.id]) for unit in (cast.county, cast.other_county, cast.school)]
    assert counts == [1, 0, 0]
