"""How many states the gate looks at: few enough that nobody waits for it. Seconds are not asserted, machines differ."""

import re
from pathlib import Path

import pytest

from tests.engine.gate.shelf import LIBRARY, drawn, faults
from tests.support.drawings import both, boundary, end, flow, later, service, start, timer, user, way, xor
from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.gate import exploring
from workflows.operations.wiring import ENVIRONMENT

ADMISSION = Path(__file__).parents[3] / "bpmn" / "admission"


def inclusive(node: str, default: str = "") -> str:
    return xor(node, default).replace("exclusiveGateway", "inclusiveGateway")


def choice(n: int, before: str) -> tuple[str, str]:
    """A step that may be followed by another one."""
    elements = [user(f"ask_{n}"), xor(f"which_{n}", default=f"on_{n}"), user(f"more_{n}"), xor(f"met_{n}")]
    ways = way(before, f"ask_{n}", f"which_{n}") + flow(f"which_{n}", f"met_{n}", name=f"on_{n}")
    ways += flow(f"which_{n}", f"more_{n}", f'ask_{n}.outcome == "yes"') + way(f"more_{n}", f"met_{n}")
    return "".join(elements) + ways, f"met_{n}"


def side_by_side(n: int, before: str, count: int) -> tuple[str, str]:
    """So many ways of two steps that meet again."""
    ways = way(before, f"split_{n}") + both(f"split_{n}") + both(f"join_{n}")
    for each in range(count):
        first, second = f"way_{n}_{each}", f"way_{n}_{each}_on"
        ways += user(first) + user(second) + way(f"split_{n}", first, second, f"join_{n}")
    return ways, f"join_{n}"


def loop(n: int, before: str) -> tuple[str, str]:
    """A step that is done again after a no, with a reminder."""
    elements = xor(f"again_{n}") + user(f"try_{n}") + xor(f"good_{n}") + xor(f"over_{n}")
    ways = way(before, f"again_{n}", f"try_{n}", f"good_{n}")
    ways += flow(f"good_{n}", f"again_{n}", f'try_{n}.outcome == "no"')
    ways += flow(f"good_{n}", f"over_{n}", f'try_{n}.outcome == "yes"')
    reminder = boundary(f"late_{n}", f"try_{n}", timer("P10D")) + later(service(f"tell_{n}", "shelf.note"))
    return elements + ways + reminder + end(f"told_{n}") + way(f"late_{n}", f"tell_{n}", f"told_{n}"), f"over_{n}"


def of_sixty_nodes(count: int) -> BundleFiles:
    """Choices, ways side by side and loops in turn until there are sixty nodes."""
    elements, before, n = [start(), end()], "begin", 0
    while len(re.findall(r"<bpmn:\w+(?:Task|Gateway|Event) id=", "".join(elements))) < 60:
        n += 1
        block, before = (choice(n, before), side_by_side(n, before, count), loop(n, before))[n % 3]
        elements.append(block)
    return drawn(*elements, way(before, "done"))


@pytest.mark.parametrize("count, most", [(2, 200), (4, 1_000)])
def test_a_drawing_of_sixty_nodes_has_few_states(monkeypatch: pytest.MonkeyPatch, count: int, most: int) -> None:
    monkeypatch.setattr(exploring, "MOST_STATES", most)
    files = of_sixty_nodes(count)
    assert len(files.catalogue().nodes) >= 60
    assert check.faults_in(files, LIBRARY) == []


def test_admission_has_few_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "MOST_STATES", 1_500)
    assert check.faults_in(bundles.read_folder(ADMISSION), ENVIRONMENT) == []


def test_more_ways_than_can_be_looked_at_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "MOST_STATES", 500)
    many = [f"step_{number}" for number in range(9)]
    found = faults(
        start(),
        both("fork"),
        both("join"),
        end(),
        way("begin", "fork"),
        way("join", "done"),
        *(user(each) + way("fork", each, "join") for each in many),
    )
    assert [(each.code, each.element) for each in found] == [("gate.too_large", "tiny")]


def test_reminders_do_not_multiply_the_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "MOST_STATES", 50)
    steps = [f"step_{number}" for number in range(20)]
    found = faults(
        start(),
        end(),
        way("begin", *steps, "done"),
        *(
            user(step)
            + boundary(f"late_{step}", step, timer("P10D"))
            + later(service(f"tell_{step}", "shelf.note"))
            + end(f"told_{step}")
            + way(f"late_{step}", f"tell_{step}", f"told_{step}")
            for step in steps
        ),
    )
    assert found == []


def test_an_inclusive_gateway_with_too_many_ways_is_refused_and_not_worked_out() -> None:
    many = [f"step_{number}" for number in range(24)]
    found = faults(
        start(),
        user("ask"),
        inclusive("fork", default="otherwise"),
        inclusive("join"),
        end(),
        way("begin", "ask", "fork"),
        way("join", "done"),
        flow("fork", "join", name="otherwise"),
        *(user(each) + flow("fork", each, f"len(ask.on) > {n}") + way(each, "join") for n, each in enumerate(many)),
    )
    assert [(each.code, each.element) for each in found] == [("gate.too_large", "tiny")]
