"""Last year's places over the API."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows.domain import past_shares
from workflows.domain.people import Person

SignIn = Callable[[Person], Caller]


def test_the_unit_above_enters_them_one_by_one_or_from_a_file(cast: Cast, signed_in: SignIn, session: Session) -> None:
    zhao, path = signed_in(cast.zhao), f"/units/{cast.county.id}/past-places"
    sent = {"year": 2019, "source": "新团发〔2019〕2号", "items": [{"unit_id": cast.school.id, "amount": 40}]}
    assert zhao.post(path, sent).json == {"kept": 1}
    assert zhao.post(path, sent).json == {"kept": 0}
    content = "组织代码,上年名额\nS2,20\n"
    assert zhao.post(f"{path}/files", {"year": 2019, "source": "文件", "content": content}).json == {"kept": 1}
    items = zhao.get(path, year=2019).json["items"]
    assert [(each["amount"], each["entered"]) for each in items] == [(40, True), (20, True)]
    assert "赵军" in items[0]["origin"]
    wrong = zhao.post(path, sent | {"items": [{"unit_id": cast.county.id, "amount": 1}]})
    assert set(wrong_fields(wrong)) == {f"amount-{cast.county.id}"}


def test_a_school_does_not_enter_its_own(cast: Cast, signed_in: SignIn, session: Session) -> None:
    gaowa = signed_in(cast.gaowa)
    sent = {"year": 2019, "source": "文件", "items": [{"unit_id": cast.school.id, "amount": 400}]}
    assert gaowa.post(f"/units/{cast.county.id}/past-places", sent).status_code == 404
    assert gaowa.post(f"/units/{cast.school.id}/past-places", sent).status_code == 422
    assert past_shares.standing_of(session, 2019, [cast.school.id]) == {}
