"""The tests' own services: databases that forget, databases that last, a broker that keeps what it was given."""

from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tasks import embedded_broker
from workflows import outbox
from workflows.outbox import OutboxRow


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_committed_row_is_gone_in_the_next_test(session: Session, turn: str) -> None:
    assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0
    outbox.post(session, turn)
    session.commit()
    assert session.scalar(select(func.count()).select_from(OutboxRow)) == 1


@pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
def test_a_fresh_database_is_seen_from_two_connections(fresh_database: Engine) -> None:
    with Session(fresh_database) as writer, writer.begin():
        outbox.post(writer, "seen")
    with Session(fresh_database) as reader:
        assert reader.scalars(select(OutboxRow.kind)).all() == ["seen"]


def test_postgresql_keeps_fsync_on_as_in_production(fresh_database: Engine) -> None:
    with fresh_database.connect() as connection:
        assert connection.execute(text("SHOW fsync")).scalar() == "on"


def test_the_broker_still_has_after_a_restart_what_was_queued(tmp_path: Path) -> None:
    with embedded_broker.running(tmp_path) as url, redis.Redis.from_url(url) as client:
        client.rpush("queue", "message")
    with embedded_broker.running(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.lrange("queue", 0, -1) == [b"message"]


def test_the_broker_answers_nobody_without_the_password(tmp_path: Path) -> None:
    with embedded_broker.running(tmp_path, password="long-and-random") as url:
        with redis.Redis.from_url(url) as client:
            assert client.ping()
        with (
            redis.Redis.from_url(url.replace(":long-and-random@", "")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_a_broker_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with embedded_broker.running(tmp_path / "one") as url:
        port = int(url.rsplit(":", 1)[1].split("/", 1)[0])
        with (
            pytest.raises(embedded_broker.BrokerFailed, match="did not start"),
            embedded_broker.running(tmp_path / "two", port=port),
        ):
            pass
