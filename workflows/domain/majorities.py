"""Shares a rule asks for, as exact fractions: more than half of those who should attend, two thirds of the ballots."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Base = Literal["should-attend", "present", "ballots"]

_WRITTEN = re.compile(r"(>=|>)\s*(\d{1,4})/(\d{1,4}) of (should-attend|present|ballots)")


@dataclass(frozen=True)
class Share:
    """How many of a number must be there: at least, or more than, a fraction of the people of the base."""

    fraction: Fraction
    more_than: bool
    base: Base

    def needed(self, people: Mapping[Base, int]) -> int:
        """The smallest whole number of persons that is enough; never less than one."""
        exact = self.fraction * people[self.base]
        rounded_up = -(-exact.numerator // exact.denominator)
        return max(1, rounded_up + 1 if self.more_than and exact == rounded_up else rounded_up)


def read(text: str) -> Share:
    """A share as rule sets write it: `>1/2 of should-attend`, `>=2/3 of ballots`. Raises ValueError otherwise.

    A share of nothing or of more than everybody is no rule either.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or int(found[3]) == 0:
        raise ValueError(f"{text!r} is not a share such as '>1/2 of should-attend'")
    share = Share(Fraction(int(found[2]), int(found[3])), found[1] == ">", _base(found[4]))
    if not 0 < share.fraction <= 1 or (share.fraction == 1 and share.more_than):
        raise ValueError(f"{text!r} can never, or always, be reached")
    return share


def _base(word: str) -> Base:
    bases: dict[str, Base] = {"should-attend": "should-attend", "present": "present", "ballots": "ballots"}
    return bases[word]


_BASES: dict[Base, str] = {
    "should-attend": "应到会有表决权人数",
    "present": "实到会有表决权人数",
    "ballots": "票数",
}


def in_words(share: Share) -> str:
    """The share as minutes say it: 应到会有表决权人数的半数."""
    part = "半数" if share.fraction == Fraction(1, 2) else f"{share.fraction.denominator}分之{share.fraction.numerator}"
    return f"{_BASES[share.base]}的{part}"
