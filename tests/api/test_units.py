"""The organisation tree over the API."""

from collections.abc import Callable

import pytest

from tests.api.caller import Caller
from tests.support.cast import Cast
from workflows.domain.people import Person


def test_the_tree_is_walked_from_the_top(saren: Caller, cast: Cast) -> None:
    [top] = saren.get("/units").json["items"]
    assert (top["id"], top["kind"], top["kind_label"]) == (cast.region.id, "region", "自治区团委")
    below = saren.get("/units", parent_id=cast.county.id).json["items"]
    assert [unit["code"] for unit in below] == ["S1", "S2"]


def test_one_unit_knows_its_reporting_line(saren: Caller, cast: Cast) -> None:
    unit = saren.get(f"/units/{cast.branch.id}").json
    assert unit["line"] == [cast.region.id, cast.city.id, cast.county.id, cast.school.id, cast.branch.id]


@pytest.mark.parametrize("path", ["/units/999999", f"/units/{2**63}", "/units/0", "/units/x"])
def test_an_unknown_unit_is_not_found(saren: Caller, path: str) -> None:
    answer = saren.get(path)
    assert answer.status_code == 404
    assert answer.json["code"] == "not_found"


def test_an_unknown_parent_is_not_found(saren: Caller) -> None:
    assert saren.get("/units", parent_id=999_999).status_code == 404


def test_nobody_reads_it_without_signing_in(anybody: Caller) -> None:
    assert anybody.get("/units").status_code == 401


def test_the_committee_above_sets_a_branch_up(signed_in: Callable[[Person], Caller], cast: Cast) -> None:
    gaowa = signed_in(cast.gaowa)
    sent = {"has_committee": False, "is_temporary": True, "reason": "批复3号"}
    unit = gaowa.post(f"/units/{cast.branch.id}/set-up", sent).json
    assert (unit["has_committee"], unit["is_temporary"]) == (False, True)


def test_nobody_else_does(saren: Caller, cast: Cast) -> None:
    sent = {"has_committee": False, "is_temporary": True, "reason": "批复3号"}
    answer = saren.post(f"/units/{cast.branch.id}/set-up", sent)
    assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")
