"""Incidents over the API: read without personal data, repaired by whoever may, refused and journalled otherwise."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support import trouble
from tests.support.cast import Cast
from webapp.queue import SEND_JOBS_JOB, Bell
from workflows import journal
from workflows.domain.people import Person
from workflows.engine import repairs
from workflows.engine.job_tables import Incident
from workflows.engine.tables import StepRecord
from workflows.journal import Event
from workflows.operations.posts import repairers

SignIn = Callable[[Person], Caller]


@pytest.fixture(autouse=True)
def _operation(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble.lend_operation(monkeypatch)


@pytest.fixture
def incident(session: Session, cast: Cast, now: datetime) -> Incident:
    """An open incident in Saren's branch, whose step may be skipped."""
    return trouble.an_incident(session, cast, may_skip="true")


def events(session: Session, incident: Incident) -> list[str]:
    return [entry.event for entry in journal.entries_of(session, journal.case_chain(incident.case_id))]


def test_an_administrator_reads_what_happened_and_no_personal_data(
    incident: Incident, cast: Cast, signed_in: SignIn
) -> None:
    he = signed_in(cast.he)
    [line] = he.get("/incidents").json["items"]
    assert (line["case_id"], line["label"], line["code"], line["kind"]) == (
        incident.case_id,
        "step",
        "data.invalid",
        "job",
    )
    answer = he.get(f"/incidents/{incident.id}")
    assert answer.headers["ETag"] == f'"{incident.version}"'
    assert answer.json["acts"] == ["retry"]
    assert answer.json["correctable"] == [{"step": "ask", "label": "ask"}]
    assert "乌云" not in answer.get_data(as_text=True)
    assert he.get(f"/cases/{incident.case_id}").status_code == 404


def test_the_committee_above_may_do_everything(incident: Incident, cast: Cast, signed_in: SignIn) -> None:
    for person in (cast.gaowa, cast.zhao):
        assert signed_in(person).get(f"/incidents/{incident.id}").json["acts"] == ["retry", "correct", "skip"]
    assert signed_in(cast.ma).get(f"/incidents/{incident.id}").json["acts"] == []
    assert signed_in(cast.sun).get("/incidents").json["items"][0]["id"] == incident.id


def test_who_has_no_business_with_incidents_is_refused_and_that_is_journalled(
    incident: Incident, saren: Caller, session: Session
) -> None:
    assert saren.get("/incidents").status_code == 403
    refused = saren.post(f"/incidents/{incident.id}/retry", version=1)
    assert (refused.status_code, refused.json["code"]) == (403, "authority.post_needed")
    with_code = session.scalars(select(journal.JournalEntry).where(journal.JournalEntry.event == Event.ACT_REFUSED))
    assert [entry.facts["path"] for entry in with_code][-1] == f"/api/v1/incidents/{incident.id}/retry"


def test_an_incident_elsewhere_reads_like_none(
    incident: Incident, cast: Cast, signed_in: SignIn, session: Session
) -> None:
    chen = signed_in(cast.chen)
    incident.unit_id = cast.other_school.id
    session.commit()
    assert chen.get("/incidents").json["items"] == []
    assert chen.get(f"/incidents/{incident.id}").json == chen.get("/incidents/999999").json


@pytest.mark.parametrize(
    "act, body",
    [
        ("correct", {"step": "ask", "content": {"count": 3}, "reason": "数量登记有误"}),
        ("skip", {"reason": "已在线下办理"}),
    ],
)
def test_an_administrator_neither_corrects_nor_skips(
    incident: Incident, cast: Cast, signed_in: SignIn, session: Session, act: str, body: dict[str, Any]
) -> None:
    answer = signed_in(cast.he).post(f"/incidents/{incident.id}/{act}", body, version=incident.version)
    assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")
    assert "第一中学团委" in answer.json["detail"]
    last = journal.entries_of(session, journal.case_chain(incident.case_id))[-1]
    assert (last.event, last.person_id, last.facts["code"]) == (Event.ACT_REFUSED, cast.he.id, "authority.missing")


