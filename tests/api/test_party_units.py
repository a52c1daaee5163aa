"""Party units over the API: kept by the administrator, read by everybody, their posts by few."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support import party as party_side
from tests.support.application import PASSWORD
from tests.support.cast import Cast
from tests.support.party import Party
from workflows import journal
from workflows.domain import identity_numbers
from workflows.domain.people import Person
from workflows.journal import Event

SignedIn = Callable[[Person], Caller]


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


def test_the_administrator_founds_links_and_fills_a_party_branch(signed_in: SignedIn, cast: Cast) -> None:
    he = signed_in(cast.he)
    committee = he.post("/party-units", {"kind": "party_committee", "code": "DW9", "name": "九中党委"}).json
    sent = {"kind": "party_branch", "code": "DZ9", "name": "九中党支部", "parent_id": committee["id"]}
    branch = he.post("/party-units", sent).json
    assert (branch["line"], branch["kind_label"]) == ([committee["id"], branch["id"]], "党支部")
    link = he.post(f"/party-units/{branch['id']}/links", {"league_unit_id": cast.branch.id, "since": "2020-01-01"})
    assert (link.status_code, link.json["kind"], link.json["until"]) == (201, "party_branch", None)
    sent = {
        "kind": "party_branch_secretary",
        "login": "guanshan",
        "name": "关山",
        "id_number": identity_numbers.made_up(cast.gaowa.birth_date, "关山"),
        "first_password": PASSWORD,
        "since": "2020-01-01",
    }
    made = he.post(f"/party-units/{branch['id']}/posts", sent)
    assert (made.status_code, made.json["person_name"]) == (201, "关山")
    assert [post["kind"] for post in he.get(f"/party-units/{branch['id']}/posts").json["items"]] == [sent["kind"]]
    ended = he.post(f"/party-units/{branch['id']}/posts/{made.json['id']}/end", {"last_day": "2020-06-30"})
    assert ended.json["until"] == "2020-06-30"
    closed = he.post(f"/party-units/{branch['id']}/links/{link.json['id']}/end", {"last_day": "2020-06-30"})
    assert closed.json["until"] == "2020-06-30"
    assert he.get(f"/party-units/{branch['id']}/links").json["items"] == [closed.json]


def test_party_units_are_found_by_their_words_and_not_in_the_leagues_tree(
    saren: Caller, cast: Cast, party: Party
) -> None:
    assert [unit["code"] for unit in saren.get("/party-units").json["items"]] == ["DW"]
    assert [unit["code"] for unit in saren.get("/party-units", q="第一中学党支部").json["items"]] == ["DZ"]
    assert [unit["id"] for unit in saren.get("/units").json["items"]] == [cast.region.id]
    assert [unit["code"] for unit in saren.get("/units", parent_id=party.committee.id).json["items"]] == ["DZ"]


def test_nobody_else_keeps_them_and_the_attempt_is_on_record(
    signed_in: SignedIn, session: Session, cast: Cast, party: Party
) -> None:
    path = f"/party-units/{party.branch.id}"
    for person in (cast.saren, cast.gaowa, cast.sun, cast.ma, party.guan, party.bai):
        caller = signed_in(person)
        for where, sent in [
            ("/party-units", {"kind": "party_committee", "code": "DW9", "name": "九中党委"}),
            (f"{path}/links", {"league_unit_id": cast.branch.id, "since": "2020-01-01"}),
            (f"{path}/links/1/end", {"last_day": "2020-01-01"}),
            (f"{path}/posts", {"kind": "party_mentor", "login": "guanshan", "since": "2020-01-01"}),
            (f"{path}/posts/1/end", {"last_day": "2020-01-01"}),
        ]:
            answer = caller.post(where, sent)
            assert (answer.status_code, answer.json["code"]) == (403, "authority.post_needed")
    entries = journal.entries_of(session, journal.unit_chain(party.branch.id))
    refused = [each.facts["path"] for each in entries if each.event == Event.ACT_REFUSED]
    assert sum(str(party.branch.id) in path for path in refused) == 6 * 4


def test_who_holds_a_partys_post_is_for_those_who_must_know(signed_in: SignedIn, cast: Cast, party: Party) -> None:
    path = f"/party-units/{party.branch.id}/posts"
    for person in (party.bai, party.shi, cast.he, cast.ma):
        assert len(signed_in(person).get(path).json["items"]) == 2
    for person in (cast.saren, cast.gaowa, cast.sun):
        assert signed_in(person).get(path).status_code == 404
    assert signed_in(party.shi).get(f"/party-units/{party.committee.id}/posts").status_code == 404


def test_a_wrong_link_names_its_field_and_a_foreign_one_is_not_found(
    signed_in: SignedIn, cast: Cast, party: Party
) -> None:
    he = signed_in(cast.he)
    answer = he.post(
        f"/party-units/{party.committee.id}/links", {"league_unit_id": cast.branch.id, "since": "2020-01-01"}
    )
    assert (answer.status_code, [field["field"] for field in answer.json["fields"]]) == (422, ["league_unit_id"])
    taken = he.post(f"/party-units/{party.branch.id}/links", {"league_unit_id": cast.school.id, "since": "2020-01-01"})
    assert (taken.status_code, taken.json["code"]) == (409, "party_link.taken")
    [link] = he.get(f"/party-units/{party.branch.id}/links").json["items"]
    assert (
        he.post(f"/party-units/{party.committee.id}/links/{link['id']}/end", {"last_day": "2020-06-01"}).status_code
        == 404
    )
    assert he.get(f"/party-units/{cast.school.id}/links").status_code == 404
