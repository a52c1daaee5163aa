"""What gunicorn writes for each request, without what must not be kept (`--logger-class webapp.access_log.Discreet`).

The address of a public notice is its only lock, so a log that kept it would hand the page to whoever reads the log.
"""

import re
from typing import Any

from gunicorn.glogging import Logger

LINE = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)s ms'
"""Without the query and the page before: a search by name would write minors' names into the log."""

_SECRET = re.compile(r"(?<=/postings/)[^/?\s\"]+")


def discreet(text: str) -> str:
    """The text without the secret part of addresses in it."""
    return _SECRET.sub("***", text)


class Discreet(Logger):
    """Gunicorn's own log, with discreet addresses in every line of access."""

    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """What a line may be made of."""
        found: dict[str, Any] = super().atoms(*args, **kwargs)
        return {name: discreet(value) if isinstance(value, str) else value for name, value in found.items()}
