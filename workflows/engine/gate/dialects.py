"""Expressions as other tools write them, and what to write here instead."""

import re

from workflows.engine.gate.bounds import code_of

_SHELL = re.compile(r"[$#]\{\s*(.*?)\s*\}", re.DOTALL)
_STRING = re.compile(r""""[^"]*"|'[^']*'|`[^`]*`""")
_ASSIGNS = re.compile(r"(?<![=!<>])=(?![=>])")
_LASTING = re.compile(r"=\s*duration\(\s*[\"'](\w+)[\"']\s*\)")
_SCRIPT = re.compile(
    r"return\s+[^\s=!<>]|if\s*\(|(execution|process(Instance)?|kcontext|task)\.(get|set)[A-Z]\w*\(|getDataObject\("
)
_MEMBER = '数据写作“步骤标识.栏目”，如 review.outcome == "approve"'
_WORDS = (
    (re.compile(r"&&"), " and "),
    (re.compile(r"\|\|"), " or "),
    (re.compile(r"!(?!=)"), "not "),
    (re.compile(r"\beq\b"), "=="),
    (re.compile(r"\bne\b"), "!="),
    (re.compile(r"\bgt\b"), ">"),
    (re.compile(r"\bge\b"), ">="),
    (re.compile(r"\blt\b"), "<"),
    (re.compile(r"\ble\b"), "<="),
    (re.compile(r"===?"), "=="),
)


def foreign(text: str) -> str | None:
    """What is written in another tool's language, and how to write it here; None for what is not known as such."""
    stripped = text.strip()
    bare = _STRING.sub('""', stripped)
    if found := _SHELL.search(bare):
        inner = _SHELL.search(stripped)
        said = _here(inner.group(1) if inner else found.group(1))
        return f"{found.group(0)[:2]}…}} 是 Camunda、Activiti、Flowable 等工具的写法，请写作 {said}；{_MEMBER}"
    if lasting := _LASTING.fullmatch(stripped):
        return f"这是 Camunda 8（FEEL）的写法，请写作 {lasting.group(1)}"
    if stripped.startswith("="):
        return f"开头的等号是 Camunda 8（FEEL）的写法，请写作 {_here(stripped[1:], feel=True)}；{_MEMBER}"
    if _SCRIPT.match(bare):
        return f"这是脚本（Java、Groovy、JavaScript）的写法，请改写为一个条件；{_MEMBER}"
    if re.match(r"if\b.+\bthen\b", bare, re.DOTALL):
        return "这是 FEEL 的写法，请写作 条件 ? 甲 : 乙"
    if re.search(r"&&|\|\|", bare):
        return f"“并且”写作 and，“或者”写作 or，即 {_here(stripped)}"
    if _ASSIGNS.search(code_of(stripped)):
        return f"比较是否相等写作 ==，即 {_here(stripped, feel=True)}"
    return None


def _here(text: str, *, feel: bool = False) -> str:
    """The expression with its operators as they are written here; strings are left alone."""
    parts, last = [], 0
    for found in _STRING.finditer(text):
        parts += [_operators(text[last : found.start()], feel), found.group(0)]
        last = found.end()
    parts.append(_operators(text[last:], feel))
    return " ".join("".join(parts).split())


def _operators(text: str, feel: bool) -> str:
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    return _ASSIGNS.sub("==", text) if feel else text
