from collections.abc import Callable
from typing import Any

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows.domain.people import Person

Call = Callable[[Person], Caller]

DAY = "2019-12-31"
CLASS = {"stage": "senior", "is_graduating": True, "students": 50, "members": 20}


def report(**changes: Any) -> dict[str, Any]:
    return {"as_of": DAY, "source": "学籍系统", "lines": [CLASS], **changes}


def test_what_a_class_reports_is_summed_upward(signed_in: Call, cast: Cast, now: object) -> None:
    gaowa = signed_in(cast.gaowa)
    kept = gaowa.post(f"/units/{cast.branch.id}/head-counts", report())
    assert (kept.status_code, kept.json["recorded_by"]) == (201, cast.gaowa.id)
    county, school, other = signed_in(cast.zhao).get(f"/units/{cast.county.id}/head-counts", as_of=DAY).json["items"]
    assert county["lines"] == [{**CLASS, "applicants": None}]
    assert (school["reports"], school["own"], other["lines"]) == (1, False, [])


@ON_SQLITE
def test_figures_that_cannot_be_true_are_refused_by_field(signed_in: Call, cast: Cast, now: object) -> None:
    gaowa, here = signed_in(cast.gaowa), f"/units/{cast.branch.id}/head-counts"
    refused = gaowa.post(here, report(lines=[{**CLASS, "members": 51}]))
    assert wrong_fields(refused) == {"members-0": "团员数应为0至学生数之间的整数"}
    assert list(wrong_fields(gaowa.post(here, report(as_of="2020-01-01")))) == ["as_of"]
    assert gaowa.post(here, report(lines=[{**CLASS, "stage": "primary"}])).status_code == 422


@ON_SQLITE
def test_a_file_is_taken_over_whole_or_not_at_all(signed_in: Call, cast: Cast, now: object) -> None:
    zhao, here = signed_in(cast.zhao), f"/units/{cast.county.id}/head-counts/files"
    heading = "组织代码,阶段,毕业班,学生数,团员数\n"
    sent = {"as_of": DAY, "source": "县汇总", "content": heading + "S1-1,普通高中,是,50,20\nS9,初中,,5,1"}
    refused = zhao.post(here, sent)
    assert (refused.status_code, refused.json["code"]) == (409, "head_counts.file_rows_wrong")
    taken = zhao.post(here, {**sent, "content": heading + "S1-1,普通高中,是,50,20\nS2,初中,,5,1"})
    assert [each["unit_id"] for each in taken.json["items"]] == [cast.other_school.id, cast.branch.id]


@ON_SQLITE
def test_nobody_reports_for_a_unit_that_is_not_his_or_below(signed_in: Call, cast: Cast, now: object) -> None:
    assert signed_in(cast.gaowa).post(f"/units/{cast.other_school.id}/head-counts", report()).status_code == 404
    assert signed_in(cast.saren).post(f"/units/{cast.branch.id}/head-counts", report()).status_code == 403
    assert signed_in(cast.ma).post(f"/units/{cast.branch.id}/head-counts", report()).status_code == 403
