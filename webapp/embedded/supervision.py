"""Child processes that are started in order, started again when they die, and ended in reverse order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MOST_RESTARTS = 5
"""Within RESTART_SECONDS; more often, something is wrong that starting again does not mend."""

RESTART_SECONDS = 60.0

STOP_SECONDS = 20.0
"""How long a child may take to finish what it is doing, before it is killed."""

PR_SET_PDEATHSIG = 1


class ChildFailed(RuntimeError):
    """A child died again and again; the message says which one and what it said last."""


@dataclass
class Child:
    """One child process; what it says goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    asked: float | None = None
    started: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_RESTARTS))

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches it through us and in order."""
        self.started.append(time.monotonic())
        self.asked = None
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one thread here
            )

    def watch(self) -> bool:
        """Start it again when it has died; whether it had. Raises ChildFailed when it dies too often."""
        if self.process is not None and self.process.poll() is None:
            return False
        if len(self.started) == MOST_RESTARTS and time.monotonic() - self.started[0] < RESTART_SECONDS:
            raise ChildFailed(f"{self.name}:\n{self.last_words()}")
        self._signal(signal.SIGKILL)
        self.start()
        return True

    def ask_to_end(self) -> None:
        """Let it finish what it is doing; its time begins to run. Asking twice is asking once."""
        if self.process is not None and self.process.poll() is None and self.asked is None:
            self.asked = time.monotonic()
            self.process.terminate()

    def stop(self) -> None:
        """Ask it to end, and kill it and all its own children when it does not."""
        if self.process is None:
            return
        self.ask_to_end()
        if self.asked is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.0, self.asked + STOP_SECONDS - time.monotonic()))
        self._signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        """Reach the whole group: a dead master may have left children behind."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
