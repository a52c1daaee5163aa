"""Rule sets: the thresholds an authority may change, as dated data. A case keeps the rule set it began with.

The data stands in data/rule_sets.yaml and is read and checked once. Every value carries the article it comes from and
how sure it is; durations are ISO 8601 strings (P1M, P30D); all values are JSON, so that a drawing can read them as
`rules.<name>`. How a unit may tighten a value for its subtree stands beside it; who did, in `tightening`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml

from workflows.domain import majorities, strictness
from workflows.domain.strictness import Direction, Rank
from workflows.errors import NotFound


class Confidence(StrEnum):
    """Where a value comes from."""

    RULE = "rule"
    """A published rule."""
    LOCAL = "local"
    """One school's, county's or province's rule: a default that may be changed."""
    SEED = "seed"
    """The notice 内团办发〔2020〕14号."""
    UNVERIFIED = "unverified"
    """A working default; no published text was seen."""
    OWN = "own"
    """This product's own choice; no rule asks for it."""

    @property
    def is_law(self) -> bool:
        """Whether a published text stands behind it; what is not law is never shown as law."""
        return self not in (Confidence.UNVERIFIED, Confidence.OWN)


WITHOUT_ARTICLE = {Confidence.UNVERIFIED: "未核实的默认值", Confidence.OWN: "本产品的默认值（未核实）"}
"""What stands in place of an article where no text was seen."""


@dataclass(frozen=True)
class Parameter:
    """One threshold in one rule set: its value, the article behind it, how sure that is, and how it may be tightened.

    `limit` is the strictest value a unit may go to, None where it may not go anywhere. `words` names values that are
    words, loosest first; `disputes` are the numbers of the disagreements among sources that touch it. `of_plan` marks
    values of the year's plan (ratios, the split of places) that no case keeps.
    """

    name: str
    title: str
    value: Any
    article: str
    confidence: Confidence
    unit: str = ""
    direction: Direction = Direction.FIXED
    limit: Any = None
    words: Mapping[str, str] = field(default_factory=dict)
    disputes: tuple[str, ...] = ()
    of_plan: bool = False

    def rank(self, value: Any) -> Rank:
        """How strict a value would be, the greater the stricter; raises ValueError where it does not fit."""
        if not strictness.comparable(self.direction, value, self.value):
            raise ValueError(f"{value!r} cannot be compared with {self.value!r}")
        return strictness.rank(self.direction, value, list(self.words))

    def can_be_tightened(self) -> bool:
        """Whether there is any stricter value a unit may choose."""
        return self.direction is not Direction.FIXED and self.rank(self.value) < self.rank(self.limit)


@dataclass(frozen=True)
class Dispute:
    """Where sources disagree, and which parameters that touches."""

    number: str
    note: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class RuleSet:
    """All parameters of one preset, and the days of the plans that are worked under it (None: open)."""

    name: str
    title: str
    plans_from: date
    plans_until: date | None
    parameters: dict[str, Parameter]


class DataWrong(ValueError):
    """The data file contradicts itself; the product does not start with it."""


def get(name: str) -> RuleSet:
    """The rule set of this name; raises NotFound."""
    if name not in ALL:
        raise NotFound(what="规则集")
    return ALL[name]


def values(name: str) -> dict[str, Any]:
    """Name and value of every parameter that a case keeps, as its `rules`."""
    return {key: parameter.value for key, parameter in get(name).parameters.items() if not parameter.of_plan}


def for_plan_year(year: int) -> RuleSet:
    """The rule set under which a plan of `year` is worked: what is in force when the year begins.

    Plans older than the oldest set are worked under that, for want of another.
    """
    begins = date(year, 1, 1)
    found = [each for each in ALL.values() if each.plans_from <= begins]
    return found[-1] if found else next(iter(ALL.values()))


def in_words(parameter: Parameter, value: Any) -> str:
    """The value as a Chinese sentence names it: `8 学时`, `1 个月`, `大于应到会有表决权人数的半数`."""
    if value is None:
        return "不限"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return f"{value} {parameter.unit}".strip()
    if value in parameter.words:
        return parameter.words[value]
    if parameter.direction is Direction.SHARE:
        share = majorities.read(value)
        return f"{'大于' if share.more_than else '不少于'}{majorities.in_words(share)}"
    if value[:1] == "P" and value[-1:] in ("D", "M"):
        return f"{value[1:-1]} {'天' if value[-1] == 'D' else '个月'}"
    return str(value)


