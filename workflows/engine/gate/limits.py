"""How much a bundle may hold, and how its forms and scenarios may be built: nothing that takes time or memory to read.

Drawings and decision tables have limits of their own (drawing.parse_xml); here is what stands beside them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import yaml

from workflows.engine.drawing import Fault
from workflows.engine.gate.intake import MOST_FILES

LARGEST_BUNDLE = 20_000_000
"""Bytes of all files together; those of admission have about 300,000."""
LARGEST_TEXT = 200_000
"""Bytes of a form, a scenario or a note; the largest of admission has about 9,000."""
DEEPEST_DATA = 30
"""Lists and objects inside one another, in a form or a scenario; those of admission have 6."""
MOST_ENTRIES = 20_000
"""Values of one form or scenario."""

_JSON_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]|,')


def faults_of(files: Mapping[str, str]) -> Iterator[Fault]:
    """Every file that is too much to be read at all; when there is one, nothing else need be looked at."""
    if len(files) > MOST_FILES:
        yield Fault("bundle.too_many_files", f"流程包有 {len(files)} 个文件，最多 {MOST_FILES} 个，请删去用不到的")
        return
    sizes = {path: len(text.encode("utf-8", "surrogatepass")) for path, text in files.items()}
    if sum(sizes.values()) > LARGEST_BUNDLE:
        yield Fault("bundle.too_large", f"流程包超过 {LARGEST_BUNDLE // 1_000_000} MB，请删去用不到的文件")
        return
    for path, size in sizes.items():
        if path.endswith((".bpmn", ".dmn")):
            continue
        if size > LARGEST_TEXT:
            yield Fault("bundle.file_too_large", f"文件有 {size} 字节，最多 {LARGEST_TEXT} 字节，请删减", file=path)
        elif path.endswith(".form") and (why := _json(files[path])):
            yield Fault("form.broken", f"表单无法读取：{why}", file=path)
        elif path.endswith(".yaml") and (why := _yaml(files[path])):
            yield Fault("scenario.broken", f"情景无法读取：{why}", file=path)


@lru_cache(maxsize=128)
def _json(text: str) -> str | None:
    depth = entries = 0
    for part in _JSON_PARTS.findall(text):
        if part in "[{":
            depth += 1
        elif part in "]}":
            depth -= 1
        entries += part == ","
        if depth > DEEPEST_DATA or entries > MOST_ENTRIES:
            return _too_much(depth)
    return None


@lru_cache(maxsize=256)
def _yaml(text: str) -> str | None:
    """The file is read as a stream of events; nothing is built of it, least of all what an alias would repeat."""
    depth = entries = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            entries += 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else 1
                return f"第 {line} 行用了锚点或别名（& 或 *），请把内容写出来"
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST_DATA or entries > MOST_ENTRIES:
                return _too_much(depth)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        return f"不是 YAML，请检查第 {mark.line + 1} 行" if mark else f"不是 YAML，请检查：{error}"
    return None


def _too_much(depth: int) -> str:
    if depth > DEEPEST_DATA:
        return f"一层套一层，超过 {DEEPEST_DATA} 层，请减少层次"
    return f"内容超过 {MOST_ENTRIES} 项，请删减"
