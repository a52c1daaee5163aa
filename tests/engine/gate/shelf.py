"""The gate over tiny drawings: a lane for every step, a form with yes and no, and a shelf with one book to lend."""

import re
from collections.abc import Sequence

from tests.engine.conftest import SmallOffice
from tests.support.drawings import YES_NO_FORM, bundle, drawing
from workflows.engine import check
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import Fault
from workflows.engine.environment import Call, Environment, Operation, Scarce

BOOK = "书"


def _never_called(_call: Call) -> None:
    raise NotImplementedError


OPERATIONS = [
    Operation("shelf.take", "取", _never_called, (), ("none.left",), scarce=Scarce("take", BOOK)),
    Operation("shelf.read", "读", _never_called, scarce=Scarce("use", BOOK)),
    Operation("shelf.put_back", "还", _never_called, scarce=Scarce("give_back", BOOK)),
    Operation("shelf.lend", "借", _never_called, scarce=Scarce("take", BOOK), results={"state": ("out",)}),
    Operation("shelf.fetch", "收回", _never_called, scarce=Scarce("give_back", BOOK), results={"state": ("back",)}),
    Operation("shelf.note", "记", _never_called),
    Operation("vote.count", "计票", _never_called, results={"result": ("adopted", "rejected")}),
]

LIBRARY = Environment(
    directory=SmallOffice(), operations={operation.name: operation for operation in OPERATIONS}, choices={}
)


def drawn(*elements: str, **files: str) -> BundleFiles:
    """A bundle of these elements in which every step has a post and a form."""
    text = drawing(*elements)
    steps = [*re.findall(r'<bpmn:userTask id="(\w+)"', text), *re.findall(r'name="form" value="(\w+)"', text)]
    lanes = {"书记": re.findall(r'<bpmn:userTask id="(\w+)"', text)}
    forms = dict.fromkeys(steps, YES_NO_FORM)
    return bundle(drawing(*elements, lanes=lanes), **{**forms, **files})


def faults(*elements: str, **files: str) -> list[Fault]:
    """What the check says of a drawing of these elements."""
    return check.faults_in(drawn(*elements, **files), LIBRARY)


def told(found: Sequence[Fault]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Code, element and way of each fault."""
    return [(fault.code, fault.element, fault.path) for fault in found]
