"""The share of recommended people among those the Party accepts: 25 of them worked by hand, and what they leave out."""

import re
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.support import twenty_five
from tests.support.cast import Cast
from tests.support.twenty_five import EVERYBODY, JUNE, LATER, YEAR, Example
from workflows import clock
from workflows.domain import recommendation_share as share
from workflows.domain import recommendations
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendation_share import Counted, Share, Why
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.units import Unit

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "recommendation-share.md"


@pytest.fixture
def example(session: Session, cast: Cast) -> Example:
    """The twenty-five."""
    return twenty_five.build(session, cast)


def overview(session: Session, unit: Unit, year: int = YEAR) -> share.Overview:
    return share.overview(session, unit, year, share.limits_of(session, year))


def people_of(session: Session, unit: Unit, **options: Any) -> list[share.Accepted]:
    return share.people_of(session, unit, YEAR, share.limits_of(session, YEAR), **options)


def told(figures: Share) -> tuple[int, int, int]:
    """Accepted, recommended as target, recommended at all."""
    return figures.accepted, figures.as_target, figures.recommended


def test_each_of_the_twenty_five_counts_as_was_worked_out_by_hand(session: Session, example: Example) -> None:
    found = {one.person.name: one for one in people_of(session, example.cast.school)}
    for at, youth in enumerate(EVERYBODY, 1):
        one = found.get(twenty_five.name_of(at))
        assert (one and one.counted) == youth.verdict, youth.edge
        assert one is None or one.league == twenty_five.unit_of(example, youth.league), youth.edge
    assert len(found) == 24


def test_the_figures_of_both_sides_are_those_of_the_table(session: Session, example: Example) -> None:
    for whole in (example.cast.region, example.cast.school, example.party.committee):
        seen = overview(session, whole).whole.share
        assert told(seen) == (19, 8, 12)
        assert (seen.target_share, seen.share, seen.without) == (Fraction(8, 19), Fraction(12, 19), 7)
        assert (seen.heard, seen.to_be_heard, seen.everybody) == (1, 2, 24)
        assert [seen.counts[each] for each in (Counted.CADRE, Counted.NO_MEMBER, Counted.OLDER)] == [1, 1, 1]


def test_each_unit_below_has_its_own_and_they_add_up(session: Session, example: Example) -> None:
    cast = example.cast
    seen = overview(session, cast.school)
    below = {line.unit.id: told(line.share) for line in seen.below}
    assert below == {cast.branch.id: (12, 6, 8), cast.small_branch.id: (6, 2, 4)}
    assert told(seen.here) == (1, 0, 0)
    party = overview(session, example.party.committee)
    assert {line.unit.id: told(line.share) for line in party.below} == {
        example.party.branch.id: (14, 6, 9),
        example.second.id: (5, 2, 3),
    }
    assert told(party.here) == (0, 0, 0)
    region = overview(session, cast.region)
    assert sum((line.share.counts for line in region.below), Counter()) == region.whole.share.counts


def test_another_year_another_unit_has_none_of_them(session: Session, example: Example) -> None:
    assert told(overview(session, example.cast.other_school).whole.share) == (0, 0, 0)
    before = overview(session, example.cast.school, 2019).whole.share
    assert (told(before), before.share) == ((1, 0, 0), Fraction(0))
    after = overview(session, example.cast.school, 2021).whole.share
    assert (after.share, after.reaches(Fraction(2, 5)), after.everybody) == (None, None, 0)


def test_the_work_list_says_why_no_recommendation_counts(session: Session, example: Example) -> None:
    found = people_of(session, example.cast.school, only=[Counted.WITHOUT])
    why = {int(one.person.name[2:]): one.why for one in found}
    assert why == {
        4: Why.NONE,
        9: Why.SAME_DAY,
        11: Why.RUN_OUT,
        13: Why.ENDED,
        14: Why.ENDED,
        15: Why.PASSED_LATE,
        18: Why.NONE,
    }
    assert all((one.nearest is None) == (one.why is Why.NONE) for one in found)


def test_a_person_in_either_figure_is_shown_with_the_recommendation_that_counts(
    session: Session, example: Example
) -> None:
    found = people_of(session, example.cast.school, only=[Counted.TARGET, Counted.ACTIVIST])
    assert len(found) == 12
    for one in found:
        assert one.record is not None
        assert (one.record.product is Product.TARGET) == (one.counted is Counted.TARGET)
        assert share.counts_on(one.record, one.event.happened_on)


def test_the_list_is_read_page_by_page(session: Session, example: Example) -> None:
    everybody = [one.event.id for one in people_of(session, example.cast.school)]
    seen: list[int] = []
    while page := people_of(session, example.cast.school, after=seen[-1] if seen else 0, limit=7):
        seen += [one.event.id for one in page]
    assert seen == everybody == sorted(set(everybody))


