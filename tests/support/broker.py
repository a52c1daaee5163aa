"""A broker for the tests that need a real one, in a folder of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks import embedded_broker


@contextmanager
def running(password: str = "") -> Iterator[str]:
    """The address of a broker that is empty at the start and gone at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="tc-broker-") as folder,
        embedded_broker.running(Path(folder), password=password) as url,
    ):
        yield url