def read(text: str) -> tuple[dict[str, RuleSet], dict[str, Dispute]]:
    """The rule sets by name, oldest first, and the disputes by number; raises DataWrong with what is wrong where."""
    try:
        content = yaml.load(text, Loader=yaml.CSafeLoader)
        disputes = {
            number: Dispute(number, each["note"], tuple(each["parameters"]))
            for number, each in content["disputes"].items()
        }
        sets = [_read_set(each, content, disputes) for each in content["sets"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataWrong(f"{type(error).__name__}: {error}") from None
    _check_order(sets)
    for dispute in disputes.values():
        if unknown := set(dispute.parameters) - set(content["parameters"]):
            raise DataWrong(f"{dispute.number} names {sorted(unknown)}")
    return {each.name: each for each in sets}, disputes


def _read_set(given: dict[str, Any], content: dict[str, Any], disputes: Mapping[str, Dispute]) -> RuleSet:
    entries = {**content["common"], **given["values"]}
    if set(entries) != set(content["parameters"]):
        raise DataWrong(f"{given['name']}: {sorted(set(entries) ^ set(content['parameters']))} stand in one place only")
    return RuleSet(
        given["name"],
        given["title"],
        given["plans_from"],
        given.get("plans_until"),
        {
            # In the order in which the file names the parameters: a reader finds what belongs together.
            name: _read_parameter(f"{given['name']}.{name}", name, entries[name], described, disputes)
            for name, described in content["parameters"].items()
        },
    )


_OF_AN_ENTRY = {"value", "confidence", "article", "fixed"}
_OF_A_DESCRIPTION = {"title", "unit", "tighten", "to", "words", "of"}


def _read_parameter(
    where: str, name: str, entry: dict[str, Any], described: dict[str, Any], disputes: Mapping[str, Dispute]
) -> Parameter:
    if unknown := (set(entry) - _OF_AN_ENTRY) | (set(described) - _OF_A_DESCRIPTION):
        raise DataWrong(f"{where}: {sorted(unknown)} is not known")
    try:
        confidence = Confidence(entry["confidence"])
        direction = Direction.FIXED if entry.get("fixed") else Direction(described["tighten"])
        article = entry["article"] if confidence.is_law else WITHOUT_ARTICLE[confidence]
        found = Parameter(
            name=name,
            title=described["title"],
            value=entry["value"],
            article=article,
            confidence=confidence,
            unit=described.get("unit", ""),
            direction=direction,
            limit=_limit(direction, described),
            words=described.get("words", {}),
            disputes=tuple(each.number for each in disputes.values() if name in each.parameters),
            of_plan=described.get("of") == "plan",
        )
        _check(found)
    except ValueError as error:
        raise DataWrong(f"{where}: {error}") from None
    return found


def _limit(direction: Direction, described: dict[str, Any]) -> Any:
    """The strictest value there is, or the bound the file sets."""
    match direction:
        case Direction.FIXED:
            return None
        case Direction.ONLY_TRUE | Direction.ONLY_FALSE:
            return direction is Direction.ONLY_TRUE
        case Direction.CHOICE:
            return list(described["words"])[-1]
    return described.get("to")


def _check(parameter: Parameter) -> None:
    no_limit = parameter.value is None and parameter.direction is Direction.AT_MOST
    if not (
        no_limit or isinstance(parameter.value, bool | int) or (isinstance(parameter.value, str) and parameter.value)
    ):
        raise ValueError(f"{parameter.value!r} is no value")
    if parameter.words and parameter.value not in parameter.words:
        raise ValueError(f"{parameter.value!r} is none of {list(parameter.words)}")
    if parameter.direction is Direction.FIXED:
        return
    if parameter.limit is None:
        raise ValueError("what may be tightened needs a bound")
    if parameter.rank(parameter.limit) < parameter.rank(parameter.value):
        raise ValueError(f"the bound {parameter.limit!r} is looser than {parameter.value!r}")


def _check_order(sets: list[RuleSet]) -> None:
    """Each set follows the one before it on the next day, and only the last one is open."""
    if not sets or sets[-1].plans_until is not None:
        raise DataWrong("the last rule set must be open")
    for one, following in pairwise(sets):
        if one.plans_until is None or (following.plans_from - one.plans_until).days != 1:
            raise DataWrong(f"{following.name} does not follow {one.name} on the next day")


ALL, DISPUTES = read(files("workflows.domain").joinpath("data/rule_sets.yaml").read_text("utf-8"))
NMG_2020, CYL_2023 = get("NMG_2020"), get("CYL_2023")

TITLES = {name: parameter.title for name, parameter in CYL_2023.parameters.items()}
"""What a person calls each parameter."""
