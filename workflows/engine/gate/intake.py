"""What a file from outside is: its text whatever its encoding, and, when it is no drawing, what it is instead."""

import codecs
import re

from lxml import etree

from workflows.engine.drawing import BPMN, Fault, Unreadable, line_of

MOST_FILES = 200
"""Of one bundle; that of admission has about 60."""

_ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "utf-8-sig",
    "ascii": "utf-8-sig",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
}
"""Encodings a file may declare. Anything else is refused rather than guessed."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")

_BINARIES = (
    (b"PK\x03\x04", "压缩包（如 Visio 的 .vsdx、.docx、.zip）", "请解压，或在原来的工具中导出为 BPMN 2.0 XML"),
    (b"\x1f\x8b", "压缩包（gzip）", "请先解压"),
    (b"%PDF", "PDF 文件", "请在原来的工具中导出为 BPMN 2.0 XML"),
    (b"\x89PNG", "图片", "请在原来的工具中导出为 BPMN 2.0 XML"),
    (b"\xff\xd8\xff", "图片", "请在原来的工具中导出为 BPMN 2.0 XML"),
    (b"\xd0\xcf\x11\xe0", "旧版 Office 或 Visio 文件", "请在原来的工具中导出为 BPMN 2.0 XML"),
)

_EXPORT = "请在原来的工具中选择导出为 BPMN 2.0 XML（.bpmn）；导不出的，只能照着重画"

_ROOTS = (
    ("Package", r"wfmc\.org", "XPDL 文件", _EXPORT),
    ("VisioDocument", "", "Visio 图（VDX）", _EXPORT),
    ("XMI", "", "UML 模型（XMI）", _EXPORT),
    ("Model", r"eclipse\.org/uml2", "UML 模型", _EXPORT),
    ("mxfile", "", "draw.io 图", "draw.io 只画图形，没有流程的含义，请在本系统的编辑器中照着重画"),
    ("mxGraphModel", "", "draw.io 图", "draw.io 只画图形，没有流程的含义，请在本系统的编辑器中照着重画"),
    ("svg", "", "图片（SVG）", "图片里没有流程的含义，请导出 .bpmn 文件"),
    ("html", "", "网页", "可能把下载页面存成了文件，请重新下载 .bpmn 文件"),
    ("pnml", "", "Petri 网（PNML）", "请用 BPMN 重画"),
    ("AML", "", "ARIS 模型（AML）", _EXPORT),
    ("process-definition", "", "jBPM 3 的 jPDL 流程", "请用 BPMN 2.0 重画"),
    ("process", r"bpel", "BPEL 流程", "请用 BPMN 2.0 重画"),
    ("process", r"jbpm\.org/4", "jBPM 4 的 jPDL 流程", "请用 BPMN 2.0 重画"),
    ("BpmnDiagram", "", "BPMN 1.x 图", "BPMN 1.x 没有通用的文件格式，请在原来的工具中另存为 BPMN 2.0"),
    ("definitions", r"omg\.org/spec/DMN", "决策表（DMN）", "请改名为 .dmn，放在流程包里流程图的旁边"),
    ("definitions", r"omg\.org/spec/CMMN", "案例模型（CMMN）", "请用 BPMN 2.0 重画"),
    ("definitions", r"wsdl", "WSDL 文件", "请导出 .bpmn 文件"),
    ("definitions", r"(schema\.omg\.org|/BPMN)", "BPMN 2.0 定稿以前的文件", "请在原来的工具的新版本中另存为 BPMN 2.0"),
)
"""Roots of other files: name, what the namespace contains, what it is called, what to do."""


def text_of(data: bytes, file: str) -> str:
    """The text of a file, by its byte order mark, by what its XML declaration says, or as UTF-8. Raises Unreadable."""
    for head, kind, instead in _BINARIES:
        if data.startswith(head):
            raise Unreadable(Fault("bundle.encoding", f"这是{_named(kind)}，不是流程图：{instead}", file=file))
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or _declared(data, file)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        name = {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}.get(encoding, encoding)
        message = f"文件不是 {name} 编码（第 {error.start} 字节），请另存为 UTF-8"
        raise Unreadable(Fault("bundle.encoding", message, file=file)) from None


def _declared(data: bytes, file: str) -> str:
    found = _DECLARED.match(data[:400])
    name = found.group(1).decode().lower() if found else "utf-8"
    if name not in _ENCODINGS:
        message = f"不支持文件声明的编码 {name[:40]}，请另存为 UTF-8"
        raise Unreadable(Fault("bundle.encoding", message, file=file))
    return _ENCODINGS[name]


def no_drawing(root: etree._Element, file: str) -> Fault:
    """Why an XML file that is not BPMN 2.0 is not, in words for whoever brought it."""
    name = etree.QName(root)
    namespace = name.namespace or ""
    for root_name, pattern, kind, instead in _ROOTS:
        if name.localname == root_name and re.search(pattern, namespace):
            return Fault(
                "bpmn.missing", f"这是{_named(kind)}，不是 BPMN 2.0 流程图：{instead}", line=line_of(root), file=file
            )
    if name.localname == "definitions" and not namespace:
        message = f"不是 BPMN 2.0 文件：definitions 没有写命名空间，应为 {BPMN}"
    else:
        message = f"不是 BPMN 2.0 文件：根元素应为 definitions，现为 {name.localname[:40]}。{_EXPORT}"
    return Fault("bpmn.missing", message, line=line_of(root), file=file)


def no_xml(text: str, broken: Fault) -> Fault:
    """A file that is no XML at all: what it is instead, where that can be told."""
    head = text.lstrip("\ufeff \t\r\n")[:400]
    if head.startswith(("{", "[")):
        kind = "表单（form-js）" if '"components"' in text else "JSON 文件"
        instead = "请放进 forms/ 并改名为 .form" if '"components"' in text else _EXPORT
        return Fault("bpmn.missing", f"这是{_named(kind)}，不是 BPMN 2.0 流程图：{instead}", line=1, file=broken.file)
    if head and not head.startswith("<"):
        return Fault("bpmn.missing", f"这是普通文本，不是 BPMN 2.0 流程图：{_EXPORT}", line=1, file=broken.file)
    return broken


def _named(kind: str) -> str:
    return f" {kind}" if kind[0].isascii() else kind
