"""What a .dmn file says: decisions, and decision tables with their columns, rules and cells."""

from dataclasses import dataclass
from functools import cached_property

from workflows.engine import expressions
from workflows.engine.decisions import cells
from workflows.engine.decisions.cells import CellFault, Test
from workflows.engine.drawing import Fault

ONE_ANSWER = ("UNIQUE", "ANY", "PRIORITY", "FIRST")
"""Hit policies that answer with one result and need a rule, or a default, for all facts."""

SEVERAL_ANSWERS = ("OUTPUT ORDER", "RULE ORDER", "COLLECT")

HIT_POLICIES = ONE_ANSWER + SEVERAL_ANSWERS

AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")


@dataclass(frozen=True)
class Cell:
    """A condition as written, and what it says; `broken` says why it says nothing."""

    id: str
    text: str
    line: int
    test: Test
    broken: str = ""


@dataclass(frozen=True)
class Entry:
    """A result as written: an expression, or nothing."""

    id: str
    text: str
    line: int


@dataclass(frozen=True)
class Input:
    """A column of conditions: the expression whose value its cells test."""

    id: str
    label: str
    expression: str
    type: str
    line: int
    allowed: Cell | None = None
    """The values the fact may have (`inputValues`)."""

    @property
    def title(self) -> str:
        """What people call the column."""
        return self.label or self.expression


@dataclass(frozen=True)
class Output:
    """A column of results."""

    id: str
    name: str
    label: str
    type: str
    line: int
    allowed: Cell | None = None
    """The values the result may have (`outputValues`), in order of falling priority."""
    default: Entry | None = None


@dataclass(frozen=True)
class Rule:
    """One row, counted from 1."""

    number: int
    id: str
    cells: tuple[Cell, ...]
    entries: tuple[Entry, ...]
    annotation: str
    line: int

    @property
    def title(self) -> str:
        """How messages name the rule."""
        return f"第 {self.number} 条规则" + (f"（{self.id}）" if self.id else "")


@dataclass(frozen=True)
class Decision:
    """A decision that has no logic we can evaluate; `faults` says why."""

    id: str
    name: str
    line: int
    requires: tuple["Decision", ...] = ()
    """The decisions whose answers this one reads, under their ids."""
    faults: tuple[Fault, ...] = ()
    """What was wrong already while reading."""

    @property
    def title(self) -> str:
        """What people call the decision."""
        return self.name or self.id


@dataclass(frozen=True)
class LiteralDecision(Decision):
    """A decision that is one expression."""

    expression: str = ""


@dataclass(frozen=True)
class DecisionTable(Decision):
    """A decision table."""

    hit_policy: str = "UNIQUE"
    aggregation: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What conditions read from the case's data besides the facts themselves."""
        tests = [cell.test for rule in self.rules for cell in rule.cells]
        allowed = [*(each.allowed for each in self.inputs), *(each.allowed for each in self.outputs)]
        tests += [cell.test for cell in allowed if cell]
        found = [name for test in tests for name in cells.names_in(test)]
        found += [name for each in self.inputs for name in expressions.names_in(each.expression)]
        return tuple(dict.fromkeys(found))

    def rule(self, number: int) -> Rule:
        """The rule with this number, counted from 1."""
        return self.rules[number - 1]


def cell(cell_id: str, text: str, line: int) -> Cell:
    """A cell read; one that cannot be meant keeps why."""
    text = text.strip()
    try:
        return Cell(cell_id, text, line, cells.parse(text))
    except CellFault as fault:
        return Cell(cell_id, text, line, cells.Expression(text), str(fault))
