"""A child that dies is started again; one that dies again and again stops everything, with its last words."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.embedded import supervision
from webapp.embedded.supervision import Child, ChildFailed


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log" / "sleeper.log")
    child.start()
    yield child
    child.stop()


def test_a_living_child_is_left_alone(sleeper: Child) -> None:
    assert not sleeper.watch()


def test_a_dead_child_is_started_again(sleeper: Child) -> None:
    assert sleeper.process is not None
    before = sleeper.process.pid
    sleeper.process.kill()
    sleeper.process.wait()
    assert sleeper.watch()
    assert sleeper.process.pid != before


def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    child = Child("hasty", [sys.executable, "-c", "print('no setting, no service')"], tmp_path / "hasty.log")
    child.start()
    for _ in range(supervision.MOST_RESTARTS - 1):
        assert child.process is not None
        child.process.wait()
        assert child.watch()
    child.process.wait()
    with pytest.raises(ChildFailed, match=r"(?s)hasty.*no setting, no service"):
        child.watch()
    child.stop()


def test_a_child_that_will_not_end_is_killed_with_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.2)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = Child("deaf", [sys.executable, "-c", deaf], tmp_path / "deaf.log")
    child.start()
    while "deaf" not in child.last_words():
        time.sleep(0.01)
    child.stop()
    assert child.process is not None
    assert child.process.returncode == -9


def test_a_child_that_never_started_needs_no_stopping(tmp_path: Path) -> None:
    Child("never", ["true"], tmp_path / "never.log").stop()


def test_children_asked_together_have_one_time_to_end_not_one_after_another(tmp_path: Path) -> None:
    child = Child("sleeper", ["sleep", "60"], tmp_path / "sleeper.log")
    child.start()
    assert child.process is not None
    now, waited = [100.0], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervision.time, "monotonic", lambda: now[0])
        patch.setattr(child.process, "terminate", lambda: None)
        patch.setattr(child.process, "wait", lambda timeout=None: waited.append(timeout))
        child.ask_to_end()
        now[0] += 15
        child.ask_to_end()
        child.stop()
    child.process.wait()
    assert waited == [supervision.STOP_SECONDS - 15, None]
