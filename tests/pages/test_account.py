import pytest
from sqlalchemy.orm import Session

from tests.pages.conftest import Visit
from tests.pages.visitor import Visitor
from tests.support.application import PASSWORD
from tests.support.cast import Cast
from workflows.domain import accounts


def test_a_stranger_is_led_to_the_sign_in_page_and_back(visit: Visit, stranger: Visitor, cast: Cast) -> None:
    visit(cast.saren)
    stranger.open("/notices")
    assert stranger.page.title == "登录 · 团程"
    page = stranger.submit(login=f"person{cast.saren.id}", password=PASSWORD)
    assert page.path == "/notices"


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/\\example.org"])
def test_signing_in_leads_to_no_other_site(visit: Visit, stranger: Visitor, cast: Cast, elsewhere: str) -> None:
    visit(cast.saren)
    stranger.open("/sign-in")
    page = stranger.submit(login=f"person{cast.saren.id}", password=PASSWORD, next=elsewhere)
    assert page.path == "/board"


def test_a_wrong_password_keeps_the_login_and_says_why(visit: Visit, stranger: Visitor, cast: Cast) -> None:
    visit(cast.saren)
    page = stranger.sign_in(f"person{cast.saren.id}", "wrong")
    assert page.status == 422
    assert "登录名或密码不正确" in page
    assert page.all("//input[@name='login']/@value") == [f"person{cast.saren.id}"]


def test_who_is_signed_in_is_led_on_from_the_sign_in_page(visit: Visit, cast: Cast) -> None:
    assert visit(cast.saren).open("/sign-in").path == "/board"


def test_signing_out_ends_the_session(visit: Visit, cast: Cast) -> None:
    saren = visit(cast.saren)
    saren.open("/board")
    assert "您已退出" in saren.submit("/sign-out")
    assert saren.open("/board").path == "/sign-in"


def test_a_first_password_must_be_changed_before_anything_else(visit: Visit, cast: Cast, session: Session) -> None:
    saren = visit(cast.saren)
    account = accounts.of(session, cast.saren.id)
    assert account is not None
    account.must_change = True
    session.commit()
    assert saren.open("/board").path == "/password"
    assert "首次登录须先修改密码" in saren.page
    page = saren.submit(present=PASSWORD, new="short", again="short")
    assert page.status == 422
    assert "密码至少10位" in page
    page = saren.submit(present=PASSWORD, new="Another-one-9", again="Another-two-9")
    assert "两次输入的新密码不一致" in page
    page = saren.submit(present="not this", new="Another-one-9", again="Another-one-9")
    assert "原密码不正确" in page
    page = saren.submit(present=PASSWORD, new="Another-one-9", again="Another-one-9")
    assert page.path == "/board"
    assert "密码已修改" in page


def test_the_language_is_chosen_in_the_footer_and_kept(visit: Visit, cast: Cast) -> None:
    saren = visit(cast.saren)
    saren.open("/board")
    page = saren.submit("/language", language="en")
    assert page.path == "/board"
    assert page.all("/html/@lang") == ["en"]
    assert saren.open("/inbox").all("/html/@lang") == ["en"]
    saren.submit("/language", language="xx")
    assert saren.open("/inbox").all("/html/@lang") == ["en"]
