"""Acts on a database that others write to as well: whoever finds it busy tries again, as a person would."""

from collections.abc import Callable
from typing import TypeVar

from workflows.errors import Busy

T = TypeVar("T")

TRIES = 20
"""Each waits for the lock as long as the product does, some seconds; a machine that is busier is not to be measured."""


def patiently(act: Callable[[], T]) -> T:
    """What the act answers, once it is not refused as busy; raises Busy when it is to the last."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except Busy:
            continue
    return act()
