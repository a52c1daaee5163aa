"""What a bundle's files say, whatever their spelling: the same meaning has the same hash and makes no new version.

Line ends, the order and prefixes of XML attributes and names, white space between elements, comments, and the spacing
and key order of JSON and YAML are spelling. Everything else counts, the place of a shape too: whoever reads a drawing
sees that it was moved.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import yaml
from lxml import etree

from workflows.engine.drawing import Unreadable, parse_xml

_QNAMES = frozenset({"{http://www.w3.org/2001/XMLSchema-instance}type", "structureRef", "itemSubjectRef", "typeRef"})
"""Attributes whose value is a name with a prefix of its own."""


def hash_of(files: Mapping[str, str]) -> str:
    """SHA-256 over what the files say, as lower-case hexadecimal; the order of the files does not matter.

    A file that cannot be read as what its name says counts letter by letter: it is not published anyway.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        said = _said(path, files[path].replace("\r\n", "\n"))
        digest.update(f"{path}\0{len(said)}\0".encode() + said)
    return digest.hexdigest()


def _said(path: str, text: str) -> bytes:
    try:
        match path.rpartition(".")[2]:
            case "bpmn" | "dmn":
                return orjson.dumps(_element(parse_xml(text, path)))
            case "form":
                return orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
            case "yaml":
                plain = yaml.load(text, Loader=yaml.CSafeLoader)
                return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except (Unreadable, ValueError, TypeError, yaml.YAMLError):
        pass
    return text.encode()


def _element(element: etree._Element) -> list[Any]:
    attributes = sorted((str(name), _value(element, str(name), str(text))) for name, text in element.items())
    children = [_element(child) for child in element if isinstance(child.tag, str)]
    texts = [element.text, *(child.tail for child in element)]
    return [str(element.tag), attributes, " ".join(part.strip() for part in texts if part and part.strip()), children]


def _value(element: etree._Element, name: str, text: str) -> str:
    prefix, colon, local = text.partition(":")
    if name in _QNAMES and colon and prefix in element.nsmap:
        return f"{{{element.nsmap[prefix]}}}{local}"
    return text
