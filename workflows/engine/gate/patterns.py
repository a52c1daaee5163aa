"""Patterns of form fields: only those whose matching takes no longer than a few passes over the text."""

import re
from collections.abc import Iterator
from math import prod
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 200
"""Characters; an identity number's has about 60."""
LONGEST_RUN = 4_000
"""Characters a repetition without a bound can take: the longest text of a form."""
MOST_WAYS = LONGEST_RUN**2
"""In how many ways the repetitions of a pattern may share a text among them; each is tried when nothing fits."""

_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)


def fault_in(pattern: str) -> str | None:
    """Why a pattern must not be published; None when it is sound."""
    if len(pattern) > LONGEST_PATTERN:
        return f"格式超过 {LONGEST_PATTERN} 个字符，请缩短"
    try:
        re.compile(pattern)
        parsed = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"不是正则表达式：{error}，请更正"
    repeats = list(_repeats(parsed, inside=False))
    if any(nested for *_, nested in repeats):
        return "重复之中又有不定次数的重复，可能永远算不完，请写明次数，如 {1,3} 之内不要再用 * 或 +"
    if prod(min(most, LONGEST_RUN) - least + 1 for least, most, _ in repeats if most > least) > MOST_WAYS:
        return "不定次数的重复太多，可能很久算不完，请写明次数，如 {4}；不限次数的（*、+）最多一处"
    return None


def _repeats(parsed: Any, *, inside: bool) -> Iterator[tuple[int, int, bool]]:
    """Every repetition: how often at least and at most, and whether it is an uncertain one inside another."""
    for kind, detail in parsed:
        if kind in _REPEATS:
            least, most, inner = detail
            yield int(least), int(most), inside and least != most
            yield from _repeats(inner, inside=inside or most > 1)
        elif kind in (kinds.BRANCH, kinds.GROUPREF) and inside:
            yield 0, 1, True
        else:
            for part in _parts(detail):
                yield from _repeats(part, inside=inside)


def _parts(detail: Any) -> Iterator[Any]:
    if isinstance(detail, parser.SubPattern):
        yield detail
    elif isinstance(detail, tuple | list):
        for each in detail:
            yield from _parts(each)
