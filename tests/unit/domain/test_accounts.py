"""Accounts: the same words for every wrong sign-in, a lock after five, and a password worth the name."""

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.clock import OFFICE_ZONE
from workflows.domain import accounts
from workflows.domain.accounts import AccountLocked, LoginTaken, PasswordTooWeak, PasswordWrong, SignInRefused
from workflows.errors import NotFound
from workflows.journal import Event

PASSWORD = "Grassland-2020"
NOON = datetime(2020, 5, 10, 12, 0, tzinfo=OFFICE_ZONE)


@pytest.fixture(autouse=True)
def cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are slow to hash on purpose; only the test of the strength itself waits for it."""
    if "strong_hashes" not in request.fixturenames:
        monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def strong_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as the product does, whatever tests of the same run made of it."""
    monkeypatch.setattr(accounts, "_hasher", PasswordHasher())


@pytest.fixture
def account(session: Session, cast: Cast) -> accounts.Account:
    return accounts.create(session, person_id=cast.saren.id, login="Saren", password=PASSWORD)


def test_the_right_password_signs_in_whatever_the_case_of_the_login(
    session: Session, cast: Cast, account: accounts.Account
) -> None:
    with clock.standing_at(NOON):
        answer = accounts.sign_in(session, " SAREN ", PASSWORD)
    assert (answer.person, answer.refusal) == (cast.saren, None)
    assert account.last_sign_in == NOON


@pytest.mark.usefixtures("account")
def test_an_unknown_login_and_a_wrong_password_get_the_same_words(session: Session) -> None:
    wrong = accounts.sign_in(session, "saren", "wrong").refusal
    unknown = accounts.sign_in(session, "nobody", "wrong").refusal
    assert isinstance(wrong, SignInRefused)
    assert isinstance(unknown, SignInRefused)
    assert str(wrong) == str(unknown)


@pytest.mark.usefixtures("account")
def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(session: Session, cast: Cast) -> None:
    with clock.standing_at(NOON):
        answers = [accounts.sign_in(session, "saren", "wrong").refusal for _ in range(5)]
        assert [type(answer) for answer in answers] == [SignInRefused] * 4 + [AccountLocked]
        assert isinstance(accounts.sign_in(session, "saren", PASSWORD).refusal, AccountLocked)
        assert "12:15" in str(answers[-1])
    with clock.standing_at(NOON + timedelta(minutes=15)):
        assert isinstance(accounts.sign_in(session, "saren", "wrong").refusal, SignInRefused)
        assert accounts.sign_in(session, "saren", PASSWORD).person is cast.saren


def test_a_success_forgets_the_failures_before_it(session: Session, account: accounts.Account) -> None:
    for _ in range(4):
        accounts.sign_in(session, "saren", "wrong")
    accounts.sign_in(session, "saren", PASSWORD)
    accounts.sign_in(session, "saren", "wrong")
    assert (account.failed, account.locked_until) == (1, None)


@pytest.mark.usefixtures("account")
def test_every_attempt_is_in_the_journal_without_the_login(session: Session, cast: Cast) -> None:
    accounts.sign_in(session, "saren", "wrong")
    accounts.sign_in(session, "saren", PASSWORD)
    accounts.sign_out(session, cast.saren.id)
    accounts.sign_in(session, "nobody", "wrong")
    mine = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-3:]
    assert [entry.event for entry in mine] == [Event.SIGN_IN_REFUSED, Event.SIGNED_IN, Event.SIGNED_OUT]
    assert {entry.person_id for entry in mine} == {cast.saren.id}
    unknown = journal.entries_of(session, journal.unit_chain(None))[-1]
    assert (unknown.person_id, unknown.facts) == (None, {"reason": "unknown"})


def test_a_new_password_ends_every_other_session(session: Session, cast: Cast, account: accounts.Account) -> None:
    stamp = account.session_stamp
    assert account.must_change
    accounts.change_password(session, cast.saren.id, PASSWORD, "Another-Steppe-9")
    assert account.session_stamp != stamp
    assert not account.must_change
    assert accounts.sign_in(session, "saren", "Another-Steppe-9").person is cast.saren
    entry = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-2]
    assert entry.event == Event.PASSWORD_CHANGED


@pytest.mark.usefixtures("account")
def test_a_change_needs_the_present_password(session: Session, cast: Cast) -> None:
    with pytest.raises(PasswordWrong) as refusal:
        accounts.change_password(session, cast.saren.id, "wrong", "Another-Steppe-9")
    assert set(refusal.value.fields) == {"present"}


@pytest.mark.parametrize(
    "weak", ["Sh0rt!", "onlylowercase", "lower case only 1"[:9], "ALLUPPER1234", "my-Saren-2020", PASSWORD]
)
@pytest.mark.usefixtures("account")
def test_a_weak_or_unchanged_password_is_refused_by_name(session: Session, cast: Cast, weak: str) -> None:
    with pytest.raises(PasswordTooWeak) as refusal:
        accounts.change_password(session, cast.saren.id, PASSWORD, weak)
    assert refusal.value.fields["new"]


@pytest.mark.usefixtures("account")
def test_a_login_belongs_to_one_account(session: Session, cast: Cast) -> None:
    with pytest.raises(LoginTaken):
        accounts.create(session, person_id=cast.lin.id, login="SAREN", password=PASSWORD)


def test_a_password_is_kept_as_an_argon2_hash(account: accounts.Account) -> None:
    assert account.password_hash.startswith("$argon2id$")
    assert PASSWORD not in account.password_hash


@pytest.mark.usefixtures("strong_hashes")
def test_an_old_hash_is_renewed_at_the_next_sign_in(session: Session, account: accounts.Account) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    account.password_hash = cheap.hash(PASSWORD)
    accounts.sign_in(session, "saren", PASSWORD)
    assert "m=65536" in account.password_hash


def test_a_damaged_hash_lets_nobody_in(session: Session, account: accounts.Account) -> None:
    account.password_hash = "not a hash"
    assert isinstance(accounts.sign_in(session, "saren", PASSWORD).refusal, SignInRefused)


def test_without_an_account_there_is_no_password_to_change(session: Session, cast: Cast) -> None:
    assert accounts.of(session, cast.ma.id) is None
    with pytest.raises(NotFound):
        accounts.change_password(session, cast.ma.id, PASSWORD, PASSWORD)
