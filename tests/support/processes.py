"""The product's processes as children of a test: killed at moments of chance, and started again at once."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from webapp.embedded.supervision import Child

LOOK_SECONDS = 0.03

JUST_AFTER_SECONDS = 0.05
"""A kill falls somewhere into so much time after the moment it waits for."""

DEAD_SECONDS = 0.05
"""Until what a killed process was writing is either committed or gone."""


class Part:
    """One of the product's processes with its own children, as `tuancheng run` starts it.

    A `Child` is started by a supervisor that has one thread; this is started by a test that has many.
    """

    def __init__(self, child: Child, environment: Mapping[str, str]) -> None:
        self.name, self.log = child.name, child.log
        self._command, self._environment = child.command, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a process group of its own."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it and all its children at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def kill_child(self, chance: random.Random) -> bool:
        """Kill one of its children, which it has to replace by itself; False when it has none at the moment."""
        children = self._children()
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
        return True

    def _children(self) -> list[int]:
        if self._process is None:
            return []
        pid = self._process.pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []


@dataclass(frozen=True)
class Kill:
    """When the work has come so far, kill the part: the whole of it, or one of its children."""

    at: int
    whole: bool


def plan(chance: random.Random, *, groups: int, single: int, until: int) -> list[Kill]:
    """So many kills of the whole group and of single children; one in each equal part of the work, anywhere in it."""
    times = groups + single
    kinds = [number < groups for number in range(times)]
    chance.shuffle(kinds)
    return [Kill(round((number + chance.random()) * until / times), whole) for number, whole in enumerate(kinds)]


class Killer(threading.Thread):
    """Kills a part whenever the work has come as far as the next of its planned kills."""

    def __init__(
        self,
        part: Part,
        *,
        progress: Callable[[], int],
        kills: Sequence[Kill],
        chance: random.Random,
        after_death: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(name=f"killer of {part.name}", daemon=True)
        self.done: Counter[str] = Counter()
        self._part, self._progress, self._kills = part, progress, kills
        self._chance, self._after_death = chance, after_death
        self._over = threading.Event()

    def run(self) -> None:
        for kill in self._kills:
            while self._progress() < kill.at:
                if self._over.wait(LOOK_SECONDS):
                    return
            time.sleep(self._chance.random() * JUST_AFTER_SECONDS)
            self._strike(kill)

    def give_up(self) -> None:
        """Kill no more."""
        self._over.set()
        self.join()

    def _strike(self, kill: Kill) -> None:
        alone = not kill.whole and self._part.kill_child(self._chance)
        if not alone:
            self._part.kill()
        self.done["child" if alone else "group"] += 1
        time.sleep(DEAD_SECONDS)
        self._after_death()
        if not alone:
            self._part.start()
