"""The secrets of `tuancheng run`, made once and kept beside the data that they protect."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

MADE_HERE = ("TUANCHENG_SECRET_KEY", "TUANCHENG_DATA_KEY")
"""What must stay the same from one start to the next: signed cookies and encrypted columns hang on it."""

DEMO_PASSWORD = "TUANCHENG_DEMO_PASSWORD"  # noqa: S105 - the name of a setting


def load(folder: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The secrets by setting, from `folder`/secrets.env (mode 0600); what is missing there is made and kept.

    A secret given in the environment wins and is not written down.
    """
    path = folder / "secrets.env"
    kept = _read(path)
    made = {name: secrets.token_hex(32) for name in MADE_HERE if not kept.get(name) and not given.get(name)}
    if not kept.get(DEMO_PASSWORD):
        made[DEMO_PASSWORD] = f"Demo-{secrets.token_hex(4)}"
    if made:
        kept |= made
        _write(path, kept)
    return kept | {name: given[name] for name in (*MADE_HERE, DEMO_PASSWORD) if given.get(name)}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in lines}


def _write(path: Path, content: Mapping[str, str]) -> None:
    """Write beside and rename: a half-written file would cost the key to every identity number."""
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as writable:
        writable.write("# Keep this file with the database: without it identity numbers cannot be read any more.\n")
        writable.writelines(f"{name}={value}\n" for name, value in content.items())
        writable.flush()
        os.fsync(writable.fileno())
    beside.replace(path)