def test_a_retry_wakes_the_worker_and_fails_again(
    incident: Incident, cast: Cast, signed_in: SignIn, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    he, seen = signed_in(cast.he), incident.version
    rung: list[str] = []
    monkeypatch.setattr(Bell, "ring", lambda _bell, wanted: rung.append(wanted))
    answer = he.post(f"/incidents/{incident.id}/retry", version=seen, key="once")
    assert (answer.status_code, answer.json["status"], answer.json["acts"]) == (200, "retrying", [])
    assert rung == [SEND_JOBS_JOB]
    again = he.post(f"/incidents/{incident.id}/retry", version=seen, key="once")
    assert (again.json, again.headers["Idempotency-Replayed"]) == (answer.json, "true")
    refused = he.post(f"/incidents/{incident.id}/retry", version=int(answer.headers["ETag"].strip('"')))
    assert (refused.status_code, refused.json["code"]) == (409, "incident.not_open")
    trouble.work(session)
    session.expire_all()
    assert he.get(f"/incidents/{incident.id}").json["status"] == "open"


def test_the_version_seen_is_needed_and_must_be_the_last(incident: Incident, cast: Cast, signed_in: SignIn) -> None:
    he = signed_in(cast.he)
    assert he.post(f"/incidents/{incident.id}/retry").status_code == 428
    assert he.post(f"/incidents/{incident.id}/retry", version=incident.version + 1).status_code == 412


def test_a_correction_lets_the_case_go_on_and_keeps_old_and_new(
    incident: Incident, cast: Cast, signed_in: SignIn, session: Session
) -> None:
    gaowa = signed_in(cast.gaowa)
    body = {"step": "ask", "content": {"name": "乌云", "count": 3}, "reason": "数量多写了一位"}
    answer = gaowa.post(f"/incidents/{incident.id}/correct", body, version=incident.version)
    assert (answer.status_code, answer.json["status"]) == (200, "retrying")
    trouble.work(session)
    session.expire_all()
    told = gaowa.get(f"/incidents/{incident.id}").json
    assert (told["status"], told["resolution"], told["acts"]) == ("resolved", "went_on", [])
    assert gaowa.get("/incidents").json["items"] == []
    assert [line["id"] for line in gaowa.get("/incidents", state="resolved").json["items"]] == [incident.id]
    old, new = session.scalars(select(StepRecord).order_by(StepRecord.id)).all()
    assert (old.content["count"], new.content["count"], new.corrects_id) == (99, 3, old.id)
    assert new.content["id_number"] == "****************21"
    told_of = gaowa.get(f"/cases/{incident.case_id}/history").json["items"]
    assert [(record["corrects_id"], record["reason"]) for record in told_of] == [
        (None, None),
        (old.id, "数量多写了一位"),
    ]
    assert Event.INCIDENT_CORRECTED in events(session, incident)
    assert journal.verify(session).faults == []


def test_a_wrong_correction_names_the_fields(incident: Incident, cast: Cast, signed_in: SignIn) -> None:
    gaowa = signed_in(cast.gaowa)
    body = {"step": "ask", "content": {"count": -1, "id_number": "1"}, "reason": "数量多写了一位"}
    answer = gaowa.post(f"/incidents/{incident.id}/correct", body, version=incident.version)
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == {"count", "id_number"}
    short = gaowa.post(f"/incidents/{incident.id}/correct", {**body, "reason": "错"}, version=incident.version)
    assert set(wrong_fields(short)) == {"reason"}
    other = gaowa.post(f"/incidents/{incident.id}/correct", {**body, "step": "tell"}, version=incident.version)
    assert (other.status_code, other.json["code"]) == (409, "incident.nothing_to_correct")


def test_a_skip_with_a_reason_lets_the_case_go_on(
    incident: Incident, cast: Cast, signed_in: SignIn, session: Session, saren: Caller
) -> None:
    zhao = signed_in(cast.zhao)
    answer = zhao.post(f"/incidents/{incident.id}/skip", {"reason": "已在线下办理"}, version=incident.version)
    assert (answer.status_code, answer.json["resolution"]) == (200, "skipped")
    [item] = saren.get(f"/cases/{incident.case_id}").json["work_items"]
    assert item["step"] == "tell"
    skipped = [e for e in journal.entries_of(session, f"case:{incident.case_id}") if e.event == "incident:skipped"]
    assert [entry.person_id for entry in skipped] == [cast.zhao.id]
    assert "线下" not in str(skipped[0].facts)


def test_what_may_not_be_skipped_is_not(session: Session, cast: Cast, signed_in: SignIn, now: datetime) -> None:
    incident = trouble.an_incident(session, cast)
    gaowa = signed_in(cast.gaowa)
    assert gaowa.get(f"/incidents/{incident.id}").json["acts"] == ["retry", "correct"]
    answer = gaowa.post(f"/incidents/{incident.id}/skip", {"reason": "已在线下办理"}, version=incident.version)
    assert (answer.status_code, answer.json["code"]) == (409, "incident.skip_not_allowed")
    assert events(session, incident)[-1] == Event.ACT_REFUSED


def test_where_no_committee_stands_above_only_the_administrator_is_asked(session: Session, cast: Cast) -> None:
    assert [each.post_kind for each in repairers(session, repairs.RETRY, cast.region.id)] == ["administrator"]
    assert repairers(session, repairs.SKIP, cast.region.id) == []
    committees = [cast.school.id, cast.county.id]
    assert [each.unit_id for each in repairers(session, repairs.CORRECT, cast.branch.id)] == committees


def test_the_list_is_paged(session: Session, cast: Cast, signed_in: SignIn, now: datetime) -> None:
    trouble.publish(session)
    for _ in range(3):
        trouble.a_case(session, cast)
    trouble.work(session)
    he = signed_in(cast.he)
    first = he.get("/incidents", limit=2).json
    second = he.get("/incidents", limit=2, after=first["next"]).json
    ids = [line["id"] for line in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), second["next"]) == (3, None)
    assert he.get("/incidents", after="x").status_code == 422
    assert he.get("/incidents", state="x").status_code == 422
