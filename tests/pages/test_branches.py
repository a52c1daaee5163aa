"""The page on which a committee puts on record how its branches are set up."""

from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.support.cast import Cast


def test_the_committee_makes_a_branch_a_temporary_one(visit: Visit, cast: Cast, session: Session) -> None:
    gaowa = visit(cast.gaowa)
    assert cast.branch.name in gaowa.open("/branches")
    page = gaowa.submit(f"/branches/{cast.branch.id}", has_committee="no", is_temporary="yes", reason="批复3号")
    assert "已登记" in page
    session.refresh(cast.branch)
    assert (cast.branch.has_committee, cast.branch.is_temporary) == (False, True)


def test_without_a_reason_nothing_changes_and_the_form_comes_back(visit: Visit, cast: Cast, session: Session) -> None:
    gaowa = visit(cast.gaowa)
    gaowa.open("/branches")
    page = gaowa.submit(f"/branches/{cast.branch.id}", has_committee="yes", is_temporary="yes", reason="")
    assert "请填写依据" in page
    session.refresh(cast.branch)
    assert not cast.branch.is_temporary


def test_the_secretary_reads_the_page_and_has_nothing_to_send(visit: Visit, cast: Cast) -> None:
    page = visit(cast.saren).open("/branches")
    assert cast.small_branch.name in page
    assert page.all("//form[contains(@action, '/branches/')]") == []
