"""Scarce things over a case's life: what is taken is used or given back, exactly once, before the case ends."""

from workflows.engine.environment import Scarce
from workflows.engine.gate.findings import Findings
from workflows.engine.gate.net import Spot

FREE, TAKEN, USED = 0, 1, 2

Held = tuple[int, ...]
"""For each thing whether the case holds one."""

NOTHING: Held = (FREE,)

_AFTER = {
    ("take", FREE): (TAKEN, ""),
    ("take", TAKEN): (TAKEN, "scarce.taken_twice"),
    ("take", USED): (USED, "scarce.taken_twice"),
    ("use", FREE): (FREE, "scarce.not_taken"),
    ("use", TAKEN): (USED, ""),
    ("use", USED): (USED, "scarce.used_twice"),
    ("give_back", FREE): (FREE, ""),
    ("give_back", TAKEN): (FREE, ""),
    ("give_back", USED): (USED, "scarce.given_back_used"),
}
"""What a case holds after an operation, and what was wrong with it."""


def after(held: Held, things: list[str], what: Scarce, spot: Spot, trail: tuple[str, ...], findings: Findings) -> Held:
    """What the case holds after an operation; a fault is noted."""
    place = things.index(what.thing)
    now, wrong = _AFTER[what.act, held[place]]
    if wrong:
        findings.note(wrong, spot, trail, what.thing)
    return (*held[:place], now, *held[place + 1 :])
