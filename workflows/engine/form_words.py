"""Words of a form that follow the case: `{rules.quorum}` in a text becomes what the case's rules say."""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workflows.engine.forms import Field, Form

NAMED = re.compile(r"\{(rules\.[a-z][a-z0-9_]*)\}")
"""How a text of a form names a value of the case's rules."""

UNKNOWN = "规定的标准"
"""What stands for a value that the case's rules do not have: it began before there was one."""

_TEXTS = ("label", "description", "rule", "text", "check_message")


def told(form: Form, data: Mapping[str, Any], value_in_words: Callable[[Mapping[str, Any], str], str | None]) -> Form:
    """The form with every value of the rules that its texts name, in words; the form itself where they name none."""
    if not any(NAMED.search(getattr(field, text)) for field in form.fields for text in _TEXTS):
        return form

    def word(found: re.Match[str]) -> str:
        return value_in_words(data, found[1]) or UNKNOWN

    def worded(field: Field) -> Field:
        texts: dict[str, Any] = {text: NAMED.sub(word, getattr(field, text)) for text in _TEXTS}
        return replace(field, **texts)

    own = copy.copy(form)
    own.fields = tuple(worded(field) for field in form.fields)
    return own
