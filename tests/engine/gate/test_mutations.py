"""Two hundred broken variants of the shipped drawings are all named, and none of the harmless ones is refused.

More of them, or others: TUANCHENG_MUTANTS_EACH=100 TUANCHENG_MUTANTS_SEED=7 pytest tests/engine/gate/test_mutations.py
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest

from tests.engine.conftest import Office
from tests.engine.gate.harmless import HARMLESS, Change
from tests.engine.gate.harms import HARMS, Harm, named
from tests.engine.gate.shipped import Shipped, Site, some
from tests.engine.test_drawings import NAMES
from tests.support.drawings import drawn
from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Environment
from workflows.operations.wiring import ENVIRONMENT

ADMISSION = Path(__file__).parents[3] / "bpmn" / "admission"
OF_EACH = int(os.environ.get("TUANCHENG_MUTANTS_EACH", "12"))
HARMLESS_OF_EACH = OF_EACH // 3
SEED = os.environ.get("TUANCHENG_MUTANTS_SEED", "")


@cache
def shipped() -> list[Shipped]:
    """Admission, and the tiny drawings of a single file."""
    admission = bundles.read_folder(ADMISSION)
    needed = {path: text for path, text in admission.files.items() if not path.endswith((".yaml", ".md"))}
    needed |= {
        path: re.sub("<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", text, flags=re.DOTALL)
        for path, text in admission.drawings.items()
    }
    tiny = [Shipped(name, drawn(name), "书记") for name in NAMES if name != "call_activity"]
    return [Shipped("admission", BundleFiles(needed), "团支部书记"), *tiny]


@cache
def _sites_of(sites: Callable[[Shipped], list[Site]]) -> list[tuple[Shipped, Site]]:
    return [(each, site) for each in shipped() for site in sites(each)]


def sites_of(sites: Callable[[Shipped], list[Site]]) -> list[tuple[Shipped, Site]]:
    """Where a change may be made, in all drawings."""
    return list(_sites_of(sites))


@cache
def environment(name: str) -> Environment:
    return ENVIRONMENT if name == "admission" else Office(None, "saved and restored").environment  # type: ignore[arg-type]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.name)
def test_every_broken_variant_is_named(harm: Harm) -> None:
    sites = sites_of(harm.sites)
    assert sites
    for base, site in some(sites, Random(harm.name + SEED), OF_EACH):
        variant = base.copy()
        expected = harm.do(variant, site)
        faults = check.faults_in(variant.changed(), environment(base.name))
        assert named(faults, expected), (base.name, site, expected, faults)
        assert len(faults) <= 4, (base.name, site, faults)


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.name)
def test_no_harmless_variant_is_refused(change: Change) -> None:
    dice = Random(change.name + SEED)
    sites = sites_of(change.sites)
    assert sites
    for base, site in some(sites, dice, HARMLESS_OF_EACH):
        variant = base.copy()
        change.do(variant, site, dice)
        assert check.faults_in(variant.changed(), environment(base.name)) == [], (base.name, site)


def test_there_are_two_hundred_broken_variants() -> None:
    assert sum(min(OF_EACH, len(sites_of(harm.sites))) for harm in HARMS) >= 200


def test_where_the_shapes_are_drawn_does_not_matter() -> None:
    admission = bundles.read_folder(ADMISSION)
    moved = {path: re.sub(r'\bx="\d+"', 'x="7"', text) for path, text in admission.drawings.items()}
    assert moved != admission.drawings
    assert check.faults_in(BundleFiles({**admission.files, **moved}), ENVIRONMENT) == []
