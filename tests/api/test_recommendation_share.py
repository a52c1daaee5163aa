"""The share of recommended people over the API, on both databases."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support import twenty_five
from tests.support.cast import Cast
from tests.support.twenty_five import EVERYBODY, LATER, YEAR, Example
from workflows import clock
from workflows.domain.people import Person

SignedIn = Callable[[Person], Caller]
PATH = "/recommendation-share"


@pytest.fixture
def example(session: Session, cast: Cast) -> Iterator[Example]:
    """The twenty-five, looked at in the next year."""
    with clock.standing_at(LATER):
        yield twenty_five.build(session, cast)


def test_the_figures_are_those_worked_by_hand(signed_in: SignedIn, example: Example) -> None:
    for person, unit in ((example.cast.sun, example.cast.region), (example.party.bai, example.party.committee)):
        found = signed_in(person).get(PATH, unit_id=unit.id, year=YEAR).json
        figures = found["whole"]["figures"]
        assert (figures["accepted"], figures["recommended"], figures["as_target"], figures["without"]) == (19, 12, 8, 7)
        assert (figures["share"], figures["target_share"]) == ("63.2%", "42.1%")
        assert (found["aim"], found["reached"], figures["heard"], figures["to_be_heard"]) == (40, True, 1, 2)
        lines = [*(each["figures"] for each in found["below"]), found["here"]]
        assert sum(each["everybody"] for each in lines) == figures["everybody"] == 24
    nobody = signed_in(example.cast.sun).get(PATH, unit_id=example.cast.region.id).json
    assert (nobody["year"], nobody["reached"], nobody["whole"]["figures"]["share"]) == (2021, None, "—")


def test_the_people_are_read_page_by_page_with_what_each_counts_as(signed_in: SignedIn, example: Example) -> None:
    gaowa, seen = signed_in(example.cast.gaowa), {}
    query = {"unit_id": example.cast.school.id, "year": YEAR, "group": "all", "limit": 9}
    while True:
        page = gaowa.get(f"{PATH}/people", **query).json
        seen |= {each["name"]: each for each in page["items"]}
        if page["next"] is None:
            break
        query["after"] = page["next"]
    expected = {twenty_five.name_of(at): youth.verdict for at, youth in enumerate(EVERYBODY, 1) if youth.verdict}
    assert {name: each["counted"] for name, each in seen.items()} == expected
    assert seen["青年09"]["why"].startswith("推优大会与接收在同一天")
    assert seen["青年09"]["who"].startswith("团支部书记")
    assert seen["青年08"]["age"] == 28


def test_who_holds_no_post_at_the_unit_or_above_reads_nothing(signed_in: SignedIn, example: Example) -> None:
    for person, unit in ((example.cast.saren, example.cast.school), (example.party.guan, example.second)):
        for path in (PATH, f"{PATH}/people"):
            assert signed_in(person).get(path, unit_id=unit.id, year=YEAR).status_code == 404


def test_a_wrong_query_is_refused_by_field(signed_in: SignedIn, example: Example) -> None:
    caller = signed_in(example.cast.gaowa)
    for wrong in ({"year": 1066}, {"group": "some"}, {"limit": 0}):
        answer = caller.get(f"{PATH}/people", unit_id=example.cast.school.id, **wrong)
        assert (answer.status_code, [each["field"] for each in answer.json["fields"]]) == (422, list(wrong))
