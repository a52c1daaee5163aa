"""Evidence of training over the API: entering, counting, correcting, and who may."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from tests.support.training import LESSON, SERVICE, in_training
from tests.support.workbooks import workbook
from workflows import clock
from workflows.domain.people import Person
from workflows.engine.tables import Bundle

SignIn = Callable[[Person], Caller]
NEW_LESSON, NEW_SERVICE = {**LESSON, "kind": "class_hours"}, {**SERVICE, "kind": "volunteer_hours"}


@pytest.fixture
def where(session: Session, cast: Cast, admission: Bundle) -> Iterator[str]:
    """The evidence of Wuyun, who is in training since 18 March."""
    with clock.standing_at(datetime(2020, 6, 17, 2, tzinfo=UTC)):
        yield f"/cases/{in_training(session, cast).id}/evidence"


def required(answer: Any) -> dict[str, tuple[Any, Any, bool]]:
    return {one["name"]: (one["have"], one["need"], one["is_met"]) for one in answer.json["requirements"]}


def test_what_is_entered_is_counted_against_the_rules(where: str, saren: Caller, cast: Cast) -> None:
    entered = saren.post(where, NEW_LESSON)
    assert entered.status_code == 201, entered.json
    assert {**LESSON, "recorded_by": cast.saren.id}.items() <= entered.json.items()
    assert saren.post(where, NEW_SERVICE).json["minutes"] == 150
    answer = saren.get(where)
    assert required(answer)["class_hours"] == (8, 8, True)
    assert required(answer)["volunteer_hours"] == (2.5, 20, False)
    assert required(answer)["ideology_passed"] == (False, True, False)
    assert [(one["counted"], one["why"]) for one in answer.json["items"]] == [(8, None), (150, None)]
    assert (answer.json["since"], answer.json["may_enter"]) == ("2020-03-16", True)


@ON_SQLITE
def test_a_correction_takes_the_place_of_the_row_which_stays(where: str, saren: Caller) -> None:
    number = saren.post(where, NEW_LESSON).json["id"]
    correction = {"values": {**LESSON, "minutes": 90}, "reason": "当天只上了两节"}
    answer = saren.post(f"{where}/{number}/correction", correction)
    assert (answer.status_code, answer.json["corrects_id"]) == (201, number)
    assert [one["stands"] for one in saren.get(where).json["items"]] == [False, True]
    again = saren.post(f"{where}/{number}/correction", correction)
    assert (again.status_code, again.json["code"]) == (409, "evidence.corrected_already")
    struck = saren.post(f"{where}/{answer.json['id']}/correction", {"values": None, "reason": "没有上过这一课"})
    assert struck.json["is_struck"]
    assert required(saren.get(where))["class_hours"] == (0, 8, False)


@ON_SQLITE
def test_sent_twice_with_one_key_it_is_entered_once_and_without_it_is_refused(where: str, saren: Caller) -> None:
    assert [saren.post(where, NEW_LESSON, key="one lesson").status_code for _ in range(2)] == [201, 201]
    again = saren.post(where, NEW_LESSON)
    assert (again.status_code, again.json["code"]) == (409, "evidence.entered_already")


@ON_SQLITE
@pytest.mark.parametrize(
    "changed, wrong",
    [
        ({"happened_on": "2020-06-18"}, "happened_on"),
        ({"minutes": 45.5}, "minutes"),
        ({"mode": "asleep"}, "mode"),
        ({"witness": ""}, "witness"),
        ({"hours": 2}, "hours"),
        ({"birth_date": "2005-06-01"}, "birth_date"),
        ({"kind": "birth_certificate"}, "kind"),
    ],
)
def test_wrong_fields_are_named(where: str, saren: Caller, changed: dict[str, Any], wrong: str) -> None:
    answer = saren.post(where, NEW_LESSON | changed)
    assert (answer.status_code, set(wrong_fields(answer))) == (422, {wrong})


@ON_SQLITE
def test_who_may_not_enter_is_refused_and_who_may_not_see_finds_nothing(
    where: str, cast: Cast, signed_in: SignIn
) -> None:
    gaowa, administrator = signed_in(cast.gaowa), signed_in(cast.he)
    assert (gaowa.get(where).status_code, gaowa.get(where).json["may_enter"]) == (200, False)
    refused = gaowa.post(where, NEW_LESSON)
    assert (refused.status_code, refused.json["code"]) == (403, "evidence.not_yours")
    assert administrator.get(where).status_code == administrator.post(where, NEW_LESSON).status_code == 404


FILE = "姓名,日期,时长（小时）,服务内容,组织单位,证明人\n乌云,2020-05-09,2.5,敬老院服务,志愿者协会,林一\n"


def test_a_file_is_checked_and_taken_over_once(where: str, saren: Caller, cast: Cast) -> None:
    files = f"/units/{cast.branch.id}/volunteer-files"
    checked = saren.post(f"{files}/check", {"content": FILE}).json
    assert (checked["ok"], checked["taken"], saren.get(where).json["items"]) == (True, None, [])
    taken = [saren.post(files, {"name": "五月.csv", "content": FILE}) for _ in range(2)]
    assert [answer.status_code for answer in taken] == [201, 201]
    assert taken[0].json == taken[1].json
    assert [one["row"]["file_id"] for one in saren.get(where).json["items"]] == [taken[0].json["id"]]
    assert saren.post(f"{files}/check", {"content": FILE}).json["taken"]["name"] == "五月.csv"


@ON_SQLITE
def test_a_workbook_is_taken_over_as_a_text_is(where: str, saren: Caller, cast: Cast) -> None:
    files = f"/units/{cast.branch.id}/volunteer-files"
    rows = [each.split(",") for each in FILE.replace("姓名", "团员").splitlines()]
    sent = {"workbook": b64encode(workbook(rows)).decode(), "name": "五月.xlsx", "columns": {"name": "团员"}}
    checked = saren.post(f"{files}/check", sent).json
    assert (checked["ok"], checked["columns"]["name"]) == (True, "团员")
    assert saren.post(files, sent).json["rows"] == len(rows) - 1


@ON_SQLITE
@pytest.mark.parametrize(
    "sent, code",
    [
        ({}, "data.invalid"),
        ({"content": FILE, "workbook": "UEs="}, "data.invalid"),
        ({"workbook": "不是"}, "data.invalid"),
        ({"workbook": "UEsDBA=="}, "workbook.unreadable"),
        ({"content": FILE, "columns": {"birth_date": "生日"}}, "data.invalid"),
    ],
)
def test_what_is_no_file_is_refused(where: str, saren: Caller, cast: Cast, sent: dict[str, Any], code: str) -> None:
    answer = saren.post(f"/units/{cast.branch.id}/volunteer-files/check", sent)
    assert (answer.status_code, answer.json["code"]) == (422, code)


@ON_SQLITE
def test_wrong_rows_are_told_by_line_and_none_is_taken_over(where: str, saren: Caller, cast: Cast) -> None:
    files, wrong = f"/units/{cast.branch.id}/volunteer-files", FILE + "张三,2020-05-09,2,植树,校团委,林一\n"
    checked = saren.post(f"{files}/check", {"content": wrong}).json
    assert [(row["line"], row["faults"]) for row in checked["rows"] if row["faults"]] == [
        (3, ["A3 本支部没有这名正在办理的申请人"])
    ]
    refused = saren.post(files, {"content": wrong})
    assert (refused.status_code, refused.json["code"]) == (409, "evidence.file_rows_wrong")
    assert saren.get(where).json["items"] == []


@ON_SQLITE
def test_who_does_not_keep_the_branch_s_records_takes_over_no_file(where: str, cast: Cast, signed_in: SignIn) -> None:
    answer = signed_in(cast.gaowa).post(f"/units/{cast.branch.id}/volunteer-files", {"content": FILE})
    assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")


@ON_SQLITE
def test_a_lesson_is_entered_for_all_who_attended_or_for_none(where: str, saren: Caller, cast: Cast) -> None:
    lessons = f"/units/{cast.branch.id}/lessons"
    [wuyun] = saren.get(lessons).json
    assert (wuyun["name"], wuyun["class_hours"]) == ("乌云", 0)
    entered = saren.post(lessons, {"values": LESSON, "attended": [wuyun["case_id"]]})
    assert (entered.status_code, [row["minutes"] for row in entered.json]) == (201, [360])
    again = saren.post(lessons, {"values": LESSON, "attended": [wuyun["case_id"]]})
    assert (again.status_code, again.json["code"]) == (409, "lesson.not_entered")
    assert list(wrong_fields(again)) == [f"attended.{wuyun['case_id']}"]


@ON_SQLITE
def test_a_mentor_enters_no_lesson_for_the_branch(where: str, signed_in: SignIn, cast: Cast) -> None:
    lessons = f"/units/{cast.branch.id}/lessons"
    bator = signed_in(cast.bator)
    answers = [bator.get(lessons), bator.post(lessons, {"values": LESSON, "attended": [1]})]
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(403, "authority.missing")] * 2
