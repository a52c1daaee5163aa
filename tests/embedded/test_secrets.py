"""Secrets are made once, readable by nobody else, and never replace one that is given."""

from pathlib import Path

from webapp.embedded import secrets


def test_secrets_stay_the_same_from_start_to_start(tmp_path: Path) -> None:
    first = secrets.load(tmp_path, given={})
    assert secrets.load(tmp_path, given={}) == first
    assert all(len(first[name]) == 64 for name in secrets.MADE_HERE)


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    secrets.load(tmp_path, given={})
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_given_secret_wins_and_is_not_written_down(tmp_path: Path) -> None:
    found = secrets.load(tmp_path, given={"TUANCHENG_DATA_KEY": "given by the operator"})
    assert found["TUANCHENG_DATA_KEY"] == "given by the operator"
    assert "given by the operator" not in (tmp_path / "secrets.env").read_text()


def test_what_is_missing_is_added_and_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("# by hand\nTUANCHENG_DATA_KEY = of another day\n")
    found = secrets.load(tmp_path, given={})
    assert found["TUANCHENG_DATA_KEY"] == "of another day"
    assert len(found["TUANCHENG_SECRET_KEY"]) == 64