@pytest.mark.parametrize(
    "changes,why",
    [
        ({}, None),
        ({"state": State.KEPT}, None),
        ({"state": State.LISTED, "recommended_on": None, "passed_on": None, "valid_until": None}, Why.UNFINISHED),
        ({"state": State.NOT_PASSED, "recommended_on": None, "valid_until": None}, Why.ENDED),
        ({"state": State.REMOVED}, Why.ENDED),
        ({"state": State.REFUSED}, Why.ENDED),
        ({"recommended_on": JUNE}, Why.SAME_DAY),
        ({"recommended_on": JUNE + timedelta(days=1)}, Why.AFTERWARDS),
        ({"valid_until": JUNE}, None),
        ({"valid_until": JUNE - timedelta(days=1)}, Why.RUN_OUT),
        ({"passed_on": JUNE}, None),
        ({"passed_on": JUNE + timedelta(days=1)}, Why.PASSED_LATE),
        ({"passed_on": None}, None),
    ],
)
def test_a_recommendation_counts_when_it_was_good_on_the_day(changes: dict[str, Any], why: Why | None) -> None:
    given = {"state": State.RECOMMENDED, "recommended_on": date(2020, 3, 2), "passed_on": date(2020, 4, 1)}
    given["valid_until"] = date(2022, 3, 2)
    row = Recommendation(product=Product.TARGET, **(given | changes))
    assert (share.why_not(row, JUNE), share.counts_on(row, JUNE)) == (why, why is None)


def test_of_several_the_nearest_one_is_told(session: Session, example: Example) -> None:
    withdrawn = example.people[12]
    listed = Recommendation(
        person_id=withdrawn.id,
        product=Product.ACTIVIST,
        unit_id=example.cast.branch.id,
        state=State.LISTED,
        holds_place=False,
        created_at=clock.now(),
    )
    session.add(listed)
    session.flush()
    found = people_of(session, example.cast.school, only=[Counted.WITHOUT])
    assert [(one.why, one.nearest) for one in found if one.person == withdrawn] == [(Why.UNFINISHED, listed)]


def test_what_was_withdrawn_later_counts_no_more(session: Session, example: Example) -> None:
    row = recommendations.of_person(session, example.people[0].id)[0]
    row.state = State.WITHDRAWN
    session.flush()
    assert told(overview(session, example.cast.school).whole.share) == (19, 7, 11)


def test_the_aim_is_met_by_the_exact_share_and_not_by_the_rounded_one(session: Session) -> None:
    aim = share.limits_of(session, YEAR).aim
    assert aim == Fraction(2, 5)
    assert Share(Counter({Counted.TARGET: 2, Counted.WITHOUT: 3})).reaches(aim) is True
    assert Share(Counter({Counted.ACTIVIST: 39_999, Counted.WITHOUT: 60_001})).reaches(aim) is False


def test_the_parameters_are_those_of_the_year_with_their_sources(session: Session) -> None:
    limits = share.limits_of(session, YEAR)
    assert [each.value for each in (limits.below, limits.heard_until, limits.goal)] == [28, 35, 40]
    assert all(each.article for each in (limits.below, limits.heard_until, limits.goal))


def test_the_years_go_back_to_the_first_acceptance(session: Session, cast: Cast) -> None:
    with clock.standing_at(LATER):
        assert share.years(session) == [2021]
        twenty_five.build(session, cast)
        assert share.years(session) == [2021, 2020, 2019]


def test_more_people_need_no_more_statements(session: Session, example: Example) -> None:
    counts: list[int] = []
    asked: list[str] = []
    listener = lambda _c, _cursor, text, *_rest: asked.append(text)  # noqa: E731
    bind, limits = session.get_bind(), share.limits_of(session, YEAR)
    for limit in (2, 50):
        session.expire_all()
        example.cast.school.path, example.cast.school.kind  # noqa: B018 - read before the count
        asked.clear()
        event.listen(bind, "before_cursor_execute", listener)
        share.overview(session, example.cast.school, YEAR, limits)
        share.people_of(session, example.cast.school, YEAR, limits, limit=limit)
        event.remove(bind, "before_cursor_execute", listener)
        counts.append(len(asked))
    assert counts == [4, 4]


def test_the_page_of_the_documentation_shows_the_same_table() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (\S+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [
        (str(at), youth.edge, f"`{youth.verdict}`" if youth.verdict else "—") for at, youth in enumerate(EVERYBODY, 1)
    ]
    assert rows == expected
