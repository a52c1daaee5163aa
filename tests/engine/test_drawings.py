"""Every tiny drawing of this folder may be published."""

import pytest

from tests.engine.conftest import Office
from tests.support.drawings import DRAWINGS, drawn
from workflows.engine import check

NAMES = sorted({path.relative_to(DRAWINGS).parts[0].removesuffix(".bpmn") for path in DRAWINGS.rglob("*.bpmn")})


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_every_tiny_drawing_is_sound(office: Office) -> None:
    faults = {name: check.faults_in(drawn(name), office.environment) for name in NAMES}
    assert {name: found for name, found in faults.items() if found} == {}
