"""What is kept and logged of a job's failure. A database's own words may quote personal data, so they are left out."""

import logging
import traceback

from workflows.errors import Refusal


def said_of(error: Exception) -> str:
    """The failure's kind, and a refusal's code."""
    return f"{type(error).__name__}: {error.code}" if isinstance(error, Refusal) else type(error).__name__


def log_failure(logger: logging.Logger, what: str, error: Exception) -> None:
    """Log what failed and where; of a refusal only that it was refused."""
    where = "" if isinstance(error, Refusal) else "\n" + "".join(traceback.format_tb(error.__traceback__))
    logger.warning("%s failed: %s%s", what, said_of(error), where)
