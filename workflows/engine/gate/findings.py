"""What an exploration comes across on its way; the first time counts, for it is the shortest way there."""

from dataclasses import dataclass, field

from workflows.engine.gate.net import Spot


class TooLarge(Exception):
    """There are more ways than can be looked at."""


@dataclass(frozen=True)
class Finding:
    """Something wrong at an element, the way there, and what its sentence needs to say."""

    code: str
    spot: Spot
    path: tuple[str, ...]
    told: tuple[str, ...] = ()


@dataclass
class Findings:
    """What was found, and which elements and flows were reached at all."""

    found: dict[tuple[str, str], Finding] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    """Elements that a token came to."""
    passed: set[str] = field(default_factory=set)
    """Elements that a token went on from, events that happened, flows that were taken."""
    entered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The shortest way to each element that was reached."""
    unanswered: int = 0
    """How often a token came to a gateway none of whose branches fits."""
    behind: tuple[str, ...] = ()
    """The way to the state that is looked at now."""

    @property
    def has_doubled(self) -> bool:
        """Whether somewhere a token comes where another is."""
        return any(code == "gate.doubled" for code, _ in self.found)

    def note(self, code: str, spot: Spot, trail: tuple[str, ...], *told: str) -> None:
        """Keep it unless the same was found at the same element before."""
        key = (code, spot.id)
        if key not in self.found:
            self.found[key] = Finding(code, spot, without_repeats((*self.behind, *trail, spot.id)), told)

    def reach(self, spot: Spot, trail: tuple[str, ...]) -> None:
        """A token comes to the spot."""
        if spot.id not in self.reached:
            self.reached.add(spot.id)
            self.entered[spot.id] = without_repeats((*self.behind, *trail, spot.id))


def without_repeats(path: tuple[str, ...]) -> tuple[str, ...]:
    """A way without an element directly after itself."""
    return tuple(each for place, each in enumerate(path) if place == 0 or path[place - 1] != each)
