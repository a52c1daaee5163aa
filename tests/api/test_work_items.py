"""The inbox over the API: list, open, complete; versions and repeated requests."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import NOW
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import posts
from workflows.domain.people import Person
from workflows.domain.posts import Post, PostKind
from workflows.engine.tables import StepRecord, WorkItem
from workflows.journal import SYSTEM, Event

Apply = Callable[..., dict[str, Any]]
SignIn = Callable[[Person], Caller]

ACCEPT = {"outcome": "accept", "content": {"received_on": "2020-06-01"}}


def item_of(case: dict[str, Any]) -> dict[str, Any]:
    [item] = case["work_items"]
    return dict(item)


def completion(case: dict[str, Any]) -> str:
    return f"/work-items/{item_of(case)['id']}/completion"


def test_the_inbox_shows_what_waits_for_my_post(apply: Apply, saren: Caller, cast: Cast, signed_in: SignIn) -> None:
    case = apply()
    page = saren.get("/work-items").json
    assert page["total"] == 1
    assert page["next"] is None
    [item] = page["items"]
    assert (item["title"], item["step"], item["version"]) == ("乌云", "check_application", case["version"])
    assert item["case_unit_id"] == cast.branch.id
    assert signed_in(cast.gaowa).get("/work-items").json["items"] == []


def test_the_inbox_filters_sorts_and_pages(apply: Apply, saren: Caller, cast: Cast) -> None:
    for number in range(3):
        apply(f"applicant {number}", name=f"申请人{number}")
    assert saren.get("/work-items", title="人1").json["total"] == 1
    assert saren.get("/work-items", step="initial_talk").json["total"] == 0
    assert saren.get("/work-items", unit_id=cast.branch.id).json["total"] == 3
    assert saren.get("/work-items", unit_id=cast.other_school.id).json["total"] == 0
    assert saren.get("/work-items", overdue="true").json["total"] == 0
    for sort in ("due", "new"):
        first = saren.get("/work-items", sort=sort, limit=2).json
        second = saren.get("/work-items", sort=sort, limit=2, after=first["next"]).json
        titles = [item["title"] for item in first["items"] + second["items"]]
        assert sorted(titles) == ["申请人0", "申请人1", "申请人2"]


@pytest.mark.parametrize("query", [{"sort": "x"}, {"after": "x"}, {"overdue": "perhaps"}, {"title": "x" * 101}])
def test_wrong_queries_are_refused(saren: Caller, query: dict[str, Any]) -> None:
    answer = saren.get("/work-items", **query)
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == set(query)


def test_counts_are_by_step(apply: Apply, saren: Caller) -> None:
    apply("one")
    apply("two")
    [count] = saren.get("/work-items/counts").json["items"]
    assert (count["step"], count["count"], count["overdue"]) == ("check_application", 2, 0)


def test_a_work_item_carries_its_form_and_its_version(apply: Apply, saren: Caller) -> None:
    case = apply()
    answer = saren.get(f"/work-items/{item_of(case)['id']}")
    assert answer.headers["ETag"] == f'"{case["version"]}"'
    form = answer.json["form"]
    assert [choice["value"] for choice in form["outcomes"]] == ["accept", "return", "refuse"]
    received = next(field for field in form["fields"] if field["key"] == "received_on")
    assert (received["kind"], received["required"]) == ("date", True)
    assert answer.json["may_act"] is True


def test_completing_moves_the_case_on(apply: Apply, saren: Caller) -> None:
    case = apply()
    answer = saren.post(completion(case), ACCEPT, version=case["version"])
    assert answer.status_code == 200, answer.json
    assert [item["step"] for item in answer.json["work_items"]] == ["initial_talk"]
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert answer.json["version"] > case["version"]


def test_a_choice_of_the_unit_is_filled_in(apply: Apply, saren: Caller, cast: Cast, signed_in: SignIn) -> None:
    case = apply()
    content = {"talked_on": "2020-06-01", "talker": "萨仁", "points": "思想端正，动机明确。"}
    talk = {"outcome": "suitable", "content": content}
    propose = {"outcome": "propose", "content": {"decided_on": "2020-06-01", "source": "members"}}
    lin = signed_in(cast.lin)
    for caller, decision in ((saren, ACCEPT), (saren, talk), (lin, propose)):
        answer = caller.post(completion(case), decision, version=case["version"])
        if answer.status_code == 403:
            answer = (lin if caller is saren else saren).post(completion(case), decision, version=case["version"])
        assert answer.status_code == 200, answer.json
        case = answer.json
    item = lin.get(f"/work-items/{item_of(case)['id']}").json
    mentor = next(field for field in item["form"]["fields"] if field["key"] == "mentor")
    assert "巴特尔" in [choice["label"] for choice in mentor["choices"]]


def test_a_stale_version_says_who_did_what(apply: Apply, saren: Caller, session: Session) -> None:
    case = apply()
    saren.post(completion(case), ACCEPT, version=case["version"])
    late = saren.post(completion(case), ACCEPT, version=case["version"])
    assert late.status_code == 412
    assert late.json["code"] == "version.stale"
    assert "萨仁" in late.json["detail"]
    assert "审核入团申请书" in late.json["detail"]


def test_without_a_version_nothing_is_decided(apply: Apply, saren: Caller) -> None:
    case = apply()
    for version in (None, "x", "1" * 30):
        answer = saren.post(completion(case), ACCEPT, version=version)
        assert answer.status_code == 428
        assert answer.json["code"] == "version.needed"


def test_who_lacks_the_post_is_refused_and_journalled(
    apply: Apply, cast: Cast, signed_in: SignIn, session: Session
) -> None:
    case = apply()
    answer = signed_in(cast.gaowa).post(completion(case), ACCEPT, version=case["version"])
    assert answer.status_code == 403
    assert answer.json["code"] == "authority.missing"
    last = journal.entries_of(session, journal.case_chain(case["id"]))[-1]
    assert (last.event, last.person_id) == (Event.ACT_REFUSED, cast.gaowa.id)
    assert last.facts["path"] == f"/api/v1{completion(case)}"


def test_a_foreign_work_item_does_not_exist(apply: Apply, cast: Cast, signed_in: SignIn, saren: Caller) -> None:
    case = apply()
    stranger = signed_in(cast.he)
    path = f"/work-items/{item_of(case)['id']}"
    missing = stranger.get("/work-items/999999")
    assert stranger.get(path).json == missing.json
    foreign = stranger.post(completion(case), ACCEPT, version=case["version"])
    assert foreign.status_code == 404
    saren.post(completion(case), ACCEPT, version=case["version"])
    # Done by now: still nobody is named to a stranger.
    assert stranger.post(completion(case), ACCEPT, version=case["version"]).json["detail"] != ""
    assert "萨仁" not in stranger.post(completion(case), ACCEPT, version=case["version"]).json["detail"]
    assert saren.get(path).status_code == 404


def test_a_repeated_request_has_the_effect_and_the_answer_of_once(
    apply: Apply, saren: Caller, session: Session
) -> None:
    case = apply()
    first = saren.post(completion(case), ACCEPT, version=case["version"], key="k-1")
    second = saren.post(completion(case), ACCEPT, version=case["version"], key="k-1")
    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert first.headers["ETag"] == second.headers["ETag"]
    assert second.headers["Idempotency-Replayed"] == "true"
    done = select(func.count()).where(StepRecord.case_id == case["id"], StepRecord.step == "check_application")
    assert session.scalar(done) == 1


def test_a_key_belongs_to_one_request(apply: Apply, saren: Caller) -> None:
    case = apply()
    saren.post(completion(case), ACCEPT, version=case["version"], key="k-1")
    other = saren.post(completion(case), {**ACCEPT, "outcome": "return"}, version=case["version"], key="k-1")
    assert other.status_code == 422
    assert other.json["code"] == "idempotency.reused"


def test_a_refused_request_leaves_its_key_free(apply: Apply, saren: Caller) -> None:
    case = apply()
    wrong = saren.post(completion(case), {"outcome": "accept"}, version=case["version"], key="k-1")
    assert wrong.status_code == 422
    assert set(wrong_fields(wrong)) == {"received_on"}
    right = saren.post(completion(case), ACCEPT, version=case["version"], key="k-1")
    assert right.status_code == 200


def test_a_key_of_the_wrong_form_is_refused(apply: Apply, saren: Caller) -> None:
    case = apply()
    answer = saren.post(completion(case), ACCEPT, version=case["version"], key="k" * 81)
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == {"Idempotency-Key"}


def test_a_substitute_acts_for_the_holder(apply: Apply, cast: Cast, signed_in: SignIn, session: Session) -> None:
    case = apply()
    post = session.scalars(
        select(Post).where(Post.person_id == cast.saren.id, Post.kind == PostKind.BRANCH_SECRETARY)
    ).one()
    day = clock.today()
    posts.substitute(session, post_id=post.id, person_id=cast.chen.id, since=day, until=day, actor=SYSTEM)
    session.commit()
    chen = signed_in(cast.chen)
    assert chen.get(f"/work-items/{item_of(case)['id']}").json["acting_for_person_id"] == cast.saren.id
    assert chen.post(completion(case), ACCEPT, version=case["version"]).status_code == 200
    record = chen.get(f"/cases/{case['id']}/history").json["items"][-1]
    assert (record["person_id"], record["for_person_id"]) == (cast.chen.id, cast.saren.id)
    with clock.standing_at(NOW + timedelta(days=1)):
        assert signed_in(cast.chen).get("/work-items").json["total"] == 0


def test_the_inbox_is_not_changed_by_reading(apply: Apply, saren: Caller, session: Session) -> None:
    apply()
    before = session.scalar(select(func.count()).select_from(WorkItem))
    saren.get("/work-items")
    assert session.scalar(select(func.count()).select_from(WorkItem)) == before
